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
AFFIX_LENGTHS = (1, 2, 3, 4)
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
    "lower": str.lower,
    "shape": shape,
    **{f"prefix{n}": itemgetter(slice(n)) for n in AFFIX_LENGTHS},
    **{f"suffix{n}": itemgetter(slice(-n, None)) for n in AFFIX_LENGTHS},
}


def plain(word: str) -> str:
    """Replace typographic quotation marks and dashes, since their use differs between corpora."""
    return word if word.isascii() else word.translate(PLAIN_MARKS)


class WordFeatures:
    """Features of a list of words. Each feature is computed when it is first used, and cached."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = [plain(word) for word in words]
        self._ids: dict[str, Ids] = {}

    @classmethod
    def of_hashes(cls, docs: Sequence[Doc], hashes: Iterable[int]) -> "WordFeatures":
        """Look up words by the hashes of their text, in the vocabularies of the Docs."""
        stores = {id(doc.vocab): doc.vocab.strings for doc in docs}
        words = []
        for word in hashes:
            words.append(next(strings[word] for strings in stores.values() if word in strings))
        return cls(words)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, name: str) -> Ids:
        """Return the hashes of a feature: n_words."""
        if name not in self._ids:
            feature = FEATURES[name]
            hashes = [hash_string(feature(word)) for word in self.words]
            self._ids[name] = np.array(hashes, dtype="uint64")
        return self._ids[name]

    def ids(self, *names: str) -> Ids:
        """Return the hashes of features: n_words × n_features."""
        columns = np.empty((len(self.words), len(names)), dtype="uint64")
        for i, name in enumerate(names):
            columns[:, i] = self[name]
        return columns
