from itertools import islice

import pytest
from spacy.util import registry


def test_it_rises_and_falls_in_straight_lines() -> None:
    make = registry.schedules.get("spacy_bilstm_ner.rise_and_fall.v1")
    rates = list(islice(make(first=1.0, highest=3.0, last=0.5, num_steps=12, rise=0.25), 15))
    assert rates[:5] == pytest.approx([1, 5 / 3, 7 / 3, 3, 3 - 2.5 / 9])
    assert rates[11:] == pytest.approx([0.5 + 2.5 / 9, 0.5, 0.5, 0.5])
