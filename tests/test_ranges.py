"""Settings out of range or of another type are refused with a message."""

from typing import Any

import pytest

from spacy_bilstm_ner.ranges import check_range
from tests.util import blank, small_model


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), float("inf"), "0.5", None, [0.5]])
def test_what_is_out_of_a_range(value):
    with pytest.raises(ValueError, match="rate must be at least 0 and at most 1, but is "):
        check_range("rate", value, 0, 1)


@pytest.mark.parametrize("value", [0, 0.0, 1])
def test_what_is_in_a_range(value):
    check_range("rate", value, 0, 1)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        *(("encode", name, size) for name in ("hidden_width", "width") for size in (-1, 0)),
        *(("tok2vec", name, [8, 8, size]) for name in ("widths", "rows") for size in (-1, 0)),
        ("tok2vec", "feature_dropout", "0.5"),
        ("tok2vec", "character_width", -1),
        ("encode", "dropout", "0.5"),
        ("segment", "max_length", 0),
    ],
)
def test_a_part_of_the_network(part: str, name: str, value: Any):
    model = small_model()
    model[part][name] = value
    with pytest.raises(ValueError, match=r"must be at least .*, but is "):
        blank(model=model)
