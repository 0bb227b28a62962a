"""What a word's form alone tells."""

import pytest

from spacy_bilstm_ner.network.features import FEATURES, plain, shape


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Smith", "Xxxxx"),
        ("Smith-2006", "Xxxxx-dddd"),
        ("A", "X"),
        ("iPhone", "xXxxxx"),
        ("NATO", "XXXX"),
        ("UNESCO", "XXXX"),
        ("internationally", "xxxx"),
        ("1234567", "dddd"),
        ("3.5m", "d.dx"),
        ("......", "...."),
        ("", ""),
        ("Ørsted", "Xxxxx"),
        ("東京", "xx"),
        ("\n\n", "\n\n"),
    ],
)
def test_shape(word, expected):
    assert shape(word) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("form", "Lisbon"),
        ("lower", "lisbon"),
        ("prefix1", "L"),
        ("prefix2", "Li"),
        ("prefix3", "Lis"),
        ("prefix4", "Lisb"),
        ("suffix1", "n"),
        ("suffix2", "on"),
        ("suffix3", "bon"),
        ("suffix4", "sbon"),
        ("shape", "Xxxxx"),
    ],
)
def test_features_of_a_word(name, expected):
    assert FEATURES[name]("Lisbon") == expected


def test_every_feature_is_tested_above():
    assert len(FEATURES) == 11


@pytest.mark.parametrize("name", [n for n in FEATURES if n not in ("lower", "shape")])
def test_a_word_shorter_than_an_affix_is_its_own_affix(name):
    assert FEATURES[name]("I") == "I"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("“", '"'),
        ("d’Este", "d'Este"),
        ("Paris–Nice", "Paris-Nice"),
        ("—", "--"),
        ("Ørsted", "Ørsted"),
        ("plain", "plain"),
    ],
)
def test_plain(word, expected):
    assert plain(word) == expected
