"""Calibration and thresholds: their arithmetic, and what they change in a pipe."""

import numpy as np
import pytest

from spacy_bilstm_ner.pipe.decisions import calibrated, fit_thresholds, min_confidences
from tests.util import confidences, entities

TEXT = "Anna Smith flew to Lisbon on Monday"


def test_calibration_by_hand():
    # Odds of 1:1, 1:3 and 9:1, to the power of 2 and times 2
    confidences = np.array([0.5, 0.25, 0.9], dtype="float32")
    changed = calibrated(confidences, 2.0, np.log(2.0))
    assert changed == pytest.approx([2 / 3, 2 / 11, 162 / 163])
    assert changed.dtype == confidences.dtype


def test_calibrated_confidences_are_between_0_and_1():
    confidences = np.array([0.0, 1.0, 0.3], dtype="float32")
    changed = calibrated(confidences, 0.5, 0.0)
    assert ((changed > 0) & (changed < 1)).all()


def test_without_other_evidence_the_threshold_is_half_of_the_highest_f():
    # With so many taken, of four to find: F of 2/5, 4/6, 4/7, 6/8
    confidences, correct = np.array([0.3, 0.9, 0.8, 0.6]), np.array([True, True, True, False])
    assert fit_thresholds(confidences, correct, ["per"] * 4, {"per": 4, "org": 0})["org"] == 0.375
    assert fit_thresholds(np.full(3, 0.9), np.zeros(3, dtype=bool), ["per"] * 3, {"per": 2})[
        "per"
    ] == pytest.approx((2 * 0.9 + 100 * 0.5) / 102)
    assert fit_thresholds(np.empty(0), np.empty(0, dtype=bool), [], {"per": 2}) == {"per": 0.5}


def test_a_label_with_other_confidences_gets_another_threshold():
    # F is highest with all but the last thousand. The "org" with 0.2 are right more often than half
    # of that.
    confidences = np.repeat([0.9, 0.2, 0.1], 1000)
    correct = np.concatenate((np.ones(1000), np.arange(1000) % 2, np.zeros(1000))).astype(bool)
    labels = ["per"] * 1000 + ["org"] * 1000 + ["org"] * 1000
    thresholds = fit_thresholds(confidences, correct, labels, {"per": 1000, "org": 500})
    half = 2 * 1500 / (2000 + 1500) / 2
    assert thresholds["org"] == pytest.approx((500 * 0.15 + 100 * half) / 600)
    assert thresholds["per"] == pytest.approx((1000 * 0.9 + 100 * half) / 1100)


def test_a_label_without_a_threshold():
    labels = ["geo", "new"]
    assert min_confidences(labels, 0.0, {}).tolist() == [0.5, 0.5]
    assert min_confidences(labels, 0.0, {"geo": 0.6}).tolist() == [0.6, 0.25]
    assert min_confidences(labels, 0.4, {"geo": 0.6}).tolist() == [0.6, 0.4]


def test_calibration_changes_confidences_and_not_entities(nlp, ner):
    plain = nlp(TEXT)
    cfg = ner.cfg
    cfg["calibration"] = [0.5, -1.0]
    doc = nlp(TEXT)
    assert entities(doc) == entities(plain) != []
    expected = calibrated(np.array(confidences(plain), dtype="float32"), 0.5, -1.0)
    assert confidences(doc) == pytest.approx(expected.tolist())
    # The threshold is compared with calibrated confidences.
    cfg |= {"calibration": [1.0, -30.0], "threshold": 0.5}
    assert not nlp(TEXT).ents
