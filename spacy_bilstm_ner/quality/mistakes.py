"""Where annotation and prediction differ: what became of each label's entities, and the surest contradictions."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from spacy.training import Example

from ..pipe.entities import Entity, entities
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
        return "label" if self.gold[:2] == self.predicted[:2] else "border"

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
                span = example.reference.char_span(
                    entity.start, entity.end, alignment_mode="expand"
                )
                if all(token.ent_iob for token in span):
                    found.append(Conflict(example, None, entity, entity.confidence))
    return sorted(found, key=lambda conflict: -(conflict.confidence or 0.0))


def conflicts_table(found: Iterable[Conflict]) -> str:
    """Show conflicts, each in its sentence, as HTML."""
    rows = []
    for each in found:
        entity = each.predicted or each.gold
        assert entity is not None
        gold, predicted = (
            named(each.text, e) if e else "no entity" for e in (each.gold, each.predicted)
        )
        before, here, after = map(
            escape, (each.text[: entity.start], each.words(entity), each.text[entity.end :])
        )
        sure = "-" if each.confidence is None else f"{each.confidence:.3f}"
        rows.append([sure, predicted, gold, f'{before}<mark class="wrong">{here}</mark>{after}'])
    return table(["confidence", "predicted", "annotated", "sentence"], rows, kind="text")


def confusion(examples: Iterable[Example]) -> Counter[tuple[str, str]]:
    """Count what became of the gold entities, and where the predicted ones come from, by (gold, predicted).

    Both are labels if the boundaries agree. Otherwise a gold entity counts as (label, "wrong boundary") if it overlaps
    a predicted one, else as (label, "missed"); a predicted entity as ("wrong boundary", label) or ("spurious", label).
    So the row of a gold label adds up to its gold entities, and the column of a label to its predicted entities.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        gold, predicted = entities(example.reference), entities(example.predicted)
        # A set, since two entities with the same boundaries say the same of each other.
        cells = {
            (entity[:2], entity.label, _counterpart(entity, predicted, alone=MISSED))
            for entity in gold
        }
        cells |= {
            (entity[:2], _counterpart(entity, gold, alone=SPURIOUS), entity.label)
            for entity in predicted
        }
        counts.update((row, column) for _, row, column in cells)
    return counts


def _counterpart(entity: Entity, others: list[Entity], *, alone: str) -> str:
    same = [other.label for other in others if entity[:2] == other[:2]]
    return same[0] if same else BOUNDARY if any(map(entity.overlaps, others)) else alone


def confusion_table(counts: Counter[tuple[str, str]]) -> str:
    """Show what became of the gold entities (rows), and where predicted ones come from (columns)."""
    labels = sorted({name for pair in counts for name in pair} - {BOUNDARY, MISSED, SPURIOUS})
    highest = max(counts.values(), default=1)
    columns = [*labels, BOUNDARY, MISSED]
    rows = []
    for gold in [*labels, BOUNDARY, SPURIOUS]:
        rows.append([escape(gold)])
        for predicted in columns:
            count = counts[gold, predicted]
            # The root makes the rare confusions visible beside the many right ones.
            strength = (count / highest) ** 0.5 * 0.7
            hue = "46, 125, 50" if gold == predicted else "192, 57, 43"
            rows[-1].append(
                f'<td style="background: rgba({hue}, {strength:.3f})">{f"{count:,}" if count else ""}</td>'
            )
    return table(["gold \\ predicted", *columns], rows)
