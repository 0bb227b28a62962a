"""Compute precision and recall of entities above a confidence."""

import pandas as pd

from .scores import CORRECT, MISSED, WRONG


def make_curves(judged: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute precision and recall above each confidence.

    judged (pd.DataFrame): See `judge_entities`. Entities that other pipes have set have no
        confidence, and are left out.
    RETURNS (dict[str, pd.DataFrame]): Label -> a row for each predicted entity, by decreasing
        "confidence". "precision" and "recall" are of the entities up to this row.
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
                "precision": n_correct / (ranked.index + 1),
                "recall": n_correct / max(n_gold, 1),
            }
        )
    return curves
