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

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps
from thinc.types import Floats1d, Floats2d, Floats3d, Floats4d

from ..sequences.packing import groups_of_similar_length, pack
from ..sequences.words import TagScores, Words
from ..system.forking import SharedCache
from . import embedding, lstm, ngrams
from .features import WordFeatures
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
# Size of the arrays whose memory is reused. glibc allows no larger one.
REUSED_BYTES = 2**25 - 2**16
# Number of values of each weight array that are compared to detect changes
N_SAMPLED_VALUES = 8


def fits(model: Model) -> bool:
    """Return whether this module supports the layers of a tagger."""
    tok2vec, encode, _, _ = parts(model)
    return (
        tok2vec.name == "word_embedding"
        and encode.name == "bilstm_encoder"
        and isinstance(model.ops, NumpyOps)
    )


def predict(model: Model, docs: Sequence[Doc], words: Words) -> TagScores:
    """Predict the logits of words, at least one, with a tagger that `fits`."""
    cache: WordCache = model.attrs["word_gates"]
    ends = np.cumsum(words.lengths)
    cuts = np.flatnonzero(np.diff(ends // MAX_PART_WORDS)) + 1
    scores = []
    orths_by_part = np.split(words.orths, ends[cuts - 1])
    for orths, lengths in zip(orths_by_part, np.split(words.lengths, cuts), strict=True):
        weights, table, rows = cache.look_up(model, docs, orths)
        scores.append(_predict(weights, table, rows, lengths))
    return TagScores(words, np.concatenate(scores), weights.transitions)


def _predict(
    weights: "Weights", table: "WordTable", rows: Rows, lengths: NDArray[np.int64]
) -> Floats2d:
    """Predict the logits of some sequences.

    rows (Rows): The rows of their words in the table.
    lengths (NDArray[int64]): The number of words of each.
    """
    scores = table.scores[rows]
    max_sequences = min(MAX_GROUP_SEQUENCES, lstm.max_sequences(weights.bilstm))
    firsts = np.cumsum(lengths) - lengths
    for group in groups_of_similar_length(
        lengths, max_sequences=max_sequences, max_words=MAX_GROUP_WORDS
    ):
        packing = pack(lengths[group], firsts[group])
        lower = lstm.states(weights.bilstm, table.gates, rows[packing.rows], packing)
        upper = lstm.predict(weights.top, lower, packing)
        encoded = np.concatenate((lower, upper), axis=1) if weights.reads_both else upper
        scores[packing.rows] += lstm.multiply(encoded, weights.encoder_weights)[0]
    if table.ngrams is None or weights.ngrams is None:
        return scores
    return ngrams.mixed_scores(scores, ngrams.score(weights.ngrams, table.ngrams, rows, lengths))


class Weights(NamedTuple):
    """The weights of a tagger, prepared for `predict`."""

    embedding: embedding.Prepared
    bilstm: lstm.Prepared
    top: lstm.Prepared
    reads_both: bool  # whether tag scores are computed from both LSTMs
    # Output weights for the word vectors and for the encoder, 1 × n_in × n_tags. n_in of the former
    # is 0 if tag scores are not computed from word vectors.
    word_weights: Floats3d
    encoder_weights: Floats3d
    tag_bias: Floats1d  # n_tags
    transitions: Floats2d | None  # n_tags × n_tags, mixed with those of the n-grams
    ngrams: ngrams.Weights | None


class WordTable(NamedTuple):
    """Cached values of words. A word has the same row in all arrays.

    The first row is for the edge of a sequence. It is only used by the n-grams.
    """

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
        self._rows: dict[int, int] = {}

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
            if self._snapshot is None or not self._snapshot.is_current(model):
                self._snapshot = Snapshot(model)
                self._weights = _prepare(model)
                self._make_table(MAX_KNOWN_WORDS)
            rows = list(map(self._rows.get, words))
            if None in rows:
                # In the order of the text: frequent words come first, and stay in the cache.
                unknown = [word for word in dict.fromkeys(words) if word not in self._rows]
                if len(self._rows) + len(unknown) > MAX_KNOWN_WORDS:
                    unknown = list(dict.fromkeys(words))
                    self._make_table(max(MAX_KNOWN_WORDS, len(unknown)))
                self._add_words(docs, unknown)
                rows = list(map(self._rows.get, words))
            # Return the table, since other threads may replace `self._table`.
            return self._weights, self._table, np.array(rows, dtype="int64")

    def _make_table(self, n_words: int) -> None:
        """Make an empty table, since other threads may be reading the old one."""
        weights = self._weights
        n_tags = len(weights.tag_bias)
        n_gates, n_directions, hidden, _ = weights.bilstm.recurrent.shape
        word_scores = None
        if weights.ngrams is not None:
            edge_ids = ngrams.edge_ids(weights.embedding.vectors)
            edge = ngrams.look_up_words(weights.ngrams, edge_ids)
            word_scores = edge.with_room(n_words)
        self._rows = {}
        # Rows take memory when they are written.
        self._table = WordTable(
            np.empty((n_gates, n_directions, n_words + 1, hidden), dtype="float32"),
            np.empty((n_words + 1, n_tags), dtype="float32"),
            word_scores,
        )

    def _add_words(self, docs: Sequence[Doc], orths: list[int]) -> None:
        for first in range(0, len(orths), MAX_NEW_WORDS):
            part = orths[first : first + MAX_NEW_WORDS]
            row = len(self._rows) + 1
            rows = slice(row, row + len(part))
            self._fill_rows(WordFeatures.of_hashes(docs, part), rows)
            self._rows.update(zip(part, range(rows.start, rows.stop), strict=True))

    def _fill_rows(self, words: WordFeatures, rows: slice) -> None:
        """Compute the cached values of words, and write them to rows of the table."""
        weights, table = self._weights, self._table
        vector_table = weights.embedding.vectors
        vector_rows = vector_table.find(words)
        vectors = embedding.embed_words(weights.embedding, words, vector_rows)
        table.gates[:, :, rows] = lstm.input_gates(weights.bilstm, vectors)
        table.scores[rows] = weights.tag_bias
        if weights.word_weights.shape[1]:
            table.scores[rows] += lstm.multiply(vectors, weights.word_weights)[0]
        if weights.ngrams is not None and table.ngrams is not None:
            ids = ngrams.word_ids(words, vector_table.cluster_numbers(vector_rows))
            word_scores = ngrams.look_up_words(weights.ngrams, ids)
            table.ngrams.scores[:, rows] = word_scores.scores
            table.ngrams.ids[rows] = word_scores.ids


class Snapshot:
    """The weight arrays of a model, and a sample of the values of each, to detect changes.

    An optimizer changes arrays in place. `use_params` and loading replace them. Both change all
    arrays of a layer, so a sample of values is enough.
    """

    def __init__(self, model: Model) -> None:
        self._params: list[tuple[Model, str]] = []
        self._tables: list[tuple[Model, str]] = []
        for node in model.walk():
            self._params += [(node, name) for name in node.param_names if node.has_param(name)]
            self._tables += [(node, name) for name in ("table", "weights") if name in node.attrs]
        self._content = self._current_content(model)
        self._samples = []
        for node, name in self._params:
            array = node.get_param(name)
            self._samples.append(array.ravel()[:: max(1, array.size // N_SAMPLED_VALUES)])
        self._values = self._current_values()

    def is_current(self, model: Model) -> bool:
        """Return whether the model still has the same layers, and arrays with the same values."""
        content = self._current_content(model)
        return (
            len(content) == len(self._content)
            and all(map(is_, content, self._content))
            and self._current_values() == self._values
        )

    def _current_content(self, model: Model) -> list[object]:
        content: list[object] = [node.get_param(name) for node, name in self._params]
        content += [node.attrs[name] for node, name in self._tables]
        return content + model.layers

    def _current_values(self) -> bytes:
        return np.concatenate(self._samples).tobytes()


def _prepare(model: Model) -> Weights:
    # glibc reuses the memory of large arrays only after it has freed a larger one.
    np.empty(REUSED_BYTES, dtype="uint8")
    tok2vec, encode, output, ngram_layer = parts(model)
    transitions = output.maybe_get_param("transitions")
    if ngram_layer is not None:
        transitions = ngrams.mixed_transitions(
            transitions, ngram_layer.attrs["weights"].transitions
        )
    bilstm, top = encode.layers
    word_width = tok2vec.get_dim("nO") if model.attrs["words"] else 0
    word_weights, encoder_weights = np.split(output.get_param("W"), [word_width], axis=1)
    return Weights(
        embedding.prepare(tok2vec),
        lstm.prepare(bilstm),
        lstm.prepare(top),
        reads_both=encode.attrs["both_layers"],
        word_weights=word_weights.T[None].copy(),
        encoder_weights=encoder_weights.T[None].copy(),
        tag_bias=output.get_param("b").copy(),
        transitions=transitions,
        ngrams=None if ngram_layer is None else ngram_layer.attrs["weights"],
    )
