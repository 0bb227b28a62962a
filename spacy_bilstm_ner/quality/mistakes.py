"""Compare predicted entities with the gold ones: which were confused, missed, invented or cut wrongly."""

from collections import Counter
from dataclasses import dataclass

from spacy.tokens import Doc, Span
from spacy.training import Example

BOUNDARY = "wrong boundary"
MISSED = "missed"
SPURIOUS = "spurious"


@dataclass(frozen=True)
class Entity:
    """An entity by its place in the text, whatever the tokens are.

    start (int): The first character's index.
    end (int): The index after the last character.
    label (str): The label.
    confidence (float | None): The probability that it is right, if it was predicted with one.
    """

    start: int
    end: int
    label: str
    confidence: float | None = None

    def overlaps(self, other: "Entity") -> bool:
        return self.start < other.end and other.start < self.end

    def covers_same(self, other: "Entity") -> bool:
        return (self.start, self.end) == (other.start, other.end)


@dataclass(frozen=True)
class Mistake:
    """A predicted entity that is wrong.

    text (str): The text it was predicted in.
    entity (Entity): The entity.
    kind (str): The gold label it should have had, or "wrong boundary", or "spurious".
    gold (tuple[Entity, ...]): The gold entities that it overlaps.
    """

    text: str
    entity: Entity
    kind: str
    gold: tuple[Entity, ...]


def entities(doc: Doc) -> list[Entity]:
    """List a Doc's entities.

    doc (Doc): The Doc.
    RETURNS (list[Entity]): Its entities, with confidences if the pipeline gives them.
    """
    known = Span.has_extension("confidence")
    return [Entity(ent.start_char, ent.end_char, ent.label_, ent._.confidence if known else None) for ent in doc.ents]


def confusion(examples: list[Example]) -> Counter[tuple[str, str]]:
    """Count what became of the gold entities, and where the predicted ones come from.

    examples (list[Example]): Predicted examples.
    RETURNS (Counter[tuple[str, str]]): Numbers by (gold, predicted). Both are labels where the
        boundaries agree. Otherwise a gold entity counts under (label, "wrong boundary") if it
        overlaps a predicted one, else (label, "missed"); and a predicted entity counts under
        ("wrong boundary", label) or ("spurious", label). So a gold label's row adds up to all its
        gold entities, and a predicted label's column to all that were predicted.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        gold, predicted = entities(example.reference), entities(example.predicted)
        for entity in gold:
            counts[entity.label, fate(entity, predicted, alone=MISSED)] += 1
        for entity in predicted:
            if not any(entity.covers_same(other) for other in gold):
                counts[fate(entity, gold, alone=SPURIOUS), entity.label] += 1
    return counts


def fate(entity: Entity, others: list[Entity], *, alone: str) -> str:
    """Find what an entity is on the other side.

    entity (Entity): An entity.
    others (list[Entity]): The other side's entities of the same text.
    alone (str): What to say if nothing there overlaps it.
    RETURNS (str): The label of the other side's entity with the same boundaries, else "wrong
        boundary" if one overlaps it, else `alone`.
    """
    for other in others:
        if entity.covers_same(other):
            return other.label
    return BOUNDARY if any(entity.overlaps(other) for other in others) else alone


def surest_mistakes(examples: list[Example], *, limit: int) -> list[Mistake]:
    """Find the wrong entities that the pipeline was surest of.

    examples (list[Example]): Predicted examples.
    limit (int): How many to give at most.
    RETURNS (list[Mistake]): The surest first; in the order of the text if none has a confidence.
    """
    mistakes = []
    for example in examples:
        gold = entities(example.reference)
        for entity in entities(example.predicted):
            kind = fate(entity, gold, alone=SPURIOUS)
            if kind != entity.label:
                overlapping = tuple(other for other in gold if entity.overlaps(other))
                mistakes.append(Mistake(example.reference.text, entity, kind, overlapping))
    mistakes.sort(key=lambda mistake: -(mistake.entity.confidence or 0.0))
    return mistakes[:limit]
