"""Measure how reliable confidences are: calibration, ranking, and precision above a threshold.

The functions take the table of `scores.judge_entities`. Entities that other pipes have set have no
confidence, and are left out.
"""

import numpy as np
import pandas as pd
from spacy.scorer import ROCAUCScore

from .scores import CORRECT, MISSED, WRONG

MAX_BINS = 15


def make_curves(judged: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute precision and recall above each confidence.

    RETURNS (dict[str, pd.DataFrame]): Label -> a row for each predicted entity, by decreasing
        "confidence". "is_correct", "precision" and "recall" are of the entities up to this row.
    """
    curves = {}
    has_confidence = judged["confidence"].notna()
    if not has_confidence.any():
        return {}
    for label, rows in judged[has_confidence | (judged["outcome"] == MISSED)].groupby("label"):
        n_gold = (rows["outcome"] != WRONG).sum()
        # If confidences are equal, wrong entities come first.
        ranked = rows.dropna().sort_values(["confidence", "outcome"], ascending=False)
        curve = ranked[["confidence"]].reset_index(drop=True)
        curve["is_correct"] = (ranked["outcome"] == CORRECT).cumsum().to_numpy()
        curve["precision"] = curve["is_correct"] / (curve.index + 1)
        curve["recall"] = curve["is_correct"] / max(n_gold, 1)
        curves[str(label)] = curve
    return curves


def make_bins(judged: pd.DataFrame) -> pd.DataFrame:
    """Sort entities by confidence into at most MAX_BINS bins of about equal size.

    RETURNS (pd.DataFrame): Mean "confidence", "precision" and number of "entities" of each bin.
    """
    ranked = judged.dropna().sort_values("confidence", kind="stable")
    n_bins = min(MAX_BINS, len(ranked))
    numbers = np.arange(len(ranked)) * n_bins // max(len(ranked), 1)
    bins = ranked.assign(is_correct=ranked["outcome"] == CORRECT).groupby(numbers)
    return bins.agg(
        confidence=("confidence", "mean"),
        precision=("is_correct", "mean"),
        entities=("is_correct", "size"),
    )


def compute_calibration_error(bins: pd.DataFrame) -> float:
    """Compute the expected calibration error: the mean of |confidence - precision| of the bins."""
    distances = (bins["confidence"] - bins["precision"]).abs()
    return float(np.average(distances, weights=bins["entities"]))


def compute_auc(judged: pd.DataFrame) -> float | None:
    """Compute how often a correct entity has a higher confidence than a wrong one.

    RETURNS (float | None): The area under the ROC curve; None if all are correct, or all are wrong.
    """
    roc = ROCAUCScore()
    ranked = judged.dropna()
    for confidence, outcome in zip(ranked["confidence"], ranked["outcome"], strict=True):
        roc.score_set(confidence, outcome == CORRECT)
    return float(roc.score) if roc.is_binary() else None
