"""Fast prediction with numpy. It gives the same scores as the layers of the model.

Why it is fast:

1. Most words of a text have occurred before. Values that depend on a single word are computed once
   and cached in a table: its part of the first LSTM's gates, its part of the tag scores, and its
   n-gram scores. For known words, the embedding and the largest matrix product are skipped.
2. All sequences of a batch are computed together, in groups of similar length and without padding.
   Each step of an LSTM takes ten numpy calls for all sequences of a group, over arrays that fit
   into the processor's cache.
3. No product is so large that BLAS starts threads for it, if the LSTMs are at most 73 wide.
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

For a single sentence of 21 known words, about 60 % of the time of `nlp` is spent on the 42 steps of
both LSTMs, and 20 % on decoding. A step takes as long as its ten numpy calls, so it can hardly be
shorter without compiled code.

It supports `WordEmbedding` and `BiLSTMEncoder` on a CPU. With other layers, `tagger` calls the
layers one after the other.
"""

from collections.abc import Sequence
from operator import is_

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d

from ..sequences.packing import Ints, groups_of_similar_length, pack
from ..sequences.words import TagScores, Words
from ..system.forking import SharedCache
from . import lstm, ngrams
from .embedding import prepared, vector_table
from .features import Ids, feature_ids, look_up_words
from .parts import parts

# Words in the table: about 55 MB with a hidden width of 64 and 8 labels
MAX_KNOWN_WORDS = 24_000
# Approximate number of words that are computed together. This limits the memory of a large batch.
PART_WORDS = 32_768
# Maximum number of new words that are computed together, so that their arrays fit into the
# processor's cache
MAX_NEW_WORDS = 1024
# Limits of a group of sequences, so that their gates fit into the processor's cache
MAX_GROUP_SEQUENCES = 96
MAX_GROUP_WORDS = 16_384
# The memory of arrays up to this size is reused. glibc allows no larger size.
REUSED_BYTES = 2**25 - 2**16


def supports(model: Model) -> bool:
    """Return whether this module supports the layers of a tagger."""
    tok2vec, encode, _ = parts(model)
    return (
        tok2vec.name == "word_embedding"
        and encode.name == "bilstm_encoder"
        and isinstance(model.ops, NumpyOps)
    )


def predict(model: Model, docs: Sequence[Doc], words: Words) -> TagScores:
    """Predict the logits of words (at least one) with a tagger that this module `supports`."""
    cache: WordCache = model.attrs["word_cache"]
    part_numbers = words.lengths.cumsum() // PART_WORDS
    (bounds,) = np.diff(part_numbers).nonzero()
    scores = []
    first = 0
    for lengths in np.split(words.lengths, bounds + 1):
        stop = first + int(lengths.sum())
        table, rows = cache.look_up(model, docs, words.orths[first:stop])
        scores.append(_predict(table, rows, lengths))
        first = stop
    return TagScores(words, np.concatenate(scores), table.transitions)


def _predict(table: "WordTable", rows: Ints, lengths: Ints) -> Floats2d:
    """Predict the logits of some sequences.

    rows (NDArray[int64]): The rows of their words in the table.
    lengths (NDArray[int64]): The number of words of each.
    """
    scores = table.scores[rows]
    firsts = lengths.cumsum() - lengths
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        packing = pack(lengths[group], firsts[group])
        lower = lstm.states(table.bilstm, table.gates, rows[packing.rows], packing)
        upper = lstm.predict(table.top, lower, packing)
        encoded = upper
        if table.reads_both:
            encoded = np.concatenate((lower, upper), axis=1)
        scores[packing.rows] += lstm.multiply(encoded, table.encoder_weights)[0]
    if not len(table.ngram_weights.bias):
        return scores
    ngram_scores = ngrams.score(table.ngram_weights, table.ngram_words, rows, lengths)
    return ngrams.mixed_scores(scores, ngram_scores)


class WordTable:
    """The weights of a tagger, prepared for `predict`, and cached values of words.

    A word has the same row in all arrays. The first row is for the edge of a sequence. It is only
    used by the n-grams.
    """

    def __init__(self, model: Model, n_words: int) -> None:
        self._weights = _weights(model)
        tok2vec, encode, output = parts(model)
        self.embed = prepared(tok2vec)
        self.vectors = vector_table(tok2vec)
        bilstm, top = encode.layers
        self.bilstm = lstm.prepare(bilstm)
        self.top = lstm.prepare(top)
        # Whether tag scores are computed from both LSTMs
        self.reads_both = encode.attrs["both_layers"]
        # Output weights for the word vectors and for the encoder, 1 × n_in × n_tags. n_in of the
        # former is 0 if tag scores are not computed from word vectors.
        word_width = tok2vec.get_dim("nO") if model.attrs["words"] else 0
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
        self.row_by_hash: dict[int, int] = {}
        # Empty rows take no memory until they are written.
        # 4 × 2 × n_rows × hidden, the word's part of the gates of the first LSTM
        self.gates = np.empty((n_gates, n_directions, n_rows, hidden), dtype="float32")
        # n_rows × n_tags, the word's part of the tag scores
        self.scores = np.empty((n_rows, len(self.tag_bias)), dtype="float32")
        n_scored_tags = len(self.ngram_weights.bias)
        self.ngram_words = ngrams.WordScores(
            np.empty((ngrams.N_PLACES, n_rows, n_scored_tags), dtype="int16"),
            np.empty((n_rows, ngrams.N_NEIGHBOUR_IDS), dtype="uint64"),
        )
        self._write_ngrams(slice(0, 1), ngrams.edge_ids(self.vectors))

    def is_current(self, model: Model) -> bool:
        """Return whether the weights of the model are still those of the table."""
        return all(map(is_, _weights(model), self._weights))

    @property
    def n_free_rows(self) -> int:
        """Return how many words can be added."""
        return len(self.scores) - 1 - len(self.row_by_hash)

    def add(self, docs: Sequence[Doc], hashes: list[int]) -> None:
        """Add words of the Docs, by the hashes of their text."""
        for first in range(0, len(hashes), MAX_NEW_WORDS):
            part = hashes[first : first + MAX_NEW_WORDS]
            row = 1 + len(self.row_by_hash)
            rows = slice(row, row + len(part))
            words = look_up_words(docs, part)
            ids = feature_ids(words)
            vector_rows = self.vectors.find(ids)
            vectors = self.embed(words, ids, vector_rows)
            self.gates[:, :, rows] = lstm.input_gates(self.bilstm, vectors)
            scored_vectors = vectors[:, : self.word_weights.shape[1]]
            scores = lstm.multiply(scored_vectors, self.word_weights)[0]
            self.scores[rows] = scores + self.tag_bias
            if len(self.ngram_weights.bias):
                self._write_ngrams(rows, ngrams.word_ids(ids, self.vectors, vector_rows))
            self.row_by_hash.update(zip(part, range(row, rows.stop), strict=True))

    def _write_ngrams(self, rows: slice, ids: Ids) -> None:
        scores, neighbour_ids = ngrams.word_scores(self.ngram_weights, ids)
        self.ngram_words.scores[:, rows] = scores
        self.ngram_words.neighbour_ids[rows] = neighbour_ids


class WordCache(SharedCache):
    """The table of known words.

    It is emptied when it is full, and when weights are replaced. An optimizer may also change them
    in place: `clear` must then be called. Threads may share it; copies and pickles of it are empty.
    """

    def clear(self) -> None:
        """Forget all words and weights."""
        super().clear()
        self._table: WordTable | None = None

    def __reduce__(self) -> tuple:
        return (WordCache, ())

    def look_up(
        self, model: Model, docs: Sequence[Doc], orths: NDArray[np.uint64]
    ) -> tuple[WordTable, Ints]:
        """Find words by the hashes of their text, and compute unknown words.

        RETURNS (tuple): The table; n_words, the row of each word in it.
        """
        hashes = orths.tolist()
        # In the order of the text: frequent words come first, so their rows are neighbours.
        distinct = dict.fromkeys(hashes)
        with self.lock:
            table = self._table
            if table is None:
                # Allocate and free a large array. After that, glibc reuses the memory of smaller
                # ones. This is done at the first prediction, because it would make all other code
                # slower if it were done before the pipeline is loaded.
                np.empty(REUSED_BYTES, dtype="uint8")
            if table is None or table.n_free_rows < len(distinct) or not table.is_current(model):
                # A new table, since other threads may be reading the old one
                table = self._table = WordTable(model, max(MAX_KNOWN_WORDS, len(distinct)))
            row_by_hash = table.row_by_hash
            new_hashes = [key for key in distinct if key not in row_by_hash]
            table.add(docs, new_hashes)
            return table, np.array([row_by_hash[key] for key in hashes])


def _weights(model: Model) -> list[object]:
    """Return all arrays and tables that predictions depend on."""
    weights: list[object] = [model.attrs["ngrams"]]
    for node in model.walk():
        weights.append(node.attrs.get("table"))
        weights += map(node.maybe_get_param, node.param_names)
    return weights
