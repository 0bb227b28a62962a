"""Features of a word's form."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spacy.strings import hash_string
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_bilstm_ner.network.features import FEATURES, WordFeatures, plain, shape


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Smith-2006", "Xxxxx-dddd"),
        ("iPhone", "xXxxxx"),
        ("UNESCO", "XXXX"),
        ("internationally", "xxxx"),
        ("3.5m", "d.dx"),
        ("......", "...."),
        ("", ""),
        ("Ørsted", "Xxxxx"),
        ("東京", "xx"),
        ("\n\n\n\n\n", "\n\n\n\n"),
    ],
)
def test_shape(word, expected):
    assert shape(word) == expected


AFFIXES = {
    **{f"prefix{n}": "Lisbon"[:n] for n in (1, 2, 3, 4)},
    **{f"suffix{n}": "Lisbon"[-n:] for n in (1, 2, 3, 4)},
}


def test_features_of_a_word():
    expected = {"form": "Lisbon", "lower": "lisbon", "shape": "Xxxxx", **AFFIXES}
    assert {name: feature("Lisbon") for name, feature in FEATURES.items()} == expected
    assert {FEATURES[name]("I") for name in AFFIXES} == {"I"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [("“", '"'), ("d’Este", "d'Este"), ("Paris–Nice", "Paris-Nice"), ("Ørsted", "Ørsted")],
)
def test_plain(word, expected):
    assert plain(word) == expected


def test_ids_of_words_from_several_vocabularies():
    docs = [Doc(Vocab(), words=["Oslo", "’s"]), Doc(Vocab(), words=["tea"])]
    hashes = [hash_string(word) for word in ("tea", "’s", "Oslo")]
    for ordered_docs in (docs, docs[::-1]):
        words = WordFeatures.of_hashes(ordered_docs, hashes)
        assert words.words == ["tea", "'s", "Oslo"]
        expected = [["tea", "ea"], ["'s", "'s"], ["oslo", "lo"]]
        assert_array_equal(
            words.ids("lower", "suffix2"), np.vectorize(hash_string, otypes=["uint64"])(expected)
        )
