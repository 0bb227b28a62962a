"""Calibrated confidences: the arithmetic."""

import numpy as np
import pytest

from spacy_bilstm_ner.calibration import calibrated, fit_threshold


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


def test_the_threshold_is_half_of_the_highest_f():
    # With so many taken, of four to find: F of 2/5, 4/6, 4/7, 6/8
    confidences, right = np.array([0.3, 0.9, 0.8, 0.6]), np.array([True, True, True, False])
    assert fit_threshold(confidences, right, n_gold=4) == pytest.approx(0.75 / 2)


@pytest.mark.parametrize("n", [0, 3])
def test_where_nothing_is_right_the_threshold_is_a_half(n):
    assert fit_threshold(np.full(n, 0.9), np.zeros(n, dtype=bool), n_gold=2) == 0.5
