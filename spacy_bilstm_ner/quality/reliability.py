"""Whether confidences can be trusted: how far they are from the share of entities that is right (calibration), and
whether right entities have higher ones than wrong entities (ranking)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.training import Example

from .scores import judge

BINS = 15
COVERAGES = 20

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def judged(examples: list[Example]) -> tuple[Floats, Bools] | None:
    """Collect the confidence of each predicted entity (n_entities), and whether its span and label are right.

    RETURNS (tuple | None): Both; None if there is no entity, or one without a confidence.
    """
    found = [pair for example in examples for pair in judge(example)[0]]
    if not found or any(entity.confidence is None for entity, _ in found):
        return None
    return np.array([entity.confidence for entity, _ in found], dtype="float64"), np.array(
        [right for _, right in found]
    )


def bins(confidences: Floats, right: Bools) -> list[dict[str, float]]:
    """Sort entities by their confidence (n_entities) into at most fifteen bins of equal numbers, the least sure first.

    RETURNS (list[dict]): Mean "confidence", share that is right ("precision") and number ("entities") of each bin.
    """
    order = np.argsort(confidences, kind="stable")
    return [
        {"confidence": float(confidences[part].mean()), "precision": float(right[part].mean()), "entities": len(part)}
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def calibration_error(filled: list[dict[str, float]]) -> float:
    """The expected calibration error: mean distance of confidence and precision, from 0 (perfect) to 1."""
    total = sum(each["entities"] for each in filled)
    return sum(each["entities"] * abs(each["confidence"] - each["precision"]) for each in filled) / total


def ranking(confidences: Floats, right: Bools) -> float | None:
    """The area under the ROC curve: how often a right entity has a higher confidence than a wrong one.

    RETURNS (float | None): From 0 to 1; a tie counts half. None if all are right, or all wrong.
    """
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if not n_right or not n_wrong:
        return None
    _, place, counts = np.unique(confidences, return_inverse=True, return_counts=True)
    # Equal confidences share the mean of their ranks.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[right].sum() - n_right * (n_right + 1) / 2) / (n_right * n_wrong))


def coverage(confidences: Floats, right: Bools) -> list[dict[str, float]]:
    """See how precise the surest entities are.

    RETURNS (list[dict]): For growing shares of the entities ("coverage"): the "threshold" that keeps it, "precision".
    """
    order = np.argsort(-confidences, kind="stable")
    kept = sorted({-(-len(order) * step // COVERAGES) for step in range(1, COVERAGES + 1)})
    threshold, precision = confidences[order], np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    return [
        {"coverage": n / len(order), "threshold": float(threshold[n - 1]), "precision": float(precision[n - 1])}
        for n in kept
    ]


def measure(examples: list[Example]) -> dict[str, Any] | None:
    """Measure the confidences in predicted examples.

    RETURNS (dict | None): "ece" (calibration error), "auc" (ranking), "bins", "coverage"; None without confidences.
    """
    known = judged(examples)
    if known is None:
        return None
    filled = bins(*known)
    return {"ece": calibration_error(filled), "auc": ranking(*known), "bins": filled, "coverage": coverage(*known)}
