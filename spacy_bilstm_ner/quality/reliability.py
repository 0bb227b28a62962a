"""Whether confidences can be trusted: calibration, ranking, and precision above a threshold."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.scorer import ROCAUCScore
from spacy.training import Example

from .scores import judge_entities

N_BINS = 15

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """The predicted entities of a label, in decreasing order of confidence.

    confidence (Floats): n_entities
    is_correct (Bools): n_entities; whether boundaries and label are correct.
    n_gold (int): Number of gold entities.
    """

    confidence: Floats
    is_correct: Bools
    n_gold: int

    @property
    def precision(self) -> Floats:
        """The precision of the entities up to each: n_entities."""
        return np.cumsum(self.is_correct) / np.arange(1, len(self.is_correct) + 1)

    @property
    def recall(self) -> Floats:
        """The recall of the entities up to each: n_entities."""
        return np.cumsum(self.is_correct) / max(self.n_gold, 1)


class Bins(NamedTuple):
    """Entities in groups of about equal size, in increasing order of confidence.

    confidence (Floats): The mean confidence of each group: n_bins
    precision (Floats): The share of correct entities of each group: n_bins
    n_entities (NDArray): The size of each group: n_bins
    """

    confidence: Floats
    precision: Floats
    n_entities: NDArray[np.int64]


@dataclass(frozen=True)
class Reliability:
    """How far confidences can be trusted.

    curves (dict[str, Curve]): By label.
    bins (Bins): The entities in groups of similar confidence.
    calibration_error (float): Mean distance of confidence and precision, from 0 (best) to 1.
    auc (float | None): How often a correct entity has a higher confidence than a wrong one, from 0
        to 1. None if all entities are correct, or all are wrong.
    """

    curves: dict[str, Curve]
    bins: Bins
    calibration_error: float
    auc: float | None


def make_curves(examples: Sequence[Example]) -> dict[str, Curve]:
    """Return a curve for each label; none if no entity has a confidence.

    Entities without a confidence, which other pipes have set, are left out.
    """
    entities = defaultdict(list)
    n_missed: dict[str, int] = defaultdict(int)
    for example in examples:
        judgement = judge_entities(example)
        for entity, is_correct in judgement.predicted:
            if entity.confidence is not None:
                entities[entity.label].append((entity.confidence, is_correct))
        for label in judgement.missed:
            n_missed[label] += 1
    if not entities:
        return {}
    curves = {}
    for label in sorted({*entities, *n_missed}):
        # Of equal confidences, wrong entities come first.
        ranked = sorted(entities[label], key=lambda entity: (-entity[0], entity[1]))
        columns = np.array(ranked, dtype="float64").reshape(-1, 2)
        n_gold = int(columns[:, 1].sum()) + n_missed[label]
        curves[label] = Curve(columns[:, 0], columns[:, 1].astype(bool), n_gold)
    return curves


def make_bins(confidence: Floats, is_correct: Bools) -> Bins:
    """Sort entities by confidence into at most N_BINS bins."""
    order = np.argsort(confidence, kind="stable")
    rows = []
    for members in np.array_split(order, min(N_BINS, len(order))):
        rows.append((confidence[members].mean(), is_correct[members].mean(), len(members)))
    mean_confidence, precision, n_entities = np.array(rows).T
    return Bins(mean_confidence, precision, n_entities.astype("int64"))


def compute_calibration_error(bins: Bins) -> float:
    """Compute the expected calibration error: mean distance of confidence and precision."""
    distances = np.abs(bins.confidence - bins.precision)
    return float(np.average(distances, weights=bins.n_entities))


def compute_auc(confidence: Floats, is_correct: Bools) -> float | None:
    """Compute the area under the ROC curve; None if all are correct, or all are wrong."""
    roc = ROCAUCScore()
    for score, truth in zip(confidence, is_correct, strict=True):
        roc.score_set(score, truth)
    return float(roc.score) if roc.is_binary() else None


def measure_reliability(examples: Sequence[Example]) -> Reliability | None:
    """Measure how far confidences can be trusted; None if no entity has a confidence."""
    curves = make_curves(examples)
    if not curves:
        return None
    confidence = np.concatenate([curve.confidence for curve in curves.values()])
    is_correct = np.concatenate([curve.is_correct for curve in curves.values()])
    bins = make_bins(confidence, is_correct)
    error = compute_calibration_error(bins)
    return Reliability(curves, bins, error, compute_auc(confidence, is_correct))
