"""Where annotation and prediction differ: what became of each label's entities, and the surest contradictions."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from spacy.training import Example

from .entities import Entity, entities
from .pages import named, table

BOUNDARY = "wrong boundary"
MISSED = "missed"
SPURIOUS = "spurious"
# An entity that is less probable is not told, so it may have as much: see `chain.decoding.MIN_SPAN_PROBABILITY`.
UNTOLD = 0.05


@dataclass(frozen=True)
class Conflict:
    """An annotated entity, a predicted one in its place, or only one of them.

    confidence (float | None): The probability of the prediction, or of none; less that of the annotation.
    """

    example: Example
    gold: Entity | None
    predicted: Entity | None
    confidence: float | None

    @property
    def kind(self) -> str:
        """What is wrong with the annotation, if the prediction is right."""
        if self.gold is None:
            return "missing"
        if self.predicted is None:
            return "spurious"
        return "label" if self.gold.covers_same(self.predicted) else "border"

    @property
    def text(self) -> str:
        return self.example.reference.text

    def words(self, entity: Entity | None) -> str:
        return self.text[entity.start : entity.end] if entity else ""


def conflicts(examples: Iterable[Example]) -> list[Conflict]:
    """Compare the entities of examples, the surest predictions first. Those on tokens without annotation are left out.

    An annotated entity stands against the surest prediction that overlaps it, or against none if that is more probable.
    """
    found = []
    for example in examples:
        gold, predicted = entities(example.reference), entities(example.predicted)
        for entity in gold:
            overlapping = [other for other in predicted if entity.overlaps(other)]
            best = max(overlapping, key=lambda other: other.confidence or 0.0, default=None)
            none = 1.0 - (sum(other.confidence or 0.0 for other in overlapping) or UNTOLD)
            if best is None or (best.confidence is not None and none > best.confidence):
                annotated = (best.confidence or 0.0) if best and best.key == entity.key else 0.0
                found.append(Conflict(example, entity, None, none - annotated))
            elif best.key != entity.key:
                found.append(Conflict(example, entity, best, best.confidence))
        for entity in predicted:
            if not any(entity.overlaps(other) for other in gold):
                span = example.reference.char_span(entity.start, entity.end, alignment_mode="expand")
                if all(token.ent_iob for token in span):
                    found.append(Conflict(example, None, entity, entity.confidence))
    return sorted(found, key=lambda conflict: -(conflict.confidence or 0.0))


def conflicts_table(found: Iterable[Conflict]) -> str:
    """Show conflicts, each in its sentence, as HTML."""
    rows = []
    for conflict in found:
        text, entity = conflict.text, conflict.predicted or conflict.gold
        assert entity is not None
        gold, predicted = (named(text, e) if e else "no entity" for e in (conflict.gold, conflict.predicted))
        before, here, after = map(escape, (text[: entity.start], conflict.words(entity), text[entity.end :]))
        sentence = f'{before}<mark class="wrong">{here}</mark>{after}'
        sure = "-" if conflict.confidence is None else f"{conflict.confidence:.3f}"
        rows.append([sure, predicted, gold, sentence])
    return table(["confidence", "predicted", "annotated", "sentence"], rows, kind="text")


def confusion(examples: list[Example]) -> Counter[tuple[str, str]]:
    """Count what became of the gold entities, and where the predicted ones come from, by (gold, predicted).

    Both are labels if the boundaries agree. Otherwise a gold entity counts as (label, "wrong boundary") if it overlaps
    a predicted one, else as (label, "missed"); a predicted entity as ("wrong boundary", label) or ("spurious", label).
    So the row of a gold label adds up to its gold entities, and the column of a label to its predicted entities.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        gold, predicted = entities(example.reference), entities(example.predicted)
        for entity in gold:
            counts[entity.label, _counterpart(entity, predicted, alone=MISSED)] += 1
        for entity in predicted:
            if not any(entity.covers_same(other) for other in gold):
                counts[_counterpart(entity, gold, alone=SPURIOUS), entity.label] += 1
    return counts


def _counterpart(entity: Entity, others: list[Entity], *, alone: str) -> str:
    for other in others:
        if entity.covers_same(other):
            return other.label
    return BOUNDARY if any(entity.overlaps(other) for other in others) else alone
