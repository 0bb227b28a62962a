"""A linear tagger of words in their neighbourhood: what stands around a word, looked up instead of computed.

A weight for each word, each part of a word, each pair of neighbours and each pattern of three words remembers what a
network smooths away. Both are trained by themselves, since together one would lean on the other, and multiplied in
prediction (a product of experts; Hinton 2002, "Training Products of Experts by Minimizing Contrastive Divergence"): see
`mixture`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.strings import hash_string
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import ArrayXd, Floats2d

from ..sequences.words import Words
from .embedding import FeatureIds
from .ngram_fit import fit_weights
from .stored import (
    Archived,
    pack_keys,
    quantized,
    read_arrays,
    require,
    require_shape,
    unpack_keys,
    write_arrays,
)
from .vectors import VectorTable

# What is known of a word, besides the clusters that its static vector is in. Of the first ones, form and shape, its
# neighbours' pairs are known, too.
FEATURES = ("form", "shape", "lower", "prefix3", "suffix3", "suffix2")
N_PAIRED = 2
# What its vector is found by
FORM, LOWER = FEATURES.index("form"), FEATURES.index("lower")
# Patterns are of three words. The most frequent words, so many, stand there in their form, the others in their shape:
# "said Xxxxx of".
N_COMMON = 200
N_NEIGHBOURS = 3
# A word's form and clusters count for the words up to this many before and behind it.
REACH = 2
N_PLACES = 2 * REACH + 1
# What stands before the first and behind the last word of a sequence.
EDGE = hash_string("<edge>")
# Rarer ones tell too little.
MIN_COUNT = 3
KEY_BITS = 32

# Odd numbers: multiplied by them, all bits of a hash reach its upper half.
_SEED, _LEFT, _SPREAD, _PLACE = (
    np.uint64(n)
    for n in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)

Ids = NDArray[np.uint64]
Keys = NDArray[np.uint32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of small whole numbers, found by keys."""

    keys: Keys  # n_keys, sorted
    # n_keys + 1 × width. The last row, which all unknown keys have, is 0.
    values: NDArray[np.int8]

    @cached_property
    def _index(self) -> tuple[np.uint32, Rows, Keys]:
        """How far a key is shifted to leave its upper bits; by these, the first row that it can have; and the keys,
        with a last one that ends every search."""
        n_bits = max(1, len(self.keys).bit_length())
        shift = np.uint32(KEY_BITS - n_bits)
        first = np.searchsorted(self.keys, np.arange(1 << n_bits, dtype="uint32") << shift)
        return shift, first, np.append(self.keys, np.uint32(0xFFFFFFFF))

    def find(self, keys: Keys) -> Rows:
        """The rows of keys, in the same shape; -1 for unknown ones. Keys are spread evenly: by their upper bits they
        are found after one or two steps, several times as fast as by halving."""
        shift, first, known = self._index
        wanted = keys.ravel()
        rows = first[wanted >> shift]
        behind = np.flatnonzero(known[rows] < wanted)
        while len(behind):
            rows[behind] += 1
            behind = behind[known[rows[behind]] < wanted[behind]]
        rows[(known[rows] != wanted) | (rows == len(self.keys))] = -1
        return rows.reshape(keys.shape)


_TABLES, _OF_TAGS = ("words", "neighbours"), ("scale", "bias", "transitions")
# As they are stored
_DTYPES = {
    **dict.fromkeys(("words_keys", "neighbours_keys"), "u1"),
    **dict.fromkeys(("words_values", "neighbours_values"), "i1"),
    **dict.fromkeys(_OF_TAGS, "<f4"),
    "common": "<u8",
}


@dataclass(frozen=True, eq=False)
class Weights(Archived):
    """The weights of a linear tagger: some 160,000 rows, three to four megabytes when they are stored."""

    words: Table  # n_tags for what is known of words
    # N_NEIGHBOURS · n_tags for what is known of pairs and patterns: their words', from left to right. After a pair's
    # two stand zeros.
    neighbours: Table
    common: Ids  # hashes of the forms that stand in patterns
    scale: NDArray[np.float32]  # n_tags, the factor of each tag's values
    bias: NDArray[np.float32]  # n_tags
    transitions: NDArray[np.float32]  # n_tags × n_tags, the score of each step from row to column

    def to_bytes(self) -> bytes:
        parts: dict[str, NDArray] = {}
        for name in _TABLES:
            table = getattr(self, name)
            parts[f"{name}_keys"] = pack_keys(table.keys)
            # Column by column: a tag's values are like each other.
            parts[f"{name}_values"] = np.ascontiguousarray(table.values.T)
        for name in _OF_TAGS:
            parts[name] = getattr(self, name).astype("<f4")
        return write_arrays(**parts, common=self.common.astype("<u8"))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Weights":
        """RAISES ValueError: If the weights are not whole."""
        parts = read_arrays(data, _DTYPES)
        n_tags = parts["bias"].size
        tables: dict[str, Table] = {}
        for name, width in zip(_TABLES, (n_tags, N_NEIGHBOURS * n_tags), strict=True):
            keys = unpack_keys(f"n-grams' {name}.keys", parts[f"{name}_keys"])
            values = np.ascontiguousarray(parts[f"{name}_values"].T)
            require_shape(f"n-grams' {name}.values", values, len(keys) + 1, width)
            require(not values[-1].any(), f"n-grams' {name}.values must end with a row of zeros")
            tables[name] = Table(keys, values)
        of_tags = {name: parts[name].astype("float32") for name in _OF_TAGS}
        for name, numbers in of_tags.items():
            require_shape(
                f"n-grams' {name}",
                numbers,
                *((n_tags, n_tags) if name == "transitions" else (n_tags,)),
            )
            require(np.isfinite(numbers).all(), f"n-grams' {name} must be finite")
        common = parts["common"].ravel().astype("uint64")
        return cls(tables["words"], tables["neighbours"], common, **of_tags)


_NO_TABLE = Table(np.empty(0, "uint32"), np.zeros((1, 0), "int8"))
_NO_FLOATS = np.empty(0, "float32")
NO_WEIGHTS = Weights(
    _NO_TABLE, _NO_TABLE, np.empty(0, "uint64"), _NO_FLOATS, _NO_FLOATS, np.empty((0, 0), "float32")
)


class WordScores(NamedTuple):
    """What depends on words alone. The last row is the edge's."""

    # n_words + 1 × N_PLACES × n_tags, in units of the weights' scale: what a word adds for the words REACH behind it,
    # …, for itself, …, for the words REACH before it.
    scores: NDArray[np.int16]
    ids: Ids  # n_words + 1 × (N_PAIRED + 1), hashes for its pairs and for its patterns

    def room_for(self, n_words: int) -> "WordScores":
        """A table for so many words, with nothing in it."""
        return WordScores(*(np.empty((n_words + 1, *part.shape[1:]), part.dtype) for part in self))

    def put(self, words: "WordScores", first: int) -> None:
        """Write words' rows, from a row on, and the edge's."""
        end = first + len(words.ids) - 1
        self.scores[first:end], self.scores[-1] = words.scores[:-1], words.scores[-1]
        self.ids[first:end], self.ids[-1] = words.ids[:-1], words.ids[-1]


def NGrams() -> Model[tuple[list[Doc], Words, VectorTable], Floats2d]:
    """Score every tag for every word, at least one, by the sum of the weights of what stands there: the word, parts of
    it, the words around it, the clusters of these, the pairs that it forms with its neighbours, and the patterns of
    three that it is in. Not trained with other layers, but fitted: see `fit`."""
    return Model("ngrams", _forward, attrs={"weights": NO_WEIGHTS, "ids": FeatureIds(FEATURES)})


def fit(
    model: Model,
    docs: Sequence[Doc],
    words: Words,
    allowed: NDArray[np.bool_],
    *,
    n_tags: int,
    vectors: VectorTable,
) -> None:
    """Fit the layer's weights to the tags that words may have, n_words × n_tags."""
    orths, rows = np.unique(words.orths, return_inverse=True)
    ids = _with_clusters(model.attrs["ids"](docs, orths.tolist(), keep=False), vectors)
    padded, inside = _padded(rows, words.lengths)
    here, at_places = _word_keys(ids)
    near = [at_places[padded[inside + place - REACH], place] for place in range(N_PLACES)]
    known_words, word_rows = _frequent(np.concatenate((here[padded[inside]], *near), axis=1))
    most = np.argsort(-np.bincount(rows), kind="stable")[:N_COMMON]
    common = np.unique(ids[most, 0])
    known, found = _frequent(_neighbour_keys(_neighbour_ids(ids, common)[padded]))
    # One matrix for all: a row of zeros for what is unknown, then words, then each place in pairs and patterns.
    first = 1 + len(known_words)
    features = [1 + word_rows]
    for place in range(N_NEIGHBOURS):
        having = found if place < 2 else found[:, N_PAIRED:]
        features.append(
            np.where(having < 0, 0, first + N_NEIGHBOURS * having + place)[inside - place]
        )
    values, bias, transitions = fit_weights(
        np.concatenate(features, axis=1),
        allowed,
        words.per_doc,
        n_rows=first + N_NEIGHBOURS * len(known),
        n_tags=n_tags,
    )
    whole, scale = quantized(values)
    model.attrs["weights"] = Weights(
        _table(known_words, whole[1:first]),
        _table(known, whole[first:].reshape(-1, N_NEIGHBOURS * n_tags)),
        common,
        scale=scale,
        bias=bias.astype("float32"),
        transitions=transitions.astype("float32"),
    )


def look_up_words(weights: Weights, ids: Ids, vectors: VectorTable) -> WordScores:
    """Find what depends on words alone, of which `ids`, n_words × n_features, are the hashes of FEATURES."""
    ids = _with_clusters(ids, vectors)
    here, near = (weights.words.values[weights.words.find(keys)] for keys in _word_keys(ids))
    scores = near.sum(axis=2, dtype="int16")
    scores[:, REACH] += here.sum(axis=1, dtype="int16")
    return WordScores(scores, _neighbour_ids(ids, weights.common))


def score(weights: Weights, words: WordScores, rows: Rows, lengths: NDArray[np.int64]) -> Floats2d:
    """Score the tags of words in sequences, n_words × n_tags.

    words (WordScores): What depends on words alone.
    rows (Rows): n_words, each word's row in it; at least one.
    lengths (NDArray[int64]): n_sequences, the number of words of each.
    """
    padded, inside = _padded(rows, lengths)
    n_tags = len(weights.bias)
    near = words.scores[padded]
    n = len(padded) - 2 * REACH
    total = near[REACH : REACH + n, REACH].copy()
    for place in range(N_PLACES):
        if place != REACH:
            total += near[place : place + n, place]
    found = weights.neighbours.values[weights.neighbours.find(_neighbour_keys(words.ids[padded]))]
    # Several times as fast as a sum along this axis
    together = found[:, 0].astype("int16")
    for i in range(1, found.shape[1]):
        together += found[:, i]
    for place in range(N_NEIGHBOURS):
        first = REACH - place
        total += together[first : first + n, place * n_tags : (place + 1) * n_tags]
    return total[inside - REACH] * weights.scale + weights.bias


def sources(model: Model) -> list[ArrayXd]:
    """All that words' scores depend on, besides the words."""
    weights = model.attrs["weights"]
    return [weights.words.keys, weights.words.values, weights.common]


def _forward(
    model: Model, inputs: tuple[list[Doc], Words, VectorTable], is_train: bool
) -> tuple[Floats2d, Callable]:
    docs, words, vectors = inputs
    weights = model.attrs["weights"]
    orths, rows = np.unique(words.orths, return_inverse=True)
    found = look_up_words(weights, model.attrs["ids"](docs, orths.tolist(), keep=False), vectors)
    return model.ops.asarray2f(score(weights, found, rows, words.lengths)), lambda d_scores: inputs


def _padded(rows: Rows, lengths: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """The rows with REACH edges between two sequences and at both ends; and where the words are in it."""
    inside = np.arange(len(rows)) + np.repeat(np.arange(1, len(lengths) + 1) * REACH, lengths)
    padded = np.full(len(rows) + (len(lengths) + 1) * REACH, -1)
    padded[inside] = rows
    return padded, inside


def _with_clusters(ids: Ids, vectors: VectorTable) -> Ids:
    """The ids, n_words × n_features, with those of the words' clusters; and a row more, of the edge."""
    ids = np.concatenate((ids, vectors.find_clusters(ids[:, [FORM, LOWER]])), axis=1)
    return np.concatenate((ids, np.full((1, ids.shape[1]), EDGE, dtype="uint64")))


def _word_keys(ids: Ids) -> tuple[Keys, Keys]:
    """The keys of what counts for the word itself, n_words × n; and of what counts for the words around, with a key
    for each place that it can stand in, n_words × N_PLACES × n."""
    ids = ids + np.arange(ids.shape[1], dtype="uint64") * _SEED
    placed = np.delete(ids, range(1, len(FEATURES)), axis=1)
    places = np.arange(1, N_PLACES + 1, dtype="uint64")[:, None] * _PLACE
    return _keys(ids[:, 1 : len(FEATURES)]), _keys(placed[:, None] + places)


def _neighbour_ids(ids: Ids, common: Ids) -> Ids:
    """n_words × (N_PAIRED + 1), hashes for pairs and for patterns."""
    forms, shapes = ids[:, 0], ids[:, 1]
    pattern = np.where(np.isin(forms, common), forms, shapes)
    return np.concatenate(
        (ids[:, :N_PAIRED] + np.arange(N_PAIRED, dtype="uint64") * _SEED, pattern[:, None]), axis=1
    )


def _neighbour_keys(ids: Ids) -> Keys:
    """n - 2 × (N_PAIRED + 1), of each word's pairs with the next one, and of its pattern with the next two."""
    keys = ids[:-2] * _LEFT + ids[1:-1]
    keys[:, N_PAIRED] = keys[:, N_PAIRED] * _LEFT + ids[2:, N_PAIRED]
    return _keys(keys)


def _keys(ids: Ids) -> Keys:
    return (ids * _SPREAD >> np.uint64(KEY_BITS)).astype("uint32")


def _frequent(keys: Keys) -> tuple[Keys, Rows]:
    """Those of the keys that are frequent enough, sorted; and the row of each key among them, -1 for the rest."""
    values, rows, counts = np.unique(keys, return_inverse=True, return_counts=True)
    enough = counts >= MIN_COUNT
    row_of_value = np.where(enough, np.cumsum(enough) - 1, -1)
    return values[enough], row_of_value[rows].reshape(keys.shape)


def _table(keys: Keys, values: NDArray[np.int8]) -> Table:
    """Without the rows that are 0."""
    kept = values.any(axis=1)
    return Table(
        keys[kept], np.concatenate((values[kept], np.zeros((1, values.shape[1]), dtype="int8")))
    )
