"""Features of a word's form: strings that an embedding looks up by their hashes."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from re import compile as compile_pattern

import numpy as np
from numpy.typing import NDArray
from spacy.strings import hash_string
from spacy.tokens import Doc

Ids = NDArray[np.uint64]

# Longer runs of one kind of character are cut to this length in a shape.
LONGEST_RUN = 4
LONG_RUN = compile_pattern(rf"(?s)(.)\1{{{LONGEST_RUN},}}")
N_CACHED_SHAPES = 4096
# Typographic marks, and how most corpora write them
PLAIN_MARKS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "--"})


class _Kinds(dict[int, str]):
    """The kind of each character, for `str.translate`, computed when it is first needed."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isupper():
            kind = "X"
        elif character.isalpha():
            kind = "x"
        elif character.isdigit():
            kind = "d"
        else:
            kind = character
        self[code] = kind
        return kind


KINDS = _Kinds()


def shape(word: str) -> str:
    """Return the kinds of a word's characters: "Smith-2006" → "Xxxxx-dddd".

    X is upper case, x is lower case, d is a digit. Other characters stay. Runs are cut at four.
    """
    return _cut_runs(word.translate(KINDS))


@lru_cache(maxsize=N_CACHED_SHAPES)
def _cut_runs(kinds: str) -> str:
    return LONG_RUN.sub(lambda run: run[1] * LONGEST_RUN, kinds)


FEATURES: dict[str, Callable[[str], str]] = {
    "form": str,
    "shape": shape,
    "lower": str.lower,
    "prefix3": itemgetter(slice(3)),
    "suffix3": itemgetter(slice(-3, None)),
    "suffix2": itemgetter(slice(-2, None)),
}
# The columns of these features
FORM, SHAPE, LOWER = range(3)


def look_up_words(docs: Sequence[Doc], hashes: Iterable[int]) -> list[str]:
    """Look up words by the hashes of their text, in the vocabularies of the Docs.

    Typographic quotation marks and dashes are replaced, since their use differs between corpora.
    """
    stores = {id(doc.vocab): doc.vocab.strings for doc in docs}
    words = []
    for key in hashes:
        word = next(strings[key] for strings in stores.values() if key in strings)
        words.append(word if word.isascii() else word.translate(PLAIN_MARKS))
    return words


def feature_ids(words: Sequence[str]) -> Ids:
    """Return the hashes of all features of words: n_words × len(FEATURES)."""
    ids = np.empty((len(words), len(FEATURES)), dtype="uint64")
    for column, feature in enumerate(FEATURES.values()):
        ids[:, column] = [hash_string(feature(word)) for word in words]
    return ids
