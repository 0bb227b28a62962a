"""Precision, recall and F of entities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spacy.training import Example

from ..pipe.confidence import get_confidence

# Outcomes of entities. They are also the indices of the last axis in an array of counts.
CORRECT, WRONG, MISSED = range(3)
# Rows of a table of scores after the labels: micro average and macro average
TOTALS = ("all", "mean of labels")
# The index of "all" in an array of scores
ALL = -2


def judge_entities(examples: Sequence[Example]) -> pd.DataFrame:
    """Compare predicted and gold entities as spaCy's scorer does.

    An entity is correct if its boundaries and its label are. Predictions on tokens without
    annotation are left out.

    RETURNS (pd.DataFrame): A row for each predicted entity, CORRECT or WRONG, and for each gold
        entity that is MISSED. "sentence" is the index of the example. "confidence" may be NaN.
    """
    rows: list[tuple[int, str, int, float | None]] = []
    for sentence, example in enumerate(examples):
        gold = {(ent.start, ent.end, ent.label_) for ent in example.reference.ents}
        for span in example.predicted.ents:
            # Predicted and gold tokens may differ. As in spaCy, boundaries are in gold tokens.
            tokens = example.alignment.x2y[span.start : span.end]
            if not len(tokens):
                continue
            gold_span = example.reference[tokens[0] : tokens[-1] + 1]
            if all(token.ent_iob for token in gold_span):
                key = (gold_span.start, gold_span.end, span.label_)
                outcome = CORRECT if key in gold else WRONG
                gold.discard(key)
                rows.append((sentence, span.label_, outcome, get_confidence(span)))
        for _, _, label in gold:
            rows.append((sentence, label, MISSED, None))
    judged = pd.DataFrame(rows, columns=["sentence", "label", "outcome", "confidence"])
    return judged.astype({"confidence": "float64"})


def count_outcomes(*predictions: Sequence[Example]) -> tuple[list[str], NDArray[np.int64]]:
    """Count the outcomes of entities in one or more predictions of the same sentences.

    RETURNS (tuple): The sorted labels, and counts: n_sentences × n_predictions × n_labels × 3.
    """
    judged = pd.concat(map(judge_entities, predictions), keys=range(len(predictions)))
    labels, columns = np.unique(judged["label"].to_numpy(dtype=str), return_inverse=True)
    counts = np.zeros((len(predictions[0]), len(predictions), len(labels), 3), dtype="int64")
    prediction = judged.index.get_level_values(0)
    np.add.at(counts, (judged["sentence"], prediction, columns, judged["outcome"]), 1)
    return labels.tolist(), counts


def compute_scores(counts: NDArray) -> NDArray[np.float64]:
    """Compute precision, recall and F of each label and of TOTALS, from 0 to 1.

    A score of 0/0 is 0. A label without entities has NaN, and is not part of the mean.

    counts (NDArray): … × n_labels × 3
    RETURNS (NDArray): … × (n_labels + 2) × 3
    """
    counts = np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)
    n_correct, n_wrong, n_missed = np.moveaxis(counts, -1, 0)
    errors = n_wrong + n_missed
    denominators = [n_correct + n_wrong, n_correct + n_missed, n_correct + errors / 2]
    # If a denominator is less than 0.5, it is 0, and so is the numerator.
    scores = n_correct[..., None] / np.maximum(np.stack(denominators, axis=-1), 0.5)
    scores[~counts.any(axis=-1)] = np.nan
    labels_with_entities = np.ma.masked_invalid(scores[..., :-1, :])
    mean = labels_with_entities.mean(axis=-2, keepdims=True).filled(np.nan)
    return np.concatenate([scores, mean], axis=-2)


def compute_f(counts: NDArray) -> NDArray[np.float64]:
    """Compute F of each label and of TOTALS: … × n_labels × 3 -> … × (n_labels + 2)."""
    return compute_scores(counts)[..., 2]


def count_entities(counts: NDArray[np.int64], outcomes: list[int]) -> list[int]:
    """Count the entities with these outcomes, of each label and of TOTALS.

    Both totals are the number of all entities.

    counts (NDArray[np.int64]): n_labels × 3
    """
    numbers = counts[:, outcomes].sum(axis=1)
    return [*numbers.tolist(), numbers.sum(), numbers.sum()]
