"""Whether confidences can be trusted: how far they are from the share of entities that is right (calibration), whether
right entities have higher ones than wrong entities (ranking), and what a threshold would give (curves)."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.scorer import ROCAUCScore
from spacy.training import Example

from .scores import judge

BINS = 15

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """A label's predicted entities, the surest first.

    right (Bools): Whether span and label are.
    gold (int): How many entities there are to find.
    """

    confidence: Floats
    right: Bools
    gold: int

    @property
    def precision(self) -> Floats:
        """n_entities, if only those up to each are taken."""
        return np.cumsum(self.right) / np.arange(1, len(self.right) + 1)

    @property
    def recall(self) -> Floats:
        """n_entities, likewise."""
        return np.cumsum(self.right) / max(self.gold, 1)


def curves(examples: list[Example]) -> dict[str, Curve]:
    """Those of the entities that have a confidence; what other pipes have set counts neither as found nor as missed.

    RETURNS (dict[str, Curve]): By label, sorted; empty if no entity has a confidence.
    """
    found, missed = [], Counter[str]()
    for pairs, labels in map(judge, examples):
        found += [
            (-each.confidence, right, each.label)
            for each, right in pairs
            if each.confidence is not None
        ]
        missed.update(labels)
    result = {}
    for label in sorted({label for *_, label in found} | set(missed)) if found else ():
        mine = sorted(each[:2] for each in found if each[2] == label)
        right = np.array([right for _, right in mine], dtype=bool)
        result[label] = Curve(
            -np.array([sure for sure, _ in mine]), right, int(right.sum()) + missed[label]
        )
    return result


def bins(confidences: Floats, right: Bools) -> list[dict[str, float]]:
    """Sort entities by their confidence (n_entities) into at most fifteen bins of equal numbers, the least sure first.

    RETURNS (list[dict]): Mean "confidence", share that is right ("precision") and number ("entities") of each bin.
    """
    order = np.argsort(confidences, kind="stable")
    return [
        {
            "confidence": float(confidences[part].mean()),
            "precision": float(right[part].mean()),
            "entities": len(part),
        }
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def calibration_error(filled: list[dict[str, float]]) -> float:
    """The expected calibration error: mean distance of confidence and precision, from 0 (perfect) to 1."""
    apart = [abs(each["confidence"] - each["precision"]) for each in filled]
    return float(np.average(apart, weights=[each["entities"] for each in filled]))


def ranking(confidences: Floats, right: Bools) -> float | None:
    """The area under the ROC curve: how often a right entity has a higher confidence than a wrong one.

    RETURNS (float | None): From 0 to 1; a tie counts half. None if all are right, or all wrong.
    """
    pairs = ROCAUCScore()
    for each in zip(confidences, right, strict=True):
        pairs.score_set(*each)
    return float(pairs.score) if pairs.is_binary() else None


def measure(examples: list[Example]) -> dict[str, Any] | None:
    """RETURNS (dict | None): "ece" (calibration error), "auc" (ranking), "bins", "curves"; None without confidences."""
    found = curves(examples)
    if not found:
        return None
    confidences = np.concatenate([curve.confidence for curve in found.values()])
    right = np.concatenate([curve.right for curve in found.values()])
    filled = bins(confidences, right)
    return {
        "ece": calibration_error(filled),
        "auc": ranking(confidences, right),
        "bins": filled,
        "curves": found,
    }
