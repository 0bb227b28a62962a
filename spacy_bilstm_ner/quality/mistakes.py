"""Compare predicted entities with the gold ones: which were confused, missed, made up or cut wrongly."""

from collections import Counter
from dataclasses import dataclass

from spacy.training import Example

from .entities import Entity, entities

BOUNDARY = "wrong boundary"
MISSED = "missed"
SPURIOUS = "spurious"


@dataclass(frozen=True)
class Mistake:
    """A predicted entity that is wrong, and the text it was predicted in.

    kind (str): The gold label it should have had, or "wrong boundary", or "spurious".
    gold (tuple[Entity, ...]): The gold entities that it overlaps.
    """

    text: str
    entity: Entity
    kind: str
    gold: tuple[Entity, ...]


def confusion(examples: list[Example]) -> Counter[tuple[str, str]]:
    """Count what became of the gold entities, and where the predicted ones come from.

    RETURNS (Counter[tuple[str, str]]): Numbers by (gold, predicted). Both are labels if the boundaries agree.
        Otherwise a gold entity counts as (label, "wrong boundary") if it overlaps a predicted one, else as
        (label, "missed"); a predicted entity counts as ("wrong boundary", label) or ("spurious", label). So the row of
        a gold label adds up to its gold entities, and the column of a predicted label to its predicted entities.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        gold, predicted = entities(example.reference), entities(example.predicted)
        for entity in gold:
            counts[entity.label, counterpart(entity, predicted, alone=MISSED)] += 1
        for entity in predicted:
            if not any(entity.covers_same(other) for other in gold):
                counts[counterpart(entity, gold, alone=SPURIOUS), entity.label] += 1
    return counts


def counterpart(entity: Entity, others: list[Entity], *, alone: str) -> str:
    """Say what the other side has in the place of an entity: the label of the one with the same boundaries, else
    "wrong boundary" if one overlaps it, else `alone`.
    """
    for other in others:
        if entity.covers_same(other):
            return other.label
    return BOUNDARY if any(entity.overlaps(other) for other in others) else alone


def surest_mistakes(examples: list[Example], *, limit: int) -> list[Mistake]:
    """Find the wrong entities that the pipeline was surest of, at most `limit`, the surest first."""
    mistakes = []
    for example in examples:
        gold = entities(example.reference)
        for entity in entities(example.predicted):
            kind = counterpart(entity, gold, alone=SPURIOUS)
            if kind != entity.label:
                overlapping = tuple(other for other in gold if entity.overlaps(other))
                mistakes.append(Mistake(example.reference.text, entity, kind, overlapping))
    mistakes.sort(key=lambda mistake: -(mistake.entity.confidence or 0.0))
    return mistakes[:limit]
