"""Measure how reliable confidences are: calibration, and precision and recall above a threshold.

The functions take the table of `scores.judge_entities`. Entities that other pipes have set have no
confidence, and are left out.
"""

import numpy as np
import pandas as pd

from .scores import CORRECT, MISSED, WRONG

MAX_BINS = 15


def make_curves(judged: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute precision and recall above each confidence.

    RETURNS (dict[str, pd.DataFrame]): Label -> a row for each predicted entity, by decreasing
        "confidence". "n_correct", "precision" and "recall" are of the entities up to this row.
    """
    curves = {}
    is_counted = judged["confidence"].notna() | (judged["outcome"] == MISSED)
    for label, rows in judged[is_counted].groupby("label"):
        n_gold = (rows["outcome"] != WRONG).sum()
        # If confidences are equal, wrong entities come first.
        order = ["confidence", "outcome"]
        ranked = rows.dropna().sort_values(order, ascending=False, ignore_index=True)
        n_correct = (ranked["outcome"] == CORRECT).cumsum()
        curves[str(label)] = pd.DataFrame(
            {
                "confidence": ranked["confidence"],
                "n_correct": n_correct,
                "precision": n_correct / (ranked.index + 1),
                "recall": n_correct / max(n_gold, 1),
            }
        )
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
