"""Confidences as high as entities are often right. Knows no Doc."""

import numpy as np
from numpy.typing import NDArray

# Single precision says no more than that a probability is this near to 0 or 1.
EDGE = 1e-7


def calibrated(confidences: NDArray, slope: float, offset: float) -> NDArray:
    """Stretch and shift the log-odds of confidences (Platt 1999, "Probabilistic outputs for support vector machines").
    Their order stays.

    confidences (NDArray): n_entities, from 0 to 1.
    slope (float): What log-odds are multiplied by.
    offset (float): What is added then.
    RETURNS (NDArray): n_entities, of the same type; the confidences themselves if the slope is 1 and the offset 0.
    """
    if (slope, offset) == (1.0, 0.0):
        return confidences
    # The logistic function, which overflows nowhere in this form.
    odds = slope * log_odds(confidences) + offset
    return (0.5 * (1 + np.tanh(0.5 * odds))).astype(confidences.dtype)


def log_odds(confidences: NDArray) -> NDArray[np.float64]:
    """How much more probably entities are right than wrong, as a logarithm.

    confidences (NDArray): n_entities, from 0 to 1.
    RETURNS (NDArray[float64]): n_entities.
    """
    inside = np.clip(confidences.astype("float64"), EDGE, 1 - EDGE)
    return np.log(inside) - np.log1p(-inside)
