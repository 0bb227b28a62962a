import numpy as np
import pytest

from scripts.calibrate import fit, fit_thresholds
from spacy_bilstm_ner.quality.reliability import bins, calibration_error, ranking
from spacy_bilstm_ner.calibration import calibrated


def test_fit_finds_what_was_done_to_confidences() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(1.0, 2.0, size=50_000)
    right = rng.random(odds.size) < 1 / (1 + np.exp(-odds))
    # Twice too sure, and shifted
    confidences = 1 / (1 + np.exp(-(2 * odds + 1)))
    slope, offset = fit(confidences, right)
    assert (slope, offset) == (pytest.approx(0.5, abs=0.02), pytest.approx(-0.5, abs=0.05))
    better = calibrated(confidences, slope, offset)
    assert calibration_error(bins(better, right)) < 0.01 < 0.05 < calibration_error(bins(confidences, right))
    assert ranking(better, right) == pytest.approx(ranking(confidences, right))


def test_few_entities_change_little() -> None:
    slope, offset = fit(np.array([0.6, 1.0, 0.0]), np.array([True, True, False]))
    assert abs(slope - 1) < 0.5
    assert abs(offset) < 0.5


def test_thresholds_make_the_f_of_each_label_highest() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1, 0.6])
    right = np.array([True, False, False, True, True, False, True])
    labels = ["a", "a", "b", "b", "b", "b", "c"]
    found = fit_thresholds(confidences, right, labels, {"a": 25, "b": 25, "c": 3})
    # a: 2/26 with one, 2/27 with two. b: 0, 2/27, 4/28, 4/29. c has too few entities to say.
    assert found == {"a": pytest.approx(0.85), "b": pytest.approx(0.15)}


def test_the_last_entity_may_be_worth_taking() -> None:
    assert fit_thresholds(np.array([0.9, 0.4]), np.array([True, True]), ["a", "a"], {"a": 20}) == {"a": 0.4}
    assert fit_thresholds(np.array([]), np.array([], dtype=bool), [], {"a": 20}) == {}
