import numpy as np
import pytest
from spacy.training import Example

from spacy_bilstm_ner.quality.reliability import (
    Curve,
    compute_auc,
    compute_calibration_error,
    make_bins,
    make_curves,
    measure_reliability,
)

from .helpers import make_example


def test_the_error_worked_out_by_hand() -> None:
    # Thirty entities make fifteen bins of two.
    confidence = np.repeat(np.linspace(0.1, 0.9, 15), 2)
    bins = make_bins(confidence, np.array([False, True] * 15))
    assert bins.n_entities.tolist() == [2] * 15
    assert bins.confidence[0] == pytest.approx(0.1)
    assert set(bins.precision) == {0.5}
    expected = np.abs(np.linspace(0.1, 0.9, 15) - 0.5).mean()
    assert compute_calibration_error(bins) == pytest.approx(expected)


def test_few_entities_make_few_bins() -> None:
    bins = make_bins(np.array([0.9, 0.4]), np.array([True, False]))
    assert bins.confidence.tolist() == [0.4, 0.9]
    assert compute_calibration_error(bins) == pytest.approx(0.25)


def test_the_auc_counts_pairs() -> None:
    # Pairs of a correct and a wrong entity: 0.9 > 0.5, 0.9 > 0.2, 0.5 = 0.5, 0.5 > 0.2
    confidence = np.array([0.9, 0.5, 0.5, 0.2])
    assert compute_auc(confidence, np.array([True, True, False, False])) == 3.5 / 4
    assert compute_auc(np.array([0.7]), np.array([True])) is None


def test_a_curve_takes_the_surest_first() -> None:
    curve = Curve(np.array([0.9, 0.5, 0.4, 0.2]), np.array([True, False, True, False]), n_gold=4)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.recall.tolist() == [1 / 4, 1 / 4, 2 / 4, 2 / 4]


def test_curves_of_labels() -> None:
    examples = []
    for sure, unsure in ((0.75, 0.25), (0.875, 0.5)):
        predictions = [(0, 1, "geo", sure), (2, 3, "per", unsure)]
        examples.append(make_example("Vienna and Lima .", "B-geo O B-geo O", predictions))
    curves = make_curves(examples)
    assert list(curves) == ["geo", "per"]
    assert curves["geo"].confidence.tolist() == [0.875, 0.75]
    assert curves["geo"].is_correct.tolist() == [True, True]
    assert curves["geo"].n_gold == 4
    assert curves["per"].is_correct.tolist() == [False, False]
    assert curves["per"].n_gold == 0


def test_entities_without_a_confidence_do_not_count(examples: list[Example]) -> None:
    assert make_curves(examples) == {}
    assert measure_reliability(examples) is None
    sure = make_example("Vienna fell", "B-geo O", [(0, 1, "geo", 0.75)])
    # The rules' Vienna is neither correct nor missed.
    assert make_curves([*examples, sure])["geo"].n_gold == 1 + 2
