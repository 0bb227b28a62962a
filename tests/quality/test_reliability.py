import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_ner.pipe.confidence import set_confidences
from spacy_bilstm_ner.quality.reliability import (
    Curve,
    bins,
    calibration_error,
    curves,
    measure,
    ranking,
)


def test_error_worked_out_by_hand() -> None:
    # Thirty entities make fifteen bins of two
    confidences = np.repeat(np.linspace(0.1, 0.9, 15), 2)
    right = np.array([False, True] * 15)
    filled = bins(confidences, right)
    assert [each["entities"] for each in filled] == [2] * 15
    assert filled[0]["confidence"] == pytest.approx(0.1)
    assert {each["precision"] for each in filled} == {0.5}
    assert calibration_error(filled) == pytest.approx(
        np.abs(np.linspace(0.1, 0.9, 15) - 0.5).mean()
    )


def test_few_entities_make_few_bins() -> None:
    filled = bins(np.array([0.9, 0.4]), np.array([True, False]))
    assert [(each["confidence"], each["precision"]) for each in filled] == [(0.4, 0.0), (0.9, 1.0)]
    assert calibration_error(filled) == pytest.approx(0.25)


def test_ranking_counts_pairs() -> None:
    # Of the pairs of a right and a wrong entity: 0.9 > 0.5, 0.9 > 0.2, 0.5 = 0.5, 0.5 > 0.2
    assert ranking(np.array([0.9, 0.5, 0.5, 0.2]), np.array([True, True, False, False])) == 3.5 / 4
    assert ranking(np.full(4, 0.7), np.array([True, False, False, True])) == 0.5
    assert ranking(np.array([0.7]), np.array([True])) is None


def test_curves_take_the_surest_first() -> None:
    curve = Curve(np.array([0.9, 0.5, 0.4, 0.2]), np.array([True, False, True, False]), gold=4)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.recall.tolist() == [1 / 4, 1 / 4, 2 / 4, 2 / 4]


def make_example(confidences: list[float]) -> Example:
    words = ["Vienna", "and", "Lima", "."]
    vocab = spacy.blank("en").vocab
    predicted = Doc(vocab, words=words)
    predicted.ents = [Span(predicted, 0, 1, label="geo"), Span(predicted, 2, 3, label="per")]
    set_confidences(predicted, predicted.ents[: len(confidences)], confidences)
    return Example(predicted, Doc(vocab, words=words, ents=["B-geo", "O", "B-geo", "O"]))


def test_an_entity_is_right_if_span_and_label_are() -> None:
    found = curves([make_example([0.75, 0.25]), make_example([0.875, 0.5])])
    assert list(found) == ["geo", "per"]
    assert found["geo"].confidence.tolist() == [0.875, 0.75]
    assert found["geo"].right.tolist() == [True, True]
    assert found["geo"].gold == 4
    assert found["per"].right.tolist() == [False, False]
    assert found["per"].gold == 0


def test_what_other_pipes_have_set_is_neither_found_nor_missed() -> None:
    found = curves([make_example([0.75]), make_example([])])
    assert list(found) == ["geo"]
    # The second one's Vienna is set, but not by the recogniser
    assert (found["geo"].confidence.tolist(), found["geo"].gold) == ([0.75], 3)


def test_no_figures_without_confidences() -> None:
    assert measure([make_example([])]) is None
    assert measure([]) is None
