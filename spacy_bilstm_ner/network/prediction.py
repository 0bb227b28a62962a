"""The network in prediction, with less to compute than layer by layer.

This is why it is fast:

1. Most words of a text have occurred before. What depends on a word alone is computed once per word
   and stored in a table: its part of the first LSTM's gates, its part of the tag scores, and its
   n-gram scores. A sentence then starts with a look-up, and the embedding and the largest matrix
   product are skipped.
2. All sequences of a batch are computed together, in groups of similar length and without padding.
   Each step of an LSTM is ten numpy calls for all sequences of a group, over arrays that stay in
   the processor's cache.
3. No product is so large that BLAS starts threads for it.

The microseconds of a word in a stream of single sentences, in which 8 of 100 words are new. They
were measured with one thread on a busy machine, so only their ratios count:

    tokenizer and Doc                              7.5
    steps and products of both LSTMs               5.2
    new words: features, gates, n-gram scores      1.6
    entities and confidences                       1.5
    look-up of words                               1.0
    n-gram scores of sentences                     0.9
    decoding                                       0.8
    sentence boundaries                            0.7
    other calls                                    1.0

It reads the weights of the layers and knows only our own embedding and encoder, on a CPU. With
other layers `tagger` computes layer by layer.
"""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import Floats1d, Floats2d, Floats3d, Floats4d

from ..sequences.packing import groups_of_similar_length, pack
from ..sequences.words import Words
from ..system.forking import SharedCache
from . import embedding, lstm, ngrams
from .features import WordFeatures
from .kernel import columns_in_blocks
from .mixture import mixed_scores
from .output import BLOCK_WIDTH, linear_scores
from .parts import parts
from .vectors import Rows

# Words in the table: about 45 MB with a hidden width of 64
MAX_KNOWN_WORDS = 20_000
# Words that are computed together; they bound the memory for a batch of any size.
MAX_PART_WORDS = 32_768
MAX_GROUP_WORDS = 16_384
# The gates of so many sequences stay in the processor's cache.
MAX_GROUP_SEQUENCES = 96
# Values of each weight array that are compared to find out whether it has changed
N_SAMPLED_VALUES = 64


def fits(model: Model) -> bool:
    """Return whether this module can compute what a tagger predicts."""
    tok2vec, encode, _, _ = parts(model)
    return (
        tok2vec.name == "word_embedding"
        and encode.name == "bilstm_encoder"
        and isinstance(model.ops, NumpyOps)
    )


def predict(model: Model, docs: Sequence[Doc], words: Words) -> Floats2d:
    """Predict the logits of words, at least one, with a tagger that `fits`: n_words × n_tags."""
    if len(words) <= MAX_PART_WORDS:
        return _predict(model, docs, words.orths, words.lengths)
    part_of_sequence = np.cumsum(words.lengths) // MAX_PART_WORDS
    cuts = np.flatnonzero(np.diff(part_of_sequence)) + 1
    lengths_by_part = np.split(words.lengths, cuts)
    first = 0
    scores = []
    for lengths in lengths_by_part:
        last = first + int(lengths.sum())
        scores.append(_predict(model, docs, words.orths[first:last], lengths))
        first = last
    return np.concatenate(scores)


def _predict(
    model: Model, docs: Sequence[Doc], orths: NDArray[np.uint64], lengths: NDArray[np.int64]
) -> Floats2d:
    """Predict the logits of some sequences.

    orths (NDArray[uint64]): The hashes of their words.
    lengths (NDArray[int64]): The number of words of each.
    """
    cache: WordCache = model.attrs["word_gates"]
    weights, table, rows = cache.look_up(model, docs, orths)
    scores = table.scores[rows]
    n_tags = scores.shape[1]
    firsts = np.cumsum(lengths) - lengths
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        packing = pack(lengths[group], firsts[group])
        places = packing.rows
        lower = lstm.states(weights.bilstm, table.gates, rows[places], packing)
        upper = lstm.predict(weights.top, lower, packing)
        encoded = np.concatenate((lower, upper), axis=1) if weights.reads_both else upper
        scores[places] += linear_scores(encoded, weights.tag_blocks, n_tags)
    if table.ngrams is None or weights.ngrams is None:
        return scores
    return mixed_scores(scores, ngrams.score(weights.ngrams, table.ngrams, rows, lengths))


class Weights(NamedTuple):
    """The weights of a tagger, prepared for `predict`."""

    embedding: embedding.Prepared
    bilstm: lstm.Prepared
    top: lstm.Prepared
    reads_both: bool  # whether tag scores are computed from both LSTMs
    # Output weights for the encoder and for the words' vectors; the latter without rows if they are
    # not read. For blocks, see `kernel`.
    tag_blocks: Floats3d
    word_tag_blocks: Floats3d
    tag_bias: Floats1d  # n_tags
    ngrams: ngrams.Weights | None


class WordTable(NamedTuple):
    """What depends on a word alone. A word has the same row in all arrays."""

    gates: Floats4d  # 4 × 2 × n_rows × hidden, its part of the gates of the first LSTM
    scores: Floats2d  # n_rows × n_tags, its part of the tag scores
    ngrams: ngrams.WordScores | None


class WordCache(SharedCache):
    """The table of known words, and the weights that it was computed with.

    It is emptied when the weights change and when it is full. Threads may share it; copies and
    pickles of it are empty.
    """

    def clear(self) -> None:
        """Forget all words and weights."""
        super().clear()
        self._snapshot: Snapshot | None = None
        self._weights: Weights | None = None
        self._rows: dict[int, int] = {}
        self._table: WordTable | None = None

    def __reduce__(self) -> tuple:
        return (WordCache, ())

    def look_up(
        self, model: Model, docs: Sequence[Doc], orths: NDArray[np.uint64]
    ) -> tuple[Weights, WordTable, Rows]:
        """Find words by the hashes of their text, and compute unknown words.

        RETURNS (tuple): The weights; the table; n_words, the row of each word in it.
        """
        words = orths.tolist()
        with self.lock:
            weights = self._current_weights(model)
            rows = list(map(self._rows.get, words))
            if None in rows:
                unknown = [word for word, row in zip(words, rows, strict=True) if row is None]
                self._add(docs, words, list(dict.fromkeys(unknown)), weights)
                rows = list(map(self._rows.get, words))
            # Other threads add rows to this table, or replace it by another one.
            assert self._table is not None
            return weights, self._table, np.array(rows, dtype="int64")

    def _current_weights(self, model: Model) -> Weights:
        if self._weights is None or self._snapshot is None or not self._snapshot.is_current(model):
            self._snapshot = Snapshot(model)
            self._weights = _prepare(model)
            self._rows = {}
        return self._weights

    def _add(
        self, docs: Sequence[Doc], words: list[int], unknown: list[int], weights: Weights
    ) -> None:
        if len(self._rows) + len(unknown) > MAX_KNOWN_WORDS:
            self._rows = {}
            unknown = list(dict.fromkeys(words))
        computed = _compute_words(WordFeatures.of_hashes(docs, unknown), weights)
        first = len(self._rows)
        last = first + len(unknown)
        if first == 0 or self._table is None:
            # Not the old table, which other threads may be reading. Rows take memory when they are
            # written.
            self._table = _make_room(computed, max(MAX_KNOWN_WORDS, last))
        self._table.gates[:, :, first:last] = computed.gates
        self._table.scores[first:last] = computed.scores
        if self._table.ngrams is not None and computed.ngrams is not None:
            self._table.ngrams.put(computed.ngrams, first)
        self._rows.update(zip(unknown, range(first, last), strict=True))


def _compute_words(words: WordFeatures, weights: Weights) -> WordTable:
    """Compute what depends on words alone, for at least one word."""
    vector_table = weights.embedding.vectors
    vector_rows = vector_table.find(words)
    vectors = embedding.embed_words(weights.embedding, words, vector_rows)
    gates = lstm.input_gates(weights.bilstm, vectors)
    n_tags = len(weights.tag_bias)
    if weights.word_tag_blocks.shape[1]:
        scores = linear_scores(vectors, weights.word_tag_blocks, n_tags) + weights.tag_bias
    else:
        scores = np.tile(weights.tag_bias, (len(words), 1))
    word_scores = None
    if weights.ngrams is not None:
        clusters = vector_table.cluster_numbers(vector_rows)
        word_scores = ngrams.look_up_words(weights.ngrams, words, clusters)
    return WordTable(gates, scores, word_scores)


def _make_room(words: WordTable, n_rows: int) -> WordTable:
    """Return an empty table of a number of rows, with the widths of these words."""
    n_gates, n_directions, _, hidden = words.gates.shape
    return WordTable(
        np.empty((n_gates, n_directions, n_rows, hidden), dtype="float32"),
        np.empty((n_rows, words.scores.shape[1]), dtype="float32"),
        None if words.ngrams is None else words.ngrams.make_room(n_rows),
    )


class Snapshot:
    """The arrays that a model computes with, and a sample of the values of each.

    An optimizer writes to arrays. Other parameters and loading replace them. Both change all arrays
    of a layer, so a sample is enough to notice it.
    """

    def __init__(self, model: Model) -> None:
        self._layers = list(model.layers)
        self._params: list[tuple[Model, str]] = []
        self._tables: list[tuple[Model, str]] = []
        for node in model.walk():
            self._params += [(node, name) for name in node.param_names if node.has_param(name)]
            self._tables += [(node, name) for name in ("table", "weights") if name in node.attrs]
        self._arrays = self._current_arrays()
        self._samples = []
        for array in self._arrays:
            step = max(1, array.size // N_SAMPLED_VALUES)
            self._samples.append(array.ravel()[::step])
        self._values = np.concatenate(self._samples).tobytes()
        self._table_values = self._current_tables()

    def is_current(self, model: Model) -> bool:
        """Return whether the model still has the same arrays with the same values."""
        return (
            len(model.layers) == len(self._layers)
            and all(map(is_, model.layers, self._layers))
            and all(map(is_, self._current_arrays(), self._arrays))
            and all(map(is_, self._current_tables(), self._table_values))
            and np.concatenate(self._samples).tobytes() == self._values
        )

    def _current_arrays(self) -> list[NDArray]:
        return [node.get_param(name) for node, name in self._params]

    def _current_tables(self) -> list[object]:
        return [node.attrs[name] for node, name in self._tables]


def _prepare(model: Model) -> Weights:
    tok2vec, encode, output, linear = parts(model)
    recurrent = {node.name: node for node in encode.walk()}
    word_width = tok2vec.get_dim("nO") if model.attrs["words"] else 0
    of_words, of_encoder = np.split(output.get_param("W"), [word_width], axis=1)
    return Weights(
        embedding.prepare(tok2vec),
        lstm.prepare(recurrent["bilstm"]),
        lstm.prepare(recurrent["lstm"]),
        reads_both=encode.get_dim("nO") > recurrent["lstm"].get_dim("nO"),
        tag_blocks=columns_in_blocks(of_encoder, BLOCK_WIDTH),
        word_tag_blocks=columns_in_blocks(of_words, BLOCK_WIDTH),
        tag_bias=output.get_param("b").copy(),
        ngrams=None if linear is None else linear.attrs["weights"],
    )
