"""Decide which candidates are entities: calibration of confidences, and thresholds.

Both are fitted to held-out data after training.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ranges import check_range

# Confidences are limited to this distance from 0 and 1, so that their log-odds are finite.
MIN_PROBABILITY = 1e-7
MAX_NEWTON_STEPS = 50
MIN_STEP = 1e-9
# The threshold of each label if no label has one
DEFAULT_THRESHOLD = 0.5
# The threshold of a label that has none, if other labels have one. Such a label was usually added
# to a fitted pipe. It was learned from few sentences, so its confidences are lower than those of
# the other labels.
NEW_LABEL_THRESHOLD = 0.25
# The prior of a threshold weighs as much as this number of entities.
PRIOR_ENTITIES = 100
# A slope and an offset that change nothing.
UNCALIBRATED = (1.0, 0.0)

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]


def check_settings(cfg: dict[str, Any]) -> None:
    """Check the settings that users may change.

    RAISES ValueError: If a threshold is out of range. A threshold above 1 is allowed for a single
        label, and disables it.
    """
    check_range("threshold", cfg["threshold"], 0, 1)
    for label, threshold in cfg["thresholds"].items():
        check_range(f"the threshold of {label}", threshold, 0)


def min_confidences(
    labels: Sequence[str], threshold: float, thresholds: Mapping[str, float]
) -> Doubles:
    """Return the minimum confidence of each label, n_labels.

    threshold (float): The threshold for all labels.
    thresholds (Mapping[str, float]): Label -> its own threshold. The higher of the two applies. A
        label without a threshold has NEW_LABEL_THRESHOLD, or DEFAULT_THRESHOLD if no label has one.
    """
    default = NEW_LABEL_THRESHOLD if thresholds else DEFAULT_THRESHOLD
    return np.array([max(threshold, thresholds.get(label, default)) for label in labels])


def calibrated(confidences: NDArray, slope: float, offset: float) -> NDArray:
    """Scale and shift the log-odds of confidences. Their order and type do not change.

    See Platt 1999, "Probabilistic outputs for support vector machines".
    """
    if (slope, offset) == UNCALIBRATED:
        return confidences
    log_odds = slope * to_log_odds(confidences) + offset
    return _to_probabilities(log_odds).astype(confidences.dtype)


def to_log_odds(confidences: NDArray) -> Doubles:
    """Return the logarithm of p / (1 - p) for each confidence p."""
    inside = np.clip(confidences.astype("float64"), MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log(inside) - np.log1p(-inside)


def _to_probabilities(log_odds: Doubles) -> Doubles:
    # The logistic function in a form that does not overflow.
    return 0.5 * (1 + np.tanh(0.5 * log_odds))


def fit_calibration(confidences: NDArray, is_correct: Bools) -> tuple[float, float]:
    """Fit the slope and the offset of `calibrated` by maximum likelihood, with Newton's method.

    A prior keeps them near 1 and 0 if there are few entities.

    confidences (NDArray): n_entities, uncalibrated.
    is_correct (Bools): n_entities.
    RETURNS (tuple[float, float]): Slope and offset; UNCALIBRATED if entities with a higher
        confidence are correct less often.
    """
    inputs = np.stack((to_log_odds(confidences), np.ones(len(confidences))), axis=1)
    prior = np.array(UNCALIBRATED)

    def loss(weights: Doubles) -> float:
        log_odds = inputs @ weights
        negative_log_likelihood = (np.logaddexp(0, log_odds) - log_odds * is_correct).sum()
        return float(negative_log_likelihood + ((weights - prior) ** 2).sum() / 2)

    weights = prior
    for _ in range(MAX_NEWTON_STEPS):
        probabilities = _to_probabilities(inputs @ weights)
        gradient = inputs.T @ (probabilities - is_correct) + (weights - prior)
        variances = probabilities * (1 - probabilities)
        curvature = (inputs * variances[:, None]).T @ inputs + np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # A full step can go too far if confidences are near 0 or 1.
        while loss(weights - step) > loss(weights) and np.abs(step).max() > MIN_STEP:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() <= MIN_STEP:
            break
    slope, offset = weights.tolist()
    return (slope, offset) if slope > 0 else UNCALIBRATED


def fit_thresholds(
    confidences: NDArray, is_correct: Bools, labels: Sequence[str], n_gold: Mapping[str, int]
) -> dict[str, float]:
    """Estimate the thresholds that maximize the F-score of all labels together.

    An entity raises F if its probability is above half of the highest F (Lipton et al. 2014,
    "Optimal Thresholding of Classifiers to Maximize F1 Measure"). This is the common threshold. It
    is right for labels whose confidences are calibrated. The confidences of a single label may not
    be, so the threshold that is best for its entities is computed as well. The result is a weighted
    mean of both. The fewer gold entities a label has, the closer it is to the common threshold.

    confidences, is_correct, labels: n_entities, for predicted entities.
    n_gold (Mapping[str, int]): The number of gold entities of each label. Each label in it gets a
        threshold.
    """
    order = np.argsort(-confidences, kind="stable")
    confidences, is_correct = confidences[order], is_correct[order]
    sorted_labels = np.array(labels)[order]
    n_predicted = np.arange(1, len(order) + 1)
    f_scores = 2 * np.cumsum(is_correct) / (n_predicted + sum(n_gold.values()))
    common_threshold = float(f_scores.max(initial=0.0)) / 2 or DEFAULT_THRESHOLD
    thresholds = dict.fromkeys(n_gold, common_threshold)
    for label in set(labels) & set(n_gold):
        has_label = sorted_labels == label
        last_included = int(np.cumsum(is_correct[has_label] - common_threshold).argmax())
        # Halfway to the first entity that is left out.
        label_threshold = float(confidences[has_label][last_included : last_included + 2].mean())
        n_entities = n_gold[label]
        weighted = n_entities * label_threshold + PRIOR_ENTITIES * common_threshold
        thresholds[label] = weighted / (n_entities + PRIOR_ENTITIES)
    return thresholds
