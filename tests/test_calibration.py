"""Calibrated confidences: the arithmetic."""

import numpy as np
import pytest

from spacy_bilstm_ner.calibration import calibrated, fit_thresholds


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


def test_many_entities_set_a_threshold_and_few_hardly_move_it():
    # Of each label the surer entity is right and the other one is wrong: the best is to take it alone.
    for copies, weight in ((1000, 1000 / 1100), (10, 10 / 110)):
        confidences, right = np.repeat([0.9, 0.7], copies), np.repeat([True, False], copies)
        found = fit_thresholds(confidences, right, ["per"] * 2 * copies, {"per": copies})
        # The last of those that are taken and the first that is not: half way
        of_all = weight * 0.8 + (1 - weight) * 0.5
        assert found == pytest.approx({"per": weight * 0.8 + (1 - weight) * of_all})


def test_a_label_that_is_never_found_gets_the_threshold_of_all():
    confidences, right = np.repeat([0.9, 0.7], 1000), np.repeat([True, False], 1000)
    found = fit_thresholds(confidences, right, ["per"] * 2000, {"per": 1000, "org": 0})
    assert found["org"] == pytest.approx((1000 * 0.8 + 100 * 0.5) / 1100)
