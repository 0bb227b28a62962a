"""Features of a word's form: strings that an embedding looks up by their hashes."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from spacy.lang.lex_attrs import word_shape
from spacy.strings import hash_string
from spacy.tokens import Doc

Ids = NDArray[np.uint64]

# Typographic marks, and how most corpora write them
PLAIN_MARKS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "--"})


FEATURES: dict[str, Callable[[str], str]] = {
    "form": str,
    "shape": word_shape,
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
        if not word.isascii():
            word = word.translate(PLAIN_MARKS)
        words.append(word)
    return words


def feature_ids(words: Sequence[str]) -> Ids:
    """Return the hashes of all features of words: n_words × len(FEATURES)."""
    ids = np.empty((len(words), len(FEATURES)), dtype="uint64")
    for column, feature in enumerate(FEATURES.values()):
        ids[:, column] = [hash_string(feature(word)) for word in words]
    return ids
