"""The fast prediction path: the network that `tagger` runs, arranged so that less is computed.

What depends on a word alone, from its features to its part of the first LSTM's gates, is computed once per word and
kept. Sequences are sorted by length and run in chunks of bounded size, whatever the documents' lengths. It takes the
layers' own weights and fits only our own embedding and encoder on a CPU; anything else takes the plain path.
"""

from collections.abc import Iterator, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d, FloatsXd

from . import torch_fast
from .embedding import embed_words
from .lstm import N_GATES, NEW_CELL
from .output import tag_scores
from .packed import packing_order
from .segments import Segments

# Bounds on what is held at once: about 51 MB and 30 MB at a hidden width of 80.
MAX_WORDS = 20_000
MAX_CHUNK_WORDS = 8_192


def fits(model: Model) -> bool:
    """Whether a tagger's parts are those that the fast path is made for."""
    tok2vec, encode, _ = model.layers
    return tok2vec.name == "word_embedding" and encode.name == "bilstm_encoder" and isinstance(model.ops, NumpyOps)


def predict(model: Model, docs: Sequence[Doc], segments: Segments) -> Floats2d:
    """What the tagger's plain path predicts for words.

    model (Model): A tagger that `fits`.
    docs (Sequence[Doc]): The Docs.
    segments (Segments): How their words form sequences.
    RETURNS (Floats2d): Logits, n_words × n_tags, in the order of `segments.tokens`.
    """
    bilstm, lstm = _recurrent_layers(model)
    (output,) = model.layers[2].layers
    weights = torch_fast.Weights(
        forward=bilstm.get_param("R_forward"),
        backward=bilstm.get_param("R_backward"),
        top_input=lstm.get_param("W_forward"),
        top_recurrent=lstm.get_param("R_forward"),
        top_bias=lstm.get_param("b_forward"),
    )
    orths = np.concatenate([doc.to_array(ORTH) for doc in docs])[segments.tokens]
    scores = np.empty((len(orths), output.get_dim("nO")), dtype="float32")
    for rows, mirrored, batch_sizes in _chunks(segments.lengths):
        words, word_of_row = np.unique(orths[rows], return_inverse=True)
        table, row_of_word = model.attrs["word_gates"](model, docs, words)
        encoded = torch_fast.encode(table, row_of_word[word_of_row], mirrored, batch_sizes.tolist(), weights)
        scores[rows] = tag_scores(encoded, output.get_param("W"), output.get_param("b"))
    return scores


class WordGates:
    """Each word's part of the gates of the bidirectional LSTM: computed once, kept while the weights are the same.

    Words are keyed by the hash of their text. May be shared between threads; bounded; starts empty when it is copied
    or pickled.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._weights: list[FloatsXd] = []
        self._rows: dict[int, int] = {}
        self._table: Floats2d = np.empty((0, 0), dtype="float32")

    def __reduce__(self) -> tuple:
        return (WordGates, ())

    def __call__(
        self, model: Model, docs: Sequence[Doc], words: NDArray[np.uint64]
    ) -> tuple[Floats2d, NDArray[np.int64]]:
        """Look up words, and compute what is missing.

        model (Model): The tagger.
        docs (Sequence[Doc]): Docs whose vocabularies know the words.
        words (NDArray[uint64]): n_words, distinct hashes of the words' text.
        RETURNS (tuple): A table, n_rows × 2 · 4 · hidden; for each word its row, n_words.
        """
        keys = words.tolist()
        with self._lock:
            weights = _samples_of_weights(model)
            if not _equal(weights, self._weights):
                self._weights = [weight.copy() for weight in weights]
                self._rows = {}
            missing = [word for word in keys if word not in self._rows]
            if missing and len(self._rows) + len(missing) > MAX_WORDS:
                self._rows = {}
                missing = keys
            if missing:
                self._append(missing, _word_gates(model, docs, missing))
            # Other threads only add rows to this table, or go on with a new one.
            return self._table, np.array([self._rows[word] for word in keys], dtype="int64")

    def _append(self, words: list[int], gates: Floats2d) -> None:
        n_rows = len(self._rows)
        if n_rows == 0:
            # All at once: memory is only taken for rows that are written, and nothing is ever copied. Not the old
            # table, which other threads may still be reading.
            self._table = np.empty((max(MAX_WORDS, len(words)), gates.shape[1]), dtype="float32")
        self._table[n_rows : n_rows + len(words)] = gates
        self._rows.update(zip(words, range(n_rows, n_rows + len(words)), strict=True))


def _recurrent_layers(model: Model) -> tuple[Model, Model]:
    nodes = {node.name: node for node in model.layers[1].walk()}
    return nodes["bilstm"], nodes["lstm"]


def _chunks(lengths: NDArray[np.int64]) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    """Sequences of similar length, packed: the rows in packed order, each row's mirror image, and the batch sizes."""
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
            yield firsts[members][sequence] + step, mirrored, batch_sizes


def _word_gates(model: Model, docs: Sequence[Doc], words: list[int]) -> Floats2d:
    bilstm, _ = _recurrent_layers(model)
    vectors = embed_words(model.layers[0], docs, words)
    gates = [
        vectors @ bilstm.get_param(f"W_{direction}").T + bilstm.get_param(f"b_{direction}")
        for direction in ("forward", "backward")
    ]
    for part in gates:
        new_cell = np.split(part, N_GATES, axis=1)[NEW_CELL]
        new_cell *= 2  # see torch_fast
    return np.concatenate(gates, axis=1)


def _samples_of_weights(model: Model) -> list[FloatsXd]:
    """A few values of each parameter that the gates depend on. An update, other parameters or a load changes all of
    an LSTM's weights, so these few tell whether anything has changed."""
    bilstm, _ = _recurrent_layers(model)
    samples = []
    for node in (bilstm, *model.layers[0].walk()):
        for name in node.param_names:
            values = node.get_param(name).ravel()
            samples.append(values[:: max(1, values.size // 64)])
    return samples


def _equal(some: list[FloatsXd], others: list[FloatsXd]) -> bool:
    return len(some) == len(others) and all(map(np.array_equal, some, others))
