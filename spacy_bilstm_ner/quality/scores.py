"""Precision, recall and F of entities."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.training import Example

from ..pipe.entities import Entity, entities

# The last axis of an array of counts
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = range(3)
# Rows below those of the labels
TOTALS = ("all", "mean of labels")


class Judgement(NamedTuple):
    """A prediction compared with the annotation.

    predicted (list[tuple[Entity, bool]]): The predicted entities, and whether each is correct.
    missed (list[str]): The labels of the gold entities that were not predicted.
    """

    predicted: list[tuple[Entity, bool]]
    missed: list[str]


def judge_entities(example: Example) -> Judgement:
    """Compare predicted and gold entities as spaCy's scorer does.

    An entity is correct if its boundaries and its label are. Predictions on tokens without
    annotation are left out.
    """
    gold = {(ent.start, ent.end, ent.label_) for ent in example.reference.ents}
    predicted = []
    pairs = zip(example.predicted.ents, entities(example.predicted), strict=True)
    for span, entity in pairs:
        # Predicted and gold tokens differ. As in spaCy, gold tokens count.
        tokens = example.alignment.x2y[span.start : span.end].tolist()
        if not tokens:
            continue
        start, end = tokens[0], tokens[-1] + 1
        if all(token.ent_iob for token in example.reference[start:end]):
            key = (start, end, entity.label)
            predicted.append((entity, key in gold))
            gold.discard(key)
    missed = [label for _, _, label in gold]
    return Judgement(predicted, missed)


def count_outcomes(examples: Sequence[Example]) -> tuple[list[str], NDArray[np.int64]]:
    """Count true positives, false positives and false negatives.

    RETURNS (tuple): The sorted labels, and counts: n_examples × n_labels × 3.
    """
    outcomes: list[tuple[int, str, int]] = []
    for row, example in enumerate(examples):
        judgement = judge_entities(example)
        for entity, is_correct in judgement.predicted:
            outcome = TRUE_POSITIVE if is_correct else FALSE_POSITIVE
            outcomes.append((row, entity.label, outcome))
        for label in judgement.missed:
            outcomes.append((row, label, FALSE_NEGATIVE))
    labels = sorted({label for _, label, _ in outcomes})
    counts = np.zeros((len(examples), len(labels), 3), dtype="int64")
    for row, label, outcome in outcomes:
        counts[row, labels.index(label), outcome] += 1
    return labels, counts


def compute_scores(counts: NDArray) -> NDArray[np.float64]:
    """Compute precision, recall and F of each label and of TOTALS, from 0 to 1.

    A score of 0/0 is 0. A label without entities has NaN, and does not enter the mean.

    counts (NDArray): … × n_labels × 3
    RETURNS (NDArray): … × (n_labels + 2) × 3
    """
    counts = np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)
    correct, false_positives, false_negatives = np.moveaxis(counts, -1, 0)
    n_predicted = correct + false_positives
    n_gold = correct + false_negatives
    precision = correct / np.maximum(n_predicted, 1)
    recall = correct / np.maximum(n_gold, 1)
    f = 2 * correct / np.maximum(n_predicted + n_gold, 1)
    scores = np.stack([precision, recall, f], axis=-1)
    scores[~counts.any(axis=-1)] = np.nan
    labels_with_entities = np.ma.masked_invalid(scores[..., :-1, :])
    mean = labels_with_entities.mean(axis=-2, keepdims=True).filled(np.nan)
    return np.concatenate([scores, mean], axis=-2)


def compute_f(counts: NDArray) -> NDArray[np.float64]:
    """Compute F of each label and of TOTALS: … × n_labels × 3 -> … × (n_labels + 2)."""
    return compute_scores(counts)[..., 2]


def name_columns(keys: Sequence[str], rows: NDArray[np.float64]) -> list[dict[str, float | None]]:
    """Return each row as a dict. NaN becomes None."""
    return [dict(zip(keys, row, strict=True)) for row in np.ma.masked_invalid(rows).tolist()]


def score_examples(examples: Sequence[Example]) -> dict[str, Any]:
    """Score the entities of predicted examples.

    RETURNS (dict[str, Any]): Precision, recall and F ("p", "r", "f"), from 0 to 1, or None where
        there is no entity: "micro" over all entities, "macro" as the mean of the labels, and in
        "labels" for each label. "gold" and "predicted" are numbers of entities.
    """
    labels, counts = count_outcomes(examples)
    total = counts.sum(axis=0)
    *label_scores, micro, macro = name_columns("prf", compute_scores(total))
    gold = total[:, TRUE_POSITIVE] + total[:, FALSE_NEGATIVE]
    predicted = total[:, TRUE_POSITIVE] + total[:, FALSE_POSITIVE]
    by_label = {}
    for i, label in enumerate(labels):
        numbers = {"gold": int(gold[i]), "predicted": int(predicted[i])}
        by_label[label] = label_scores[i] | numbers
    return {
        "micro": micro,
        "macro": macro,
        "labels": by_label,
        "gold": int(gold.sum()),
        "predicted": int(predicted.sum()),
    }
