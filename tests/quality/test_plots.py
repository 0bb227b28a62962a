import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.plots import draw_reliability, draw_training, epochs, losses_per_update

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
    svg = draw_training(LOG)
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    assert "Development set" in svg
    assert svg == draw_training(LOG)


def test_losses_of_a_pipe_of_another_name() -> None:
    assert losses_per_update([{**LOG[0], "losses": {"entities": 5.0, "tagger": 1.0}}]) == [6.0]


def test_reliability_is_drawn_the_same_each_time() -> None:
    bins = [{"confidence": 0.4, "precision": 0.3}, {"confidence": 0.9, "precision": 0.8}]
    found = {"bins": bins, "coverage": [{"coverage": 0.5, "precision": 0.8}, {"coverage": 1.0, "precision": 0.6}]}
    svg = draw_reliability(found)
    assert svg.startswith("<svg")
    assert "Reliability" in svg
    assert svg == draw_reliability(found)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy_bilstm_ner.quality.reading.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'matplotlib is not installed: run `pip install "spacy-bilstm-ner\[train\]"`'):
        draw_training(LOG)
