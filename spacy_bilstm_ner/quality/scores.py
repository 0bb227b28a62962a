"""Count right, wrong and missed entities, and turn counts into precision, recall and F."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.training import Example

from ..pipe.entities import Entity, entities
from .pages import percent

# The last axis of an array of counts: entities found, entities made up, entities missed.
TP, FP, FN = range(3)
# What stands below the labels
TOTALS = ("all", "mean of labels")


def judge(example: Example) -> tuple[list[tuple[Entity, bool]], list[str]]:
    """Compare predicted and gold entities as spaCy's scorer does; those on tokens without annotation are left out.

    RETURNS (tuple): The predicted entities, and whether span and label are right; the labels of the missed gold ones.
    """
    gold = {(ent.start, ent.end, ent.label_) for ent in example.reference.ents}
    found: list[tuple[Entity, bool]] = []
    for span, entity in zip(example.predicted.ents, entities(example.predicted), strict=True):
        # Tokens differ on both sides; as spaCy does, we compare in gold tokens.
        tokens = example.alignment.x2y[span.start : span.end].tolist()
        if tokens and all(token.ent_iob for token in example.reference[tokens[0] : tokens[-1] + 1]):
            key = (tokens[0], tokens[-1] + 1, entity.label)
            found.append((entity, key in gold))
            gold.discard(key)
    return found, [label for _, _, label in gold]


def count(examples: list[Example]) -> tuple[list[str], NDArray[np.int64]]:
    """Count the entities that are right, made up and missed: the labels, sorted, and n_examples × n_labels × 3."""
    cells: list[tuple[int, str, int]] = []
    for row, (found, missed) in enumerate(map(judge, examples)):
        cells += [(row, entity.label, TP if right else FP) for entity, right in found]
        cells += [(row, label, FN) for label in missed]
    names = sorted({label for _, label, _ in cells})
    counts = np.zeros((len(examples), len(names), 3), dtype="int64")
    for row, label, outcome in cells:
        counts[row, names.index(label), outcome] += 1
    return names, counts


def prf(counts: NDArray) -> NDArray[np.float64]:
    """… × n_labels × 3 counts → … × (n_labels + 2) × 3 scores from 0 to 1: precision, recall and F of each label and of
    TOTALS. A score that would be 0/0 is 0; but a label without entities has NaN, and the mean is that of the others."""
    counts = np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)
    tp, fp, fn = np.moveaxis(counts, -1, 0)
    parts = ((tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn))
    scores = np.stack([over / np.maximum(under, 1) for over, under in parts], axis=-1)
    scores[~counts.any(axis=-1)] = np.nan
    mean = np.ma.masked_invalid(scores[..., :-1, :]).mean(axis=-2, keepdims=True).filled(np.nan)
    return np.concatenate([scores, mean], axis=-2)


def f_scores(counts: NDArray) -> NDArray[np.float64]:
    """… × n_labels × 3 counts → … × (n_labels + 2): F of each label, and TOTALS."""
    return prf(counts)[..., 2]


def records(keys: Sequence[str], rows: NDArray[np.float64]) -> list[dict[str, float | None]]:
    """Give the numbers of each row their names; NaN becomes None."""
    return [dict(zip(keys, row, strict=True)) for row in np.ma.masked_invalid(rows).tolist()]


def score(examples: list[Example]) -> dict[str, Any]:
    """Score the entities of predicted examples: one counts if its span and its label are right.

    RETURNS (dict[str, Any]): Precision, recall and F ("p", "r", "f"), from 0 to 1 or None where there is no entity at
        all: "micro" over all entities, "macro" as the mean of the labels, and in "labels" for each label; "gold" and
        "predicted" are numbers of entities.
    """
    names, counts = count(examples)
    total = counts.sum(axis=0)
    *each, micro, macro = records("prf", prf(total))
    gold, predicted = ([int(row[TP] + row[other]) for row in total] for other in (FN, FP))
    numbers = [
        {"gold": some, "predicted": others} for some, others in zip(gold, predicted, strict=True)
    ]
    return {
        "micro": micro,
        "macro": macro,
        "labels": {
            name: scores | both for name, scores, both in zip(names, each, numbers, strict=True)
        },
        "gold": sum(gold),
        "predicted": sum(predicted),
    }


def percents(scores: dict[str, Any]) -> list[str]:
    """Show "p", "r" and "f" in per cent with two decimals; "-" for None."""
    return [percent(scores[key], digits=2) for key in "prf"]
