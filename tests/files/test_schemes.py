"""Test how tags of several schemes are read."""

from collections import Counter

import pytest

from spacy_bilstm_ner.files.schemes import Scheme, difference, looks_like


def faulty(scheme: Scheme) -> list[str]:
    return [tag for tag in scheme.in_entities if tag not in scheme.parts]


def convert(tags: str) -> tuple[list[str], list[int]]:
    """tags: separated by blanks, `''` for an empty one."""
    given = ["" if tag == "''" else tag for tag in tags.split()]
    scheme = Scheme(Counter(given))
    assert faulty(scheme) == []
    return scheme.to_bio(given)


@pytest.mark.parametrize(
    ("tags", "bio"),
    [
        ("B-x I-x O B-x B-x", "B-x I-x O B-x B-x"),
        ("B-x L-x U-y O", "B-x I-x B-y O"),
        ("B-x I-x E-x S-y O", "B-x I-x I-x B-y O"),
        ("B_x M_x E_x S_x W_x", "B-x I-x I-x B-x B-x"),
        ("b-x i-x o", "B-x I-x O"),
        ("x-B x-I x_E O", "B-x I-x I-x O"),
        ("B I O B", "B-ENTITY I-ENTITY O B-ENTITY"),
        ("B-x ? O", "B-x ? O"),
        ("B-x _ B-y", "B-x O B-y"),
        ("B-x '' B-y", "B-x O B-y"),
        ("B-x Other NONE".replace(" NONE", ""), "B-x O"),
        ("S-x O", "B-x O"),
    ],
)
def test_schemes_become_bio(tags: str, bio: str) -> None:
    assert convert(tags) == (bio.split(), [])


def test_an_entity_that_continues_nothing_begins_there() -> None:
    tags, changed = convert("I-a I-a O I-a B-b I-a I-b B-b B-b I-b")
    assert tags == ["B-a", "I-a", "O", "B-a", "B-b", "B-a", "B-b", "B-b", "B-b", "I-b"]
    assert changed == [0, 3, 5, 6]
    # An entity that has ended does not go on
    assert convert("B-a L-a L-a U-a I-a") == (["B-a", "I-a", "B-a", "B-a", "B-a"], [2, 4])


@pytest.mark.parametrize(
    ("tag", "other", "why"),
    [
        ("0", "O", "a zero, not the letter O"),
        ("О", "O", "a cyrillic capital letter o, not the letter O"),
        ("B–per", "B-per", "an en dash, not a hyphen"),
        ("per−B", "per-B", "a minus sign, not a hyphen"),
        ("В-per", "B-per", "a cyrillic capital letter ve, not the letter B"),
        ("B-РER", "B-PER", "a cyrillic capital letter er, not the letter P"),
        ("о", "o", "a cyrillic small letter o, not the letter o"),
        ("○", "O", "a white circle, not the letter O"),
        ("8-per", "B-per", "a digit eight, not the letter B"),
        ("B‐per", "B-per", "a typographic hyphen, not a hyphen"),
        ("B－per", "B-per", "a fullwidth hyphen-minus, not a hyphen"),
        ("Ｂ-per", "B-per", "a fullwidth latin capital letter b, not the letter B"),
        ("B-\u200bper", "B-per", "it has an invisible character (zero width space)"),
    ],
)
def test_look_alikes(tag: str, other: str, why: str) -> None:
    assert looks_like(tag) == other
    assert difference(tag, other) == why


@pytest.mark.parametrize(
    "tag", ["O", "B-per", "B-ЛИЦО", "B-ΠΡΟ", "B-a–b", "B-می\u200cشود", "B-m²", "1", "", "?"]
)
def test_what_is_as_it_seems(tag: str) -> None:
    assert looks_like(tag) == tag
