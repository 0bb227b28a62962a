"""Test how tags of several schemes are read."""

import pytest

from spacy_bilstm_ner.files.schemes import find_parts, to_bio


@pytest.mark.parametrize(
    ("tags", "bio", "begun"),
    [
        ("B-x I-x O B-x B-x", "B-x I-x O B-x B-x", []),
        ("B-x L-x U-y O", "B-x I-x B-y O", []),
        ("B-x I-x E-x S-y O", "B-x I-x I-x B-y O", []),
        ("B_x M_x E_x S_x W_x", "B-x I-x I-x B-x B-x", []),
        ("b-x i-x o", "B-x I-x O", []),
        ("x-B x-I x_E O", "B-x I-x I-x O", []),
        ("B I O B", "B-ENTITY I-ENTITY O B-ENTITY", []),
        ("B-x ? O", "B-x ? O", []),
        ("B-x _ B-y", "B-x O B-y", []),
        ("B-x '' B-y", "B-x O B-y", []),
        ("B-x Other", "B-x O", []),
        ("S-x O", "B-x O", []),
        ("x x O E-MAIL", "B-x I-x O B-E-MAIL", []),
        ("I-a I-a O I-a B-b I-a I-b", "B-a I-a O B-a B-b B-a B-b", [0, 3, 5, 6]),
        # An entity that has ended does not go on
        ("B-a L-a L-a U-a I-a", "B-a I-a B-a B-a B-a", [2, 4]),
    ],
)
def test_schemes_become_bio(tags: str, bio: str, begun: list[int]) -> None:
    """Tags are separated by blanks; '' is an empty one."""
    split = ["" if tag == "''" else tag for tag in tags.split()]
    parts = find_parts(set(split), None)
    assert parts.keys() >= set(split)
    assert to_bio(split, parts) == (tuple(bio.split()), begun)
