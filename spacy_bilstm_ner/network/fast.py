"""The fast prediction path: the network that `tagger` runs, arranged so that less is computed.

What depends on a word alone, from its features to its part of the first LSTM's gates, is computed once per word and
kept. Sequences are sorted by length and run in chunks of bounded size, whatever the documents' lengths. It takes the
layers' own weights and fits only our own embedding and encoder on a CPU; anything else takes the plain path.
"""

from collections.abc import Iterator, Sequence
from operator import is_
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import ArrayXd, Floats1d, Floats2d, FloatsXd

from . import ngrams
from . import numpy_fast
from . import torch_fast
from .embedding import embed_words, sources
from .lstm import N_GATES
from .output import mixed, ngrams_layer, padded_blocks, score_blocks
from .packed import packing_order
from ..words import Segments

# Bounds on what is held at once: about 31 MB and 75 MB at a hidden width of 48.
MAX_WORDS = 20_000
MAX_CHUNK_WORDS = 32_768
# With up to this many sequences at once, numpy's loop over the steps is faster than torch's: with eight, three times.
FEW = 64


def fits(model: Model) -> bool:
    """Whether a tagger's parts are those that the fast path is made for."""
    tok2vec, encode = model.layers[:2]
    return tok2vec.name == "word_embedding" and encode.name == "bilstm_encoder" and isinstance(model.ops, NumpyOps)


def predict(model: Model, docs: Sequence[Doc], segments: Segments) -> Floats2d:
    """What the tagger's plain path predicts for words.

    model (Model): A tagger that `fits`.
    docs (Sequence[Doc]): The Docs.
    segments (Segments): How their words form sequences.
    RETURNS (Floats2d): Logits, n_words × n_tags, in the order of `segments.tokens`.
    """
    w, table, around, row_of_word = model.attrs["word_gates"](model, docs, segments.orths)
    scores = np.empty((len(segments.orths), len(w.tag_bias)), dtype="float32")
    for rows, mirrored, batch_sizes in _chunks(segments.lengths):
        words = row_of_word[rows]
        if batch_sizes[0] <= FEW:
            encoded = numpy_fast.encode(table, words, mirrored, batch_sizes, w.few)
        else:
            encoded = torch_fast.encode(table, words, mirrored, batch_sizes, w.many)
        scores[rows] = score_blocks(encoded, w.tag_blocks, w.tag_bias)
    linear = ngrams_layer(model)
    if linear is None or not len(scores):
        return scores
    return mixed(scores, ngrams.score(linear.attrs["weights"], around, row_of_word, segments.lengths))


class Weights(NamedTuple):
    """A tagger's weights as the fast path needs them.

    word_input (Floats2d): width of a word's vector × 2 · 4 · hidden.
    word_bias (Floats1d): 2 · 4 · hidden.
    few (numpy_fast.Prepared): The recurrent part, for a few sequences.
    many (torch_fast.Prepared): The same for many.
    tag_blocks (list[Floats2d]): See `output.padded_blocks`.
    tag_bias (Floats1d): n_tags.
    """

    word_input: Floats2d
    word_bias: Floats1d
    few: numpy_fast.Prepared
    many: torch_fast.Prepared
    tag_blocks: list[Floats2d]
    tag_bias: Floats1d


class WordGates:
    """Each word's part of the gates of the bidirectional LSTM, and the weights for all that follows: prepared once,
    kept while the weights are the same. Beside them, what its n-grams know of the word, if the tagger has any.

    Words are keyed by the hash of their text. May be shared between threads; bounded; starts empty when it is copied
    or pickled.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._sources: list[ArrayXd] = []
        self._views: list[ArrayXd] = []
        self._samples: list[bytes] = []
        self._weights: Weights | None = None
        self._rows: dict[int, int] = {}
        self._table: Floats2d = np.empty((0, 0), dtype="float32")
        self._around: ngrams.Words | None = None

    def __reduce__(self) -> tuple:
        return (WordGates, ())

    def __call__(
        self, model: Model, docs: Sequence[Doc], words: NDArray[np.uint64]
    ) -> tuple[Weights, Floats2d, ngrams.Words | None, NDArray[np.int64]]:
        """Look up words, and compute what is missing.

        model (Model): The tagger.
        docs (Sequence[Doc]): Docs whose vocabularies know the words.
        words (NDArray[uint64]): n_words, hashes of the words' text.
        RETURNS (tuple): The weights; a table, n_rows × 2 · 4 · hidden; one for n-grams, n_rows, or None; for each
            word its row in both, n_words.
        """
        keys = words.tolist()
        with self._lock:
            weights = self._current_weights(model)
            rows = list(map(self._rows.get, keys))
            if None in rows:
                self._add(model, docs, keys, weights)
                rows = list(map(self._rows.get, keys))
            # Other threads only add rows to these tables, or go on with new ones.
            return weights, self._table, self._around, np.array(rows, dtype="int64")

    def _current_weights(self, model: Model) -> Weights:
        arrays = _sources(model)
        same = len(arrays) == len(self._sources) and all(map(is_, arrays, self._sources))
        # The same arrays may have been written to: an optimizer does.
        if self._weights is None or not same or self._samples != [view.tobytes() for view in self._views]:
            self._sources = arrays
            self._views = [array.ravel()[:: max(1, array.size // 64)] for array in arrays]
            self._samples = [view.tobytes() for view in self._views]
            self._weights = _prepare(model)
            self._rows = {}
        return self._weights

    def _add(self, model: Model, docs: Sequence[Doc], words: list[int], weights: Weights) -> None:
        missing = list(dict.fromkeys(word for word in words if word not in self._rows))
        if len(self._rows) + len(missing) > MAX_WORDS:
            self._rows = {}
            missing = list(dict.fromkeys(words))
        n_rows = len(self._rows)
        end = n_rows + len(missing)
        # They stay in the table: their ids are not needed again.
        feature_ids = model.layers[0].attrs["ids"]
        ids = feature_ids(docs, missing, keep=False)
        gates = embed_words(model.layers[0], ids) @ weights.word_input
        if n_rows == 0:
            # All at once: memory is only taken for rows that are written, and nothing is ever copied. Not the old
            # table, which other threads may still be reading.
            self._table = np.empty((max(MAX_WORDS, end), gates.shape[1]), dtype="float32")
        np.add(gates, weights.word_bias, out=self._table[n_rows:end])
        linear = ngrams_layer(model)
        if linear is not None:
            columns = feature_ids.columns(ngrams.FEATURES)
            ids = linear.attrs["ids"](docs, missing, keep=False) if columns is None else ids[:, columns]
            found = ngrams.look_up_words(linear.attrs["weights"], ids)
            if n_rows == 0 or self._around is None:
                self._around = found.room_for(len(self._table))
            self._around.put(found, n_rows)
        self._rows.update(zip(missing, range(n_rows, end), strict=True))


def _recurrent_layers(model: Model) -> tuple[Model, Model]:
    (layers,) = model.layers[1].layers
    nodes = {node.name: node for node in layers.layers}
    return nodes["bilstm"], nodes["lstm"]


def _chunks(lengths: NDArray[np.int64]) -> Iterator[tuple[NDArray, NDArray, list[int]]]:
    """Sequences of similar length, packed: the rows in packed order, each row's mirror image, and the batch sizes."""
    if len(lengths) == 1:
        rows = np.arange(lengths[0])
        yield rows, rows[::-1].copy(), [1] * len(rows)
        return
    order = np.argsort(-lengths, kind="stable")
    firsts = np.cumsum(lengths) - lengths
    chunk_of = (np.cumsum(lengths[order]) - 1) // MAX_CHUNK_WORDS
    for members in np.split(order, np.flatnonzero(np.diff(chunk_of)) + 1):
        if len(members):
            # Sorted already: packing keeps the order, so that sequence i is members[i].
            _, sequence, batch_sizes = packing_order(lengths[members])
            first_at_step = np.cumsum(batch_sizes) - batch_sizes
            step = np.repeat(np.arange(len(batch_sizes)), batch_sizes)
            mirrored = first_at_step[lengths[members][sequence] - 1 - step] + sequence
            yield firsts[members][sequence] + step, mirrored, batch_sizes.tolist()


def _sources(model: Model) -> list[ArrayXd]:
    """All that predictions depend on. An update, other parameters or a load changes all of an LSTM's weights, so a few
    values of each array tell whether anything has changed."""
    (output,) = model.layers[2].layers
    linear = ngrams_layer(model)
    layers = [(layer, layer.param_names) for layer in _recurrent_layers(model)] + [(output, ("W", "b"))]
    return [
        *(layer.get_param(name) for layer, names in layers for name in names),
        *sources(model.layers[0]),
        *(ngrams.sources(linear) if linear is not None else ()),
    ]


def _prepare(model: Model) -> Weights:
    bilstm, lstm = _recurrent_layers(model)
    (output,) = model.layers[2].layers
    recurrent = {
        "forward": _arrange(bilstm.get_param("R_forward")),
        "backward": _arrange(bilstm.get_param("R_backward")),
        "top_input": _arrange(lstm.get_param("W_forward")),
        "top_recurrent": _arrange(lstm.get_param("R_forward")),
        "top_bias": _arrange(lstm.get_param("b_forward")),
    }
    directions = ("forward", "backward")
    return Weights(
        word_input=np.concatenate([_arrange(bilstm.get_param(f"W_{name}")) for name in directions]).T.copy(),
        word_bias=np.concatenate([_arrange(bilstm.get_param(f"b_{name}")) for name in directions]),
        few=numpy_fast.prepare(**recurrent),
        many=torch_fast.prepare(**recurrent),
        tag_blocks=padded_blocks(output.get_param("W")),
        tag_bias=output.get_param("b").copy(),
    )


def _arrange(gates: FloatsXd) -> FloatsXd:
    """Gates in torch's order → input, forget, output and new cell content, which is doubled: see `numpy_fast` and
    `torch_fast`."""
    into, forget, new, out = np.split(gates, N_GATES)
    return np.concatenate((into, forget, out, 2 * new))
