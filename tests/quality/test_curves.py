import pytest

from spacy_bilstm_ner.quality.curves import draw, epochs, losses_per_update

LOG = [
    {"epoch": 0, "step": 0, "losses": {"ner": 5.0}, "scores": {"ents_f": 0.0}},
    {"epoch": 0, "step": 10, "losses": {"ner": 40.0}, "scores": {"ents_f": 50.0}},
    {"epoch": 1, "step": 20, "losses": {"ner": 20.0}, "scores": {"ents_f": 60.0}},
]


def test_evaluations_within_an_epoch_are_spread() -> None:
    assert epochs(LOG) == [0.0, 0.5, 1.0]


def test_losses_are_per_update() -> None:
    assert losses_per_update(LOG) == pytest.approx([5.0, 4.0, 2.0])


def test_picture_is_one_element_and_always_the_same() -> None:
    svg = draw(LOG)
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    assert "Development set" in svg
    assert svg == draw(LOG)
