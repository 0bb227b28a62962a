"""Whether confidences can be trusted: how far they are from the share of entities that is right (calibration), and
whether right entities have higher ones than wrong entities (ranking)."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.training import Example

from .scores import judge

BINS = 15
COVERAGES = 20

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Bin:
    """Entities of similar confidence.

    confidence (float): Their mean confidence.
    precision (float): The share of them that is right.
    entities (int): Their number.
    """

    confidence: float
    precision: float
    entities: int


def judged(examples: list[Example]) -> tuple[Floats, Bools] | None:
    """Collect how sure the pipeline was of each entity, and whether it was right.

    examples (list[Example]): Predicted examples.
    RETURNS (tuple | None): The confidence of each predicted entity, and whether its span and label are right. None if
        there is no entity, or one without a confidence.
    """
    found = [pair for example in examples for pair in judge(example).found]
    if not found or any(entity.confidence is None for entity, _ in found):
        return None
    return np.array([entity.confidence for entity, _ in found], dtype="float64"), np.array([right for _, right in found])


def bins(confidences: Floats, right: Bools) -> list[Bin]:
    """Sort entities by their confidence into bins of equal numbers.

    confidences (Floats): n_entities.
    right (Bools): n_entities.
    RETURNS (list[Bin]): At most fifteen, the least sure first.
    """
    order = np.argsort(confidences, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [Bin(float(confidences[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_error(filled: list[Bin]) -> float:
    """Take the expected calibration error.

    filled (list[Bin]): What `bins` returns.
    RETURNS (float): The mean distance of confidence and precision, from 0 (perfect) to 1.
    """
    total = sum(each.entities for each in filled)
    return sum(each.entities * abs(each.confidence - each.precision) for each in filled) / total


def ranking(confidences: Floats, right: Bools) -> float | None:
    """Take the area under the ROC curve: how often a right entity has a higher confidence than a wrong one.

    confidences (Floats): n_entities.
    right (Bools): n_entities.
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

    confidences (Floats): n_entities.
    right (Bools): n_entities.
    RETURNS (list[dict[str, float]]): For growing shares of the entities, the surest first: the share ("coverage"), the
        "threshold" that keeps it, and its "precision".
    """
    order = np.argsort(-confidences, kind="stable")
    kept = sorted({-(-len(order) * step // COVERAGES) for step in range(1, COVERAGES + 1)})
    so_far = np.cumsum(right[order])
    return [
        {
            "coverage": n / len(order),
            "threshold": float(confidences[order[n - 1]]),
            "precision": float(so_far[n - 1] / n),
        }
        for n in kept
    ]


def measure(examples: list[Example]) -> dict[str, Any] | None:
    """Measure the confidences of a pipeline.

    examples (list[Example]): Predicted examples.
    RETURNS (dict[str, Any] | None): "ece" (calibration error), "auc" (ranking), "bins" and "coverage"; None if the
        pipeline gives no confidences.
    """
    known = judged(examples)
    if known is None:
        return None
    filled = bins(*known)
    return {
        "ece": calibration_error(filled),
        "auc": ranking(*known),
        "bins": [asdict(each) for each in filled],
        "coverage": coverage(*known),
    }
