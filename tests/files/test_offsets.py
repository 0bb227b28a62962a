"""Test which places in a text cut a word."""

import pytest

from spacy_bilstm_ner.files.offsets import cuts_word


@pytest.mark.parametrize(
    ("text", "place", "cuts"),
    [
        ("Oslo", 2, True),
        ("Oslo", 0, False),
        ("Oslo", 4, False),
        ("ex-Oslo", 3, False),
        ("5mg", 1, False),  # a number and its unit
        ("B12", 1, True),
        ("2006", 2, True),
        ("cafe\u0301", 4, True),  # a combining accent
        ("東京", 1, False),
    ],
)
def test_places_that_cut_a_word(text: str, place: int, cuts: bool) -> None:
    assert cuts_word(text, place) is cuts
