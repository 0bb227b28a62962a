"""What decisions are fitted on held-out data after training: what confidences are worth, and how sure the recogniser
must be of an entity, label by label."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

# Single precision says no more than that a probability is this near to 0 or 1.
NEAREST_TO_CERTAIN = 1e-7
MAX_NEWTON_STEPS = 50
SMALLEST_STEP = 1e-9
# What is more probable than not is an entity, where nothing better is known.
DEFAULT_THRESHOLD = 0.5
# How many entities weigh as much as what is expected of a threshold beforehand.
PRIOR_ENTITIES = 100
# Slope and offset that change nothing.
UNCALIBRATED = (1.0, 0.0)

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]


def default_threshold(thresholds: Iterable[float]) -> float:
    """RETURNS (float): How sure to be of an entity whose label has no threshold of its own, as one that was added: the
    median of other labels' thresholds, without those above 1, which mean "never"; else DEFAULT_THRESHOLD."""
    known = [each for each in thresholds if each <= 1]
    return median(known) if known else DEFAULT_THRESHOLD


def min_confidences(
    labels: Sequence[str], threshold: float, thresholds: Mapping[str, float]
) -> Doubles:
    """Return the confidence that an entity of each label needs, n_labels.

    threshold (float): The threshold of all labels.
    thresholds (Mapping[str, float]): The thresholds of single labels.
    """
    default = default_threshold(thresholds.values())
    return np.array([max(threshold, thresholds.get(label, default)) for label in labels])


def calibrated(confidences: NDArray, slope: float, offset: float) -> NDArray:
    """Stretch and shift the log-odds of confidences (Platt 1999, "Probabilistic outputs for support vector machines").
    Their order stays, and their type."""
    if (slope, offset) == UNCALIBRATED:
        return confidences
    odds = slope * log_odds(confidences) + offset
    # The logistic function, which overflows nowhere in this form.
    return (0.5 * (1 + np.tanh(0.5 * odds))).astype(confidences.dtype)


def log_odds(confidences: NDArray) -> Doubles:
    """How much more probably entities are right than wrong, as a logarithm."""
    inside = np.clip(confidences.astype("float64"), NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN)
    return np.log(inside) - np.log1p(-inside)


def fit_calibration(confidences: NDArray, right: Bools) -> tuple[float, float]:
    """Find the slope and the offset for `calibrated` that make right and wrong most probable, by Newton's method, from
    n_entities that are right or not with confidences as the network gives them. A prior keeps both near 1 and 0 where
    few entities tell. They change nothing if surer entities are less often right."""
    inputs = np.stack((log_odds(confidences), np.ones(len(confidences))), axis=1)
    prior = np.array(UNCALIBRATED)

    def loss(values: Doubles) -> float:
        odds = inputs @ values
        return float(
            (np.logaddexp(0, odds) - odds * right).sum() + ((values - prior) ** 2).sum() / 2
        )

    found = prior
    for _ in range(MAX_NEWTON_STEPS):
        probable = 0.5 * (1 + np.tanh(0.5 * (inputs @ found)))
        gradient = inputs.T @ (probable - right) + (found - prior)
        curvature = (inputs * (probable * (1 - probable))[:, None]).T @ inputs + np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # A full step can go too far where confidences are near 0 or 1.
        while loss(found - step) > loss(found) and np.abs(step).max() > SMALLEST_STEP:
            step = step / 2
        found = found - step
        if np.abs(step).max() <= SMALLEST_STEP:
            break
    slope, offset = found.tolist()
    return (slope, offset) if slope > 0 else UNCALIBRATED


def fit_thresholds(
    confidences: NDArray, right: Bools, labels: Sequence[str], gold: Mapping[str, int]
) -> dict[str, float]:
    """Find the confidences from which on entities make the F of all labels together highest.

    Taking an entity raises it if the entity is more probably right than half of the highest F (Lipton et al. 2014,
    "Optimal Thresholding of Classifiers to Maximize F1 Measure"). If confidences are calibrated, that half is the
    threshold. For a label with other confidences it is where these entities are right so often. What the few entities
    of a label say of that is drawn towards the half.

    confidences, right, labels: Of n_entities.
    gold (Mapping[str, int]): How many entities of each label there are to find. Each label in it gets a threshold.
    """
    order = np.argsort(-confidences, kind="stable")
    confidences, right, of = confidences[order], right[order], np.array(labels)[order]
    scores = 2 * np.cumsum(right) / (np.arange(1, len(order) + 1) + sum(gold.values()))
    half = float(scores.max(initial=0.0)) / 2 or DEFAULT_THRESHOLD
    found = dict.fromkeys(gold, half)
    for label in set(labels) & set(gold):
        mine = confidences[of == label]
        last = int(np.cumsum(right[of == label] - half).argmax())
        # Halfway to the first that is left out.
        best = float(mine[last : last + 2].mean())
        found[label] = (gold[label] * best + PRIOR_ENTITIES * half) / (gold[label] + PRIOR_ENTITIES)
    return found
