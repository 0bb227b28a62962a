import numpy as np
import pytest

from scripts.calibrate import fit
from scripts.calibration import bins, calibration_error, ranking
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
