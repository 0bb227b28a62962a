"""Features of a word's form."""

import pytest
from numpy.testing import assert_array_equal
from spacy.strings import hash_string
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_bilstm_ner.network.features import FEATURES, feature_ids, look_up_words

AFFIXES = {"prefix3": "Lis", "suffix2": "on", "suffix3": "bon"}


def test_features_of_a_word():
    expected = {"form": "Lisbon", "lower": "lisbon", "shape": "Xxxxx", **AFFIXES}
    assert {name: feature("Lisbon") for name, feature in FEATURES.items()} == expected
    assert {FEATURES[name]("I") for name in AFFIXES} == {"I"}
    (ids,) = feature_ids(["Lisbon"])
    assert_array_equal(ids, [hash_string(expected[name]) for name in FEATURES])


@pytest.mark.parametrize(
    ("word", "expected"),
    [("“", '"'), ("d’Este", "d'Este"), ("Paris–Nice", "Paris-Nice"), ("Ørsted", "Ørsted")],
)
def test_typographic_marks_are_replaced(word, expected):
    docs = [Doc(Vocab(), words=[word])]
    assert look_up_words(docs, [hash_string(word)]) == [expected]


def test_words_from_several_vocabularies():
    docs = [Doc(Vocab(), words=["Oslo", "’s"]), Doc(Vocab(), words=["tea"])]
    hashes = [hash_string(word) for word in ("tea", "’s", "Oslo")]
    for ordered_docs in (docs, docs[::-1]):
        assert look_up_words(ordered_docs, hashes) == ["tea", "'s", "Oslo"]
