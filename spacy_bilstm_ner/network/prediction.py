"""The network in prediction, with less to compute than `tagger` has while training.

What depends on a word alone, from its features to its part of the first LSTM's gates, is computed once per word and
kept. Sequences of similar length run together, in groups of bounded size. It reads the layers' own weights, and knows
only our own embedding and encoder on a CPU: with anything else, `tagger` computes layer by layer.
"""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import ArrayXd, Floats1d, Floats2d, Floats3d

from ..sequences.packing import groups_of_similar_length, pack
from ..sequences.words import Words
from ..system.forking import SharedCache
from . import lstm, ngrams
from .embedding import FeatureIds, embed_words, sources, vector_table
from .kernel import N_GATES, columns_in_blocks
from .mixture import mixed_scores
from .output import BLOCK_WIDTH, linear_scores
from .parts import parts

# Bounds on what is held at once: about 31 MB and 25 MB at a hidden width of 48.
MAX_KNOWN_WORDS = 20_000
MAX_GROUP_WORDS = 16_384
# Words of a batch that are computed together; with them, all that is held for words while it is computed.
MAX_PART_WORDS = 32_768
# More sequences at once no longer fit into the processor's cache.
MAX_GROUP_SEQUENCES = 192
# How many values of each array are compared to see whether it has changed.
N_SAMPLED_VALUES = 64


def fits(model: Model) -> bool:
    """Whether a tagger's parts are those that this file is made for."""
    tok2vec, encode, _, _ = parts(model)
    return (
        tok2vec.name == "word_embedding"
        and encode.name == "bilstm_encoder"
        and isinstance(model.ops, NumpyOps)
    )


def predict(model: Model, docs: Sequence[Doc], words: Words) -> Floats2d:
    """What a tagger that `fits` predicts for Docs' words, at least one: logits, n_words × n_tags."""
    cuts = np.flatnonzero(np.diff(np.cumsum(words.lengths) // MAX_PART_WORDS)) + 1
    lengths = np.split(words.lengths, cuts)
    orths = np.split(words.orths, np.cumsum([n.sum() for n in lengths])[:-1])
    return np.concatenate(
        [_predict(model, docs, *part) for part in zip(orths, lengths, strict=True)]
    )


def _predict(
    model: Model, docs: Sequence[Doc], orths: NDArray[np.uint64], lengths: NDArray[np.int64]
) -> Floats2d:
    """The same for some sequences: their words' hashes, and the number of words of each."""
    w, known, rows = word_gates(model).look_up(model, docs, orths)
    scores = known.scores[rows]
    both_layers = w.tag_blocks.shape[1] > w.top.bias.shape[1]
    firsts = np.cumsum(lengths) - lengths
    # Row 2i of this view is word i as it is read forwards, row 2i + 1 backwards.
    gates_of = known.gates.reshape(2 * len(known.gates), N_GATES, -1)
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        n = lengths[group]
        packing = pack(n)
        # The group's sequences are sorted already: sequence i of the packing is its i-th.
        step = packing.rows - (np.cumsum(n) - n)[packing.sequence]
        places = firsts[group][packing.sequence] + step
        forward = 2 * rows[places]
        gates = gates_of.take((forward, forward[packing.mirrored] + 1), axis=0)
        both = lstm.states(w.bilstm, gates, packing)
        encoded = lstm.predict(w.top, both, packing)
        if both_layers:
            encoded = np.concatenate((both, encoded), axis=1)
        scores[places] += linear_scores(encoded, w.tag_blocks, scores.shape[1])
    linear = parts(model).ngrams
    if linear is None or known.ngrams is None:
        return scores
    return mixed_scores(scores, ngrams.score(linear.attrs["weights"], known.ngrams, rows, lengths))


class Weights(NamedTuple):
    """A tagger's weights as `predict` needs them; blocks are as `products` takes them."""

    bilstm: lstm.Prepared
    top: lstm.Prepared
    tag_blocks: Floats3d  # the output layer's weights for the encoder's output, in blocks
    word_tag_blocks: (
        Floats3d  # its weights for the words' vectors, in blocks; no rows if it does not read them
    )
    tag_bias: Floats1d  # n_tags


class KnownWords(NamedTuple):
    """Tables of what depends on a word alone, a row for each."""

    gates: Floats3d  # its part of the first LSTM's gates, n_rows × 2 · 4 × hidden
    scores: Floats2d  # its part of the tag scores, n_rows × n_tags
    ngrams: ngrams.WordScores | None  # what n-grams know of it, if the tagger has any


class WordGates(SharedCache):
    """What depends on a word alone, found by the hash of its text, and the weights for all that follows: prepared once,
    kept while the weights are the same. May be shared between threads; bounded; starts empty when it is copied or
    pickled."""

    def clear(self) -> None:
        """Forget all words and weights."""
        super().clear()
        self._sources: list[ArrayXd] = []
        self._views: list[ArrayXd] = []
        self._samples: list[bytes] = []
        self._weights: Weights | None = None
        self._rows: dict[int, int] = {}
        self._known: KnownWords | None = None

    def __reduce__(self) -> tuple:
        return (WordGates, ())

    def look_up(
        self, model: Model, docs: Sequence[Doc], words: NDArray[np.uint64]
    ) -> tuple[Weights, KnownWords, NDArray[np.int64]]:
        """Look up words by the hashes of their text, and compute what is missing.

        RETURNS (tuple): The weights; tables of words; for each word its row in these, n_words.
        """
        keys = words.tolist()
        with self.lock:
            weights = self._current_weights(model)
            rows = list(map(self._rows.get, keys))
            if None in rows:
                self._add(model, docs, keys, weights)
                rows = list(map(self._rows.get, keys))
            # Other threads only add rows to these tables, or go on with new ones.
            assert self._known is not None
            return weights, self._known, np.array(rows, dtype="int64")

    def _current_weights(self, model: Model) -> Weights:
        arrays = _sources(model)
        same = len(arrays) == len(self._sources) and all(map(is_, arrays, self._sources))
        # The same arrays may have been written to: an optimizer does.
        if (
            self._weights is None
            or not same
            or self._samples != [view.tobytes() for view in self._views]
        ):
            self._sources = arrays
            self._views = [
                array.ravel()[:: max(1, array.size // N_SAMPLED_VALUES)] for array in arrays
            ]
            self._samples = [view.tobytes() for view in self._views]
            self._weights = _prepare(model)
            self._rows = {}
        return self._weights

    def _add(self, model: Model, docs: Sequence[Doc], words: list[int], weights: Weights) -> None:
        missing = list(dict.fromkeys(word for word in words if word not in self._rows))
        if len(self._rows) + len(missing) > MAX_KNOWN_WORDS:
            self._rows = {}
            missing = list(dict.fromkeys(words))
        start, end = len(self._rows), len(self._rows) + len(missing)
        # They stay in the table: their ids are not needed again.
        tok2vec, _, _, linear = parts(model)
        feature_ids: FeatureIds = tok2vec.attrs["ids"]
        ids = feature_ids(docs, missing, keep=False)
        vectors = embed_words(tok2vec, ids)
        gates = lstm.input_gates(weights.bilstm, vectors)
        read = vectors[:, : weights.word_tag_blocks.shape[1]]
        scores = (
            linear_scores(read, weights.word_tag_blocks, len(weights.tag_bias)) + weights.tag_bias
        )
        found = None
        if linear is not None:
            columns = feature_ids.columns(ngrams.FEATURES)
            ids = (
                linear.attrs["ids"](docs, missing, keep=False)
                if columns is None
                else ids[:, columns]
            )
            found = ngrams.look_up_words(linear.attrs["weights"], ids, vector_table(tok2vec))
        if start == 0 or self._known is None:
            # All at once: memory is only taken for rows that are written, and nothing is ever copied. Not the old
            # tables, which other threads may still be reading.
            size = max(MAX_KNOWN_WORDS, end)
            tables = [
                np.empty((size, *part.shape[1:]), dtype="float32") for part in (gates, scores)
            ]
            self._known = KnownWords(tables[0], tables[1], found and found.room_for(size))
        known = self._known
        known.gates[start:end], known.scores[start:end] = gates, scores
        if known.ngrams is not None and found is not None:
            known.ngrams.put(found, start)
        self._rows.update(zip(missing, range(start, end), strict=True))


def word_gates(model: Model) -> WordGates:
    """Return what a tagger keeps of the words that it has seen."""
    return model.attrs["word_gates"]


def _recurrent_layers(model: Model) -> tuple[Model, Model]:
    nodes = {node.name: node for node in parts(model).encode.walk()}
    return nodes["bilstm"], nodes["lstm"]


def _sources(model: Model) -> list[ArrayXd]:
    """All that predictions depend on. An update, other parameters or a load changes all of an LSTM's weights, so a few
    values of each array tell whether anything has changed."""
    tok2vec, _, output, linear = parts(model)
    layers = [(layer, layer.param_names) for layer in _recurrent_layers(model)] + [
        (output, ("W", "b"))
    ]
    return [
        *(layer.get_param(name) for layer, names in layers for name in names),
        *sources(tok2vec),
        *(ngrams.sources(linear) if linear is not None else ()),
    ]


def _prepare(model: Model) -> Weights:
    tok2vec, _, output, _ = parts(model)
    bilstm, top = _recurrent_layers(model)
    word_width = tok2vec.get_dim("nO") if model.attrs["words"] else 0
    of_words, of_encoder = np.split(output.get_param("W"), [word_width], axis=1)
    return Weights(
        lstm.prepared(bilstm),
        lstm.prepared(top),
        tag_blocks=columns_in_blocks(of_encoder, BLOCK_WIDTH),
        word_tag_blocks=columns_in_blocks(of_words, BLOCK_WIDTH),
        tag_bias=output.get_param("b").copy(),
    )
