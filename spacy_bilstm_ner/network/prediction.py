"""Fast prediction with numpy. It gives the same scores as the layers of the model.

Why it is fast:

1. Most words of a text have occurred before. Values that depend on a single word are computed once
   and cached in a table: its part of the first LSTM's gates, its part of the tag scores, and its
   n-gram scores. For known words, the embedding and the largest matrix product are skipped.
2. All sequences of a batch are computed together, in groups of similar length and without padding.
   Each step of an LSTM takes ten numpy calls for all sequences of a group, over arrays that fit
   into the processor's cache. For few sequences it takes nine, because the gates of all steps are
   gathered beforehand.
3. No product is so large that BLAS starts threads for it.
4. Rows of the table are in the order in which words occur, so frequent words share pages of memory.
   The memory of large arrays is reused.

Time per word in microseconds, for a stream of single sentences in which 8 % of the words are new.
It was measured with one thread on a busy machine, so only the ratios are meaningful:

    tokenizer and Doc                              2.3
    steps and products of both LSTMs               1.9
    new words: features, gates, n-gram scores      1.3
    entities and confidences                       0.5
    n-gram scores of sentences                     0.3
    decoding                                       0.3
    sentence boundaries                            0.3
    look-up of words                               0.2
    other calls                                    0.3

It supports `WordEmbedding` and `BiLSTMEncoder` on a CPU. With other layers, `tagger` calls the
layers one after the other.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import is_

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d

from ..sequences.packing import groups_of_similar_length, pack
from ..sequences.words import TagScores, Words
from ..system.forking import SharedCache
from . import lstm, ngrams
from .embedding import character_scores, embed_words, vector_table
from .features import Ids, WordFeatures
from .parts import parts
from .vectors import Rows

# Words in the table: about 45 MB with a hidden width of 64
MAX_KNOWN_WORDS = 20_000
# Maximum number of words that are computed together. It limits the memory of a large batch.
MAX_PART_WORDS = 32_768
# Maximum number of new words that are computed together, so that their arrays fit into the
# processor's cache
MAX_NEW_WORDS = 1024
# Limits of a group of sequences, so that their gates fit into the processor's cache
MAX_GROUP_SEQUENCES = 96
MAX_GROUP_WORDS = 16_384
# The memory of arrays up to this size is reused. glibc allows no larger size.
REUSED_BYTES = 2**25 - 2**16
# Number of values of each weight array that are compared to detect changes
N_SAMPLED_VALUES = 8


def fits(model: Model) -> bool:
    """Return whether this module supports the layers of a tagger."""
    tok2vec, encode, _ = parts(model)
    return (
        tok2vec.name == "word_embedding"
        and encode.name == "bilstm_encoder"
        and isinstance(model.ops, NumpyOps)
    )


def predict(model: Model, docs: Sequence[Doc], words: Words) -> TagScores:
    """Predict the logits of words (at least one) with a tagger that `fits`."""
    cache: WordCache = model.attrs["word_gates"]
    ends = words.lengths.cumsum()
    scores = []
    first = first_word = 0
    while first < len(ends):
        limit = ends.searchsorted(first_word + MAX_PART_WORDS, side="right")
        last = max(first + 1, int(limit))
        end = int(ends[last - 1])
        table, rows = cache.look_up(model, docs, words.orths[first_word:end])
        scores.append(_predict(table, rows, words.lengths[first:last]))
        first, first_word = last, end
    return TagScores(words, np.concatenate(scores), table.transitions)


def _predict(table: "WordTable", rows: Rows, lengths: NDArray[np.int64]) -> Floats2d:
    """Predict the logits of some sequences.

    rows (Rows): The rows of their words in the table.
    lengths (NDArray[int64]): The number of words of each.
    """
    scores = table.scores[rows]
    max_sequences = min(MAX_GROUP_SEQUENCES, lstm.max_sequences(table.bilstm))
    firsts = lengths.cumsum() - lengths
    for group in groups_of_similar_length(
        lengths, max_sequences=max_sequences, max_words=MAX_GROUP_WORDS
    ):
        packing = pack(lengths[group], firsts[group])
        lower = lstm.states(table.bilstm, table.gates, rows[packing.rows], packing)
        upper = lstm.predict(table.top, lower, packing)
        encoded = np.concatenate((lower, upper), axis=1) if table.reads_both else upper
        scores[packing.rows] += lstm.multiply(encoded, table.encoder_weights)[0]
    if not len(table.ngram_weights.bias):
        return scores
    ngram_scores = ngrams.score(table.ngram_weights, table.ngrams, rows, lengths)
    return ngrams.mixed_scores(scores, ngram_scores)


class WordTable:
    """The weights of a tagger, prepared for `predict`, and cached values of words.

    A word has the same row in all arrays. The first row is for the edge of a sequence. It is only
    used by the n-grams.
    """

    def __init__(self, model: Model, n_words: int) -> None:
        self.tok2vec, encode, output = parts(model)
        self.vectors = vector_table(self.tok2vec)
        self.character_scores = character_scores(self.tok2vec)
        bilstm, top = encode.layers
        self.bilstm = lstm.prepare(bilstm)
        self.top = lstm.prepare(top)
        # Whether tag scores are computed from both LSTMs
        self.reads_both = encode.attrs["both_layers"]
        # Output weights for the word vectors and for the encoder, 1 × n_in × n_tags. n_in of the
        # former is 0 if tag scores are not computed from word vectors.
        word_width = self.tok2vec.get_dim("nO") if model.attrs["words"] else 0
        weights = np.ascontiguousarray(output.get_param("W").T)[None]
        self.word_weights = weights[:, :word_width]
        self.encoder_weights = weights[:, word_width:]
        self.tag_bias = output.get_param("b").copy()
        self.ngram_weights = model.attrs["ngrams"] or ngrams.NO_WEIGHTS
        # n_tags × n_tags, mixed with those of the n-grams
        self.transitions = output.maybe_get_param("transitions")
        if self.transitions is not None:
            self.transitions = ngrams.mixed_transitions(
                self.transitions, self.ngram_weights.transitions
            )
        n_gates, n_directions, hidden, _ = self.bilstm.recurrent.shape
        n_rows = 1 + n_words
        self.row_of_word: dict[int, int] = {}
        # Empty rows take no memory until they are written.
        # 4 × 2 × n_rows × hidden, the word's part of the gates of the first LSTM
        self.gates = np.empty((n_gates, n_directions, n_rows, hidden), dtype="float32")
        # n_rows × n_tags, the word's part of the tag scores
        self.scores = np.empty((n_rows, len(self.tag_bias)), dtype="float32")
        n_scored_tags = len(self.ngram_weights.bias)
        self.ngrams = ngrams.WordScores(
            np.empty((ngrams.N_PLACES, n_rows, n_scored_tags), dtype="int16"),
            np.empty((n_rows, ngrams.N_IDS), dtype="uint64"),
        )
        self._write_ngrams(slice(0, 1), ngrams.edge_ids(self.vectors))

    def add(self, docs: Sequence[Doc], words: list[int]) -> None:
        """Add words of the Docs, by the hashes of their text."""
        for first in range(0, len(words), MAX_NEW_WORDS):
            part = words[first : first + MAX_NEW_WORDS]
            row = 1 + len(self.row_of_word)
            self._write(slice(row, row + len(part)), WordFeatures.of_hashes(docs, part))
            self.row_of_word.update(zip(part, range(row, row + len(part)), strict=True))

    def _write(self, rows: slice, words: WordFeatures) -> None:
        vector_rows = self.vectors.find(words)
        vectors = embed_words(self.tok2vec, words, vector_rows, self.character_scores)
        self.gates[:, :, rows] = lstm.input_gates(self.bilstm, vectors)
        scored_vectors = vectors[:, : self.word_weights.shape[1]]
        scores = lstm.multiply(scored_vectors, self.word_weights)[0]
        self.scores[rows] = scores + self.tag_bias
        if len(self.ngram_weights.bias):
            cluster_numbers = self.vectors.cluster_numbers(vector_rows)
            self._write_ngrams(rows, ngrams.word_ids(words, cluster_numbers))

    def _write_ngrams(self, rows: slice, ids: Ids) -> None:
        word_scores = ngrams.look_up_words(self.ngram_weights, ids)
        self.ngrams.scores[:, rows] = word_scores.scores
        self.ngrams.ids[rows] = word_scores.ids


class WordCache(SharedCache):
    """The table of known words.

    It is emptied when the weights change and when it is full. Threads may share it; copies and
    pickles of it are empty.
    """

    def clear(self) -> None:
        """Forget all words and weights."""
        super().clear()
        self._snapshot: Snapshot | None = None

    def __reduce__(self) -> tuple:
        return (WordCache, ())

    def look_up(
        self, model: Model, docs: Sequence[Doc], orths: NDArray[np.uint64]
    ) -> tuple[WordTable, Rows]:
        """Find words by the hashes of their text, and compute unknown words.

        RETURNS (tuple): The table; n_words, the row of each word in it.
        """
        words = orths.tolist()
        with self.lock:
            if self._snapshot is None or not self._snapshot.is_current(model):
                self._snapshot = Snapshot(model)
                # glibc reuses the memory of large arrays only after it has freed a larger one.
                np.empty(REUSED_BYTES, dtype="uint8")
                self._table = WordTable(model, MAX_KNOWN_WORDS)
            known = self._table.row_of_word
            rows = list(map(known.get, words))
            if None in rows:
                # In the order of the text: frequent words come first, so their rows are neighbours.
                distinct = list(dict.fromkeys(words))
                unknown = [word for word in distinct if word not in known]
                if len(known) + len(unknown) > MAX_KNOWN_WORDS:
                    unknown = distinct
                    # A new table, since other threads may be reading the old one
                    n_words = max(MAX_KNOWN_WORDS, len(unknown))
                    self._table = WordTable(model, n_words)
                self._table.add(docs, unknown)
                rows = list(map(self._table.row_of_word.get, words))
            # Return the table, since other threads may replace `self._table`.
            return self._table, np.array(rows, dtype="int64")


class Snapshot:
    """The weight arrays of a model, and a sample of the values of each, to detect changes.

    An optimizer changes arrays in place. `use_params` and loading replace them. Both change all
    arrays of a layer, so a sample of values is enough.
    """

    def __init__(self, model: Model) -> None:
        self._getters: list[Callable[[], object]] = []
        self._samples = []
        for node in model.walk():
            for name in node.param_names:
                if node.has_param(name):
                    values = node.get_param(name).ravel()
                    self._samples.append(values[:: max(1, values.size // N_SAMPLED_VALUES)])
                    self._getters.append(partial(node.get_param, name))
            if "table" in node.attrs:
                self._getters.append(partial(node.attrs.get, "table"))
        self._objects = self._current_objects(model)
        self._values = self._current_values()

    def is_current(self, model: Model) -> bool:
        """Return whether the model still has the same layers, and arrays with the same values."""
        has_same_objects = all(map(is_, self._current_objects(model), self._objects))
        return has_same_objects and self._current_values() == self._values

    def _current_objects(self, model: Model) -> list[object]:
        return [*model.layers, model.attrs["ngrams"], *[get() for get in self._getters]]

    def _current_values(self) -> bytes:
        return np.concatenate(self._samples).tobytes()
