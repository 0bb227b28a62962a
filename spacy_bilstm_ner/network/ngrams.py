"""A linear tagger with n-gram features.

It has weights for words, parts of words, pairs of neighbours and patterns of three words. It
therefore remembers rare words and phrases, while a network generalizes. Both are trained
separately, since the network would rely on the tagger if they were trained together. The score of a
tag is a weighted mean of both scores. This is a product of experts (Hinton 2002, "Training Products
of Experts by Minimizing Contrastive Divergence").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.strings import hash_string
from spacy.tokens import Doc
from thinc.types import Floats1d, Floats2d

from ..sequences.words import Words
from .features import FEATURES, FORM, SHAPE, Ids, feature_ids, look_up_words
from .ngram_fit import fit_weights
from .stored import Archived, look_up, quantized
from .vectors import Rows, VectorTable

# The first features, form and shape, are also used in pairs of neighbouring words.
N_PAIRED = 2
# Number of hashes of a word: N_PAIRED for its pairs, and one for its patterns
N_NEIGHBOUR_IDS = N_PAIRED + 1
# In patterns, the N_COMMON most frequent words are represented by their form, other words by their
# shape: "said Xxxxx of".
N_COMMON = 200
# Number of words in a pattern
PATTERN_LENGTH = 3
# The form and the clusters of a word are features of all words up to this distance.
REACH = 2
N_PLACES = 2 * REACH + 1
# Padding before the first and after the last word of a sequence
EDGE = hash_string("<edge>")
# Rarer features have no weight.
MIN_COUNT = 3
KEY_BITS = 32
# Weight of the n-grams in the mean. The network has the rest.
NGRAMS_SHARE = 0.5

# Odd multipliers for hashing. The upper half of a product depends on all bits of a hash.
_SEED = np.uint64(0x9E3779B97F4A7C15)
_LEFT = np.uint64(0xD6E8FEB86659FD93)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
_PLACE = np.uint64(0x94D049BB133111EB)

Keys = NDArray[np.uint32]
Int8s = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Weights(Archived):
    """The weights of a linear tagger: tables of small integers, whose rows are found by keys.

    The last row of a table is 0, for unknown keys. For GMB, both tables together have 160,000 rows,
    and take three to four megabytes on disk.
    """

    # Features of single words: n_keys, sorted; (n_keys + 1) × n_tags
    word_keys: Keys
    word_values: Int8s
    # Pairs and patterns: n_keys, sorted; (n_keys + 1) × (PATTERN_LENGTH · n_tags), the weights for
    # each of their words, from left to right. The third word of a pair has zeros.
    neighbour_keys: Keys
    neighbour_values: Int8s
    common: Ids  # hashes of the forms that are part of patterns, sorted
    scale: Floats1d  # n_tags, the factor of each tag's values
    bias: Floats1d  # n_tags
    transitions: Floats2d  # n_tags × n_tags, the score of each step from row to column


_NO_KEYS = np.empty(0, "uint32")
_NO_VALUES = np.zeros((1, 0), "int8")
NO_WEIGHTS = Weights(
    word_keys=_NO_KEYS,
    word_values=_NO_VALUES,
    neighbour_keys=_NO_KEYS,
    neighbour_values=_NO_VALUES,
    common=np.empty(0, "uint64"),
    scale=np.empty(0, "float32"),
    bias=np.empty(0, "float32"),
    transitions=np.empty((0, 0), "float32"),
)


class WordScores(NamedTuple):
    """Scores and hashes of words without context. The first row is for the edge of a sequence."""

    # N_PLACES × (n_words + 1) × n_tags, in units of `Weights.scale`. A word adds scores[REACH] to
    # its own scores, scores[REACH - d] to those of the word d places after it, and
    # scores[REACH + d] to those of the word d places before it.
    scores: NDArray[np.int16]
    # (n_words + 1) × N_NEIGHBOUR_IDS, the hashes of each word for its pairs and for its patterns
    neighbour_ids: Ids


def fit(
    docs: Sequence[Doc],
    words: Words,
    allowed: NDArray[np.bool_],
    *,
    vectors: VectorTable,
    old: Weights,
) -> Weights:
    """Fit weights to annotated words.

    Batches and dropout depend on numpy's global seed.

    allowed (NDArray[bool]): n_words × n_tags, the tags that each word may have.
    old (Weights): The weights of the tags that were fitted before. They are not changed.
    """
    ids, rows = _distinct_words(docs, words, vectors)
    padded, word_places = _pad(rows, words.lengths)
    keys_in_context = _keys_in_context(ids, padded, word_places)
    word_keys, word_rows = _find_frequent(keys_in_context)
    common = old.common
    if not len(common):
        common = _common_forms(ids, rows)
    neighbour_ids = _neighbour_ids(ids, common)
    neighbour_keys, neighbour_rows = _find_frequent(_neighbour_keys(neighbour_ids[padded]))
    # The rows of the matrix of weights: zeros for unknown features, then the features of words,
    # then PATTERN_LENGTH rows for each pair and pattern.
    first_neighbour = 1 + len(word_keys)
    features = [1 + word_rows]
    for place in range(PATTERN_LENGTH):
        # Only patterns have a third place.
        rows_at_place = neighbour_rows if place < 2 else neighbour_rows[:, N_PAIRED:]
        matrix_rows = first_neighbour + PATTERN_LENGTH * rows_at_place + place
        matrix_rows[rows_at_place < 0] = 0
        features.append(matrix_rows[word_places - place])
    old_word_scores = word_scores(old, ids)
    values, bias, transitions = fit_weights(
        np.concatenate(features, axis=1),
        allowed,
        words.per_doc,
        n_rows=first_neighbour + PATTERN_LENGTH * len(neighbour_keys),
        old_scores=score(old, old_word_scores, rows, words.lengths),
        old_transitions=old.transitions,
    )
    integers, scale = quantized(values)
    word_values = integers[1:first_neighbour]
    neighbour_values = integers[first_neighbour:].reshape(-1, PATTERN_LENGTH * len(scale))
    word_table = _add_columns(old.word_keys, old.word_values, word_keys, word_values, n_places=1)
    neighbour_table = _add_columns(
        old.neighbour_keys,
        old.neighbour_values,
        neighbour_keys,
        neighbour_values,
        n_places=PATTERN_LENGTH,
    )
    all_scales = np.concatenate((old.scale, scale))
    all_biases = np.concatenate((old.bias, bias))
    return Weights(*word_table, *neighbour_table, common, all_scales, all_biases, transitions)


def _keys_in_context(ids: Ids, padded: Rows, word_places: Rows) -> Keys:
    """Return the keys of the features of each word and of the words around it, n_words × n."""
    word_keys, context_keys = _word_keys(ids)
    keys = [word_keys[padded[word_places]]]
    for place in range(N_PLACES):
        neighbours = padded[word_places + place - REACH]
        keys.append(context_keys[neighbours, place])
    return np.concatenate(keys, axis=1)


def _common_forms(ids: Ids, rows: Rows) -> Ids:
    """Return the hashes of the most frequent forms, sorted."""
    by_frequency = np.argsort(-np.bincount(rows), kind="stable")
    return np.unique(ids[by_frequency[:N_COMMON], FORM])


def _add_columns(
    old_keys: Keys, old_values: Int8s, keys: Keys, values: Int8s, *, n_places: int
) -> tuple[Keys, Int8s]:
    """Add columns for new tags to a table.

    keys (Keys): n_keys, sorted.
    values (NDArray[int8]): n_keys × (n_places · n_new_tags).
    RETURNS (tuple): The keys and the values of the new table.
    """
    all_keys = np.union1d(old_keys, keys)
    old_rows = look_up(old_keys, old_values, all_keys)
    new_rows = look_up(keys, _pad_rows(values), all_keys)
    old_by_place = np.split(old_rows, n_places, axis=1)
    new_by_place = np.split(new_rows, n_places, axis=1)
    columns: list[Int8s] = []
    for place in range(n_places):
        columns += old_by_place[place], new_by_place[place]
    rows = np.concatenate(columns, axis=1)
    is_used = rows.any(axis=1)
    return all_keys[is_used], _pad_rows(rows[is_used])


def _pad_rows(values: Int8s) -> Int8s:
    """Add the row for unknown keys."""
    return np.pad(values, ((0, 1), (0, 0)))


def word_scores(weights: Weights, ids: Ids) -> WordScores:
    """Compute the scores and hashes of words without context. For the ids, see `word_ids`."""
    word_keys, context_keys = _word_keys(ids)
    n_word_keys = word_keys.shape[1]
    keys = np.concatenate((word_keys, context_keys.reshape(len(ids), -1)), axis=1)
    rows = look_up(weights.word_keys, weights.word_values, keys)
    context_rows = rows[:, n_word_keys:].reshape(*context_keys.shape, rows.shape[2])
    scores = _sum_features(context_rows.swapaxes(0, 1))
    scores[REACH] += _sum_features(rows[:, :n_word_keys])
    return WordScores(scores, _neighbour_ids(ids, weights.common))


def _sum_features(values: Int8s) -> NDArray[np.int16]:
    """Sum … × n_features × n_tags over the features. This is several times as fast as `sum`."""
    total = values[..., 0, :].astype("int16")
    for i in range(1, values.shape[-2]):
        total += values[..., i, :]
    return total


def score_docs(
    weights: Weights, docs: Sequence[Doc], words: Words, vectors: VectorTable
) -> Floats2d:
    """Score every tag for every word of a batch by a sum of weights.

    The features are the word and its parts, the words around it and their clusters, its pairs with
    neighbours, and the patterns of three words that contain it.

    words (Words): At least one word.
    RETURNS (Floats2d): n_words × n_tags.
    """
    ids, rows = _distinct_words(docs, words, vectors)
    return score(weights, word_scores(weights, ids), rows, words.lengths)


def score(weights: Weights, words: WordScores, rows: Rows, lengths: NDArray[np.int64]) -> Floats2d:
    """Score the tags of words in sequences, n_words × n_tags.

    words (WordScores): Scores and hashes of words without context.
    rows (Rows): n_words, at least one: the row of each word in `words`.
    lengths (NDArray[int64]): n_sequences, the number of words of each.
    """
    padded, word_places = _pad(rows, lengths)
    n = len(padded) - 2 * REACH
    total = words.scores[0].take(padded[:n], axis=0, mode="clip")
    for place in range(1, N_PLACES):
        total += words.scores[place].take(padded[place : n + place], axis=0, mode="clip")
    keys = _neighbour_keys(words.neighbour_ids[padded])
    neighbours = look_up(weights.neighbour_keys, weights.neighbour_values, keys)
    neighbour_scores = _sum_features(neighbours)
    n_tags = len(weights.bias)
    for place in range(PATTERN_LENGTH):
        first = REACH - place
        columns = slice(place * n_tags, (place + 1) * n_tags)
        total += neighbour_scores[first : first + n, columns]
    word_totals = total[word_places - REACH]
    return word_totals * weights.scale + weights.bias


def mixed_scores(scores: Floats2d, ngram_scores: Floats2d) -> Floats2d:
    """Combine the scores of the network and of the n-grams.

    The n-grams have no scores for tags that were added later. Such a tag keeps the difference
    between its score and that of the best old tag.

    scores (Floats2d): n_words × n_tags, of the network.
    ngram_scores (Floats2d): n_words × n_old_tags, of the n-grams.
    RETURNS (Floats2d): n_words × n_tags.
    """
    n_old = ngram_scores.shape[1]
    mixture = scores.copy()
    old = mixture[:, :n_old]
    old += NGRAMS_SHARE * (ngram_scores - old)
    if 0 < n_old < scores.shape[1]:
        best = scores[:, :n_old].max(axis=1, keepdims=True)
        mixture[:, n_old:] += old.max(axis=1, keepdims=True) - best
    return mixture


def mixed_transitions(transitions: Floats2d, ngram_transitions: Floats2d) -> Floats2d:
    """Combine the scores of transitions. Those of added tags are the network's.

    transitions (Floats2d): n_tags × n_tags, of the network.
    ngram_transitions (Floats2d): n_old_tags × n_old_tags, of the n-grams.
    """
    n_old = len(ngram_transitions)
    mixture = transitions.copy()
    old = mixture[:n_old, :n_old]
    old += NGRAMS_SHARE * (ngram_transitions - old)
    return mixture


def _distinct_words(docs: Sequence[Doc], words: Words, vectors: VectorTable) -> tuple[Ids, Rows]:
    """Find the distinct words of a batch.

    RETURNS (tuple): Their ids, with a first row for the edge; for each word its row in these.
    """
    orths, indices = np.unique(words.orths, return_inverse=True)
    ids = feature_ids(look_up_words(docs, orths.tolist()))
    ids = word_ids(ids, vectors, vectors.find(ids))
    return np.concatenate((edge_ids(vectors), ids)), indices + 1


def word_ids(ids: Ids, vectors: VectorTable, vector_rows: Rows) -> Ids:
    """Return the features of words and the numbers of their clusters."""
    cluster_numbers = vectors.clusters[vector_rows].astype("uint64")
    return np.concatenate((ids, cluster_numbers), axis=1)


def edge_ids(vectors: VectorTable) -> Ids:
    """Return what `word_ids` would return for the edge of a sequence."""
    n_ids = len(FEATURES) + vectors.clusters.shape[1]
    return np.full((1, n_ids), EDGE, dtype="uint64")


def _pad(rows: Rows, lengths: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Put REACH edges between sequences and at both ends.

    RETURNS (tuple): The rows with edges, which are 0; n_words, the place of each word among them.
    """
    n_edges = REACH * np.arange(1, len(lengths) + 1)
    word_places = n_edges.repeat(lengths)
    word_places += np.arange(len(rows))
    padded = np.zeros(len(rows) + (len(lengths) + 1) * REACH, dtype="int64")
    padded[word_places] = rows
    return padded, word_places


def _word_keys(ids: Ids) -> tuple[Keys, Keys]:
    """Return the keys of the features of words.

    RETURNS (tuple): The keys for the word itself, n_words × n; the keys for the words around it,
        one for each place, n_words × N_PLACES × n.
    """
    n_features = len(FEATURES)
    seeds = np.arange(ids.shape[1], dtype="uint64") * _SEED
    ids = ids + seeds
    # The form of the word itself is included here, at the middle place.
    form_and_clusters = np.concatenate((ids[:, :1], ids[:, n_features:]), axis=1)
    places = np.arange(1, N_PLACES + 1, dtype="uint64") * _PLACE
    context_ids = form_and_clusters[:, None] + places[:, None]
    parts = ids[:, 1:n_features]
    return _hash_keys(parts), _hash_keys(context_ids)


def _neighbour_ids(ids: Ids, common: Ids) -> Ids:
    """Return the hashes for pairs and for patterns: n_words × N_NEIGHBOUR_IDS."""
    forms = ids[:, FORM]
    seeds = np.arange(N_PAIRED, dtype="uint64") * _SEED
    neighbour_ids = np.empty((len(ids), N_NEIGHBOUR_IDS), dtype="uint64")
    neighbour_ids[:, :N_PAIRED] = ids[:, :N_PAIRED] + seeds
    neighbour_ids[:, N_PAIRED] = ids[:, SHAPE]
    if len(common):
        is_common = common.take(common.searchsorted(forms), mode="clip") == forms
        neighbour_ids[is_common, N_PAIRED] = forms[is_common]
    return neighbour_ids


def _neighbour_keys(ids: Ids) -> Keys:
    """Return the keys of pairs with the next word, and of patterns with the next two words.

    RETURNS: (n - 2) × N_NEIGHBOUR_IDS.
    """
    keys = ids[:-2] * _LEFT + ids[1:-1]
    keys[:, N_PAIRED] = keys[:, N_PAIRED] * _LEFT + ids[2:, N_PAIRED]
    return _hash_keys(keys)


def _hash_keys(ids: Ids) -> Keys:
    return (ids * _SPREAD >> np.uint64(KEY_BITS)).astype("uint32")


def _find_frequent(keys: Keys) -> tuple[Keys, Rows]:
    """Find the keys that occur at least MIN_COUNT times.

    RETURNS (tuple): These keys, sorted; the row of each key among them, -1 for rarer keys.
    """
    values, rows, counts = np.unique(keys, return_inverse=True, return_counts=True)
    is_frequent = counts >= MIN_COUNT
    row_of_value = np.cumsum(is_frequent) - 1
    row_of_value[~is_frequent] = -1
    return values[is_frequent], row_of_value[rows].reshape(keys.shape)
