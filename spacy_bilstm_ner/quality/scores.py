"""Count right, wrong and missed entities, and turn counts into precision, recall and F."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.training import Example

from .entities import Entity, entities

# The last axis of an array of counts: entities found, entities made up, entities missed.
TP, FP, FN = range(3)


def judge(example: Example) -> tuple[list[tuple[Entity, bool]], list[str]]:
    """Compare predicted and gold entities as spaCy's scorer does; those on tokens without annotation are left out.

    RETURNS (tuple): The predicted entities, and whether span and label are right; the labels of the missed gold ones.
    """
    gold_doc = example.reference
    if not gold_doc.has_annotation("ENT_IOB"):
        return [], []
    gold = {(ent.start, ent.end, ent.label_) for ent in gold_doc.ents}
    found: list[tuple[Entity, bool]] = []
    for span, entity in zip(example.predicted.ents, entities(example.predicted), strict=True):
        # Tokens differ on both sides; as spaCy does, we compare in gold tokens.
        tokens = example.alignment.x2y[span.start : span.end]
        if not len(tokens):
            continue
        start, end = int(tokens[0]), int(tokens[-1]) + 1
        if all(token.ent_iob for token in gold_doc[start:end]):
            key = (start, end, entity.label)
            found.append((entity, key in gold))
            gold.discard(key)
    return found, [label for _, _, label in gold]


def count(examples: list[Example]) -> tuple[list[str], NDArray[np.int64]]:
    """Count the entities that are right, made up and missed.

    RETURNS (tuple[list[str], NDArray]): The labels, sorted, and n_examples × n_labels × 3 counts.
    """
    outcomes = [judge(example) for example in examples]
    names = sorted({label for found, missed in outcomes for label in [*missed, *(ent.label for ent, _ in found)]})
    place = {label: i for i, label in enumerate(names)}
    counts = np.zeros((len(examples), len(names), 3), dtype="int64")
    for row, (found, missed) in zip(counts, outcomes, strict=True):
        for entity, right in found:
            row[place[entity.label], TP if right else FP] += 1
        for label in missed:
            row[place[label], FN] += 1
    return names, counts


def prf(counts: NDArray) -> NDArray[np.float64]:
    """Turn … × 3 counts (right, made up, missed) into … × 3 scores from 0 to 1: precision, recall and F. A score that
    would be 0/0 is 0.
    """
    tp, fp, fn = (counts[..., i].astype("float64") for i in (TP, FP, FN))
    parts = ((tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn))
    return np.stack([over / np.where(under > 0, under, 1) for over, under in parts], axis=-1)


def score(examples: list[Example]) -> dict[str, Any]:
    """Score the entities of predicted examples: one counts if its span and its label are right.

    RETURNS (dict[str, Any]): Precision, recall and F ("p", "r", "f"), from 0 to 1 or None where there is no entity at
        all: "micro" over all entities, "macro" as the mean of the labels, and in "labels" for each label; "gold" and
        "predicted" are numbers of entities.
    """
    names, counts = count(examples)
    total = counts.sum(axis=0)
    each = prf(total)
    labels = {
        name: {**_named(each[i]), "gold": int(total[i, [TP, FN]].sum()), "predicted": int(total[i, [TP, FP]].sum())}
        for i, name in enumerate(names)
    }
    return {
        "micro": _named(prf(total.sum(axis=0)) if names else None),
        "macro": _named(each.mean(axis=0) if names else None),
        "labels": labels,
        "gold": sum(scores["gold"] for scores in labels.values()),
        "predicted": sum(scores["predicted"] for scores in labels.values()),
    }


def _named(scores: NDArray | None) -> dict[str, float | None]:
    return {key: None if scores is None else float(scores[i]) for i, key in enumerate("prf")}


def percents(scores: dict[str, Any]) -> list[str]:
    """Show "p", "r" and "f" in per cent with two decimals; "-" for None."""
    return ["-" if (value := scores[key]) is None else f"{value * 100:.2f}" for key in "prf"]
