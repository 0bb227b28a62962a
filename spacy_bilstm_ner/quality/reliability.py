"""Whether confidences can be trusted: how far they are from the share of entities that is right (calibration), whether
right entities have higher ones than wrong entities (ranking), and what a threshold would give (curves)."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
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


def curves(examples: list[Example]) -> dict[str, Curve] | None:
    """Those of the entities that have a confidence; what other pipes have set counts neither as found nor as missed.

    RETURNS (dict[str, Curve] | None): By label, sorted; None if no entity has a confidence.
    """
    found, missed = [], Counter[str]()
    for pairs, labels in map(judge, examples):
        found += [(entity, right) for entity, right in pairs if entity.confidence is not None]
        missed.update(labels)
    if not found:
        return None
    result = {}
    for label in sorted({entity.label for entity, _ in found} | set(missed)):
        mine = sorted((-(ent.confidence or 0.0), right) for ent, right in found if ent.label == label)
        right = np.array([right for _, right in mine], dtype=bool)
        result[label] = Curve(-np.array([sure for sure, _ in mine]), right, int(right.sum()) + missed[label])
    return result


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
    apart = [abs(each["confidence"] - each["precision"]) for each in filled]
    return float(np.average(apart, weights=[each["entities"] for each in filled]))


def ranking(confidences: Floats, right: Bools) -> float | None:
    """The area under the ROC curve: how often a right entity has a higher confidence than a wrong one.

    RETURNS (float | None): From 0 to 1; a tie counts half. None if all are right, or all wrong.
    """
    wrong = np.sort(confidences[~right])
    if not len(wrong) or not right.any():
        return None
    below, up_to = (wrong.searchsorted(confidences[right], side=side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(wrong))


def measure(examples: list[Example]) -> dict[str, Any] | None:
    """RETURNS (dict | None): "ece" (calibration error), "auc" (ranking), "bins", "curves"; None without confidences."""
    found = curves(examples)
    if found is None:
        return None
    confidences = np.concatenate([curve.confidence for curve in found.values()])
    right = np.concatenate([curve.right for curve in found.values()])
    filled = bins(confidences, right)
    return {"ece": calibration_error(filled), "auc": ranking(confidences, right), "bins": filled, "curves": found}
