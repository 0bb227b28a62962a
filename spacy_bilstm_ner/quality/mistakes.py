"""Where annotation and prediction differ."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from spacy.training import Example

from ..pipe.entities import Entity, entities
from .pages import Cell, Segment, Table, mark_wrong, name_entity

WRONG_BOUNDARY = "wrong boundary"
MISSED = "missed"
SPURIOUS = "spurious"
# Upper bound for the probability of an entity that the decoder did not report: see
# `sequences.decoding.MIN_SPAN_PROBABILITY`.
UNREPORTED = 0.05
# What each kind of conflict means, for pages and the terminal
KINDS = {
    "missing": "predicted, but not annotated",
    "spurious": "annotated, but not predicted",
    "label": "predicted with another label",
    "border": "predicted with other boundaries",
}


@dataclass(frozen=True)
class Conflict:
    """An annotated entity and a predicted one that contradict each other, or only one of them.

    confidence (float | None): The probability of the prediction (or that there is no entity), minus
        the probability of the annotation.
    """

    example: Example
    gold: Entity | None
    predicted: Entity | None
    confidence: float | None

    @property
    def kind(self) -> str:
        """What is wrong with the annotation if the prediction is correct: a key of KINDS."""
        if self.gold is None:
            return "missing"
        if self.predicted is None:
            return "spurious"
        return "label" if self.gold[:2] == self.predicted[:2] else "border"

    @property
    def text(self) -> str:
        """The sentence."""
        return self.example.reference.text

    def words(self, entity: Entity | None) -> str:
        """Return the text of an entity; an empty text for None."""
        return self.text[entity.start : entity.end] if entity else ""


def find_conflicts(examples: Iterable[Example]) -> list[Conflict]:
    """Find where the entities of examples differ, the surest predictions first.

    An annotated entity is compared with the surest prediction that overlaps it, or with none if
    that is more probable. Tokens without annotation are left out.
    """
    conflicts = []
    for example in examples:
        predicted = entities(example.predicted)
        gold = entities(example.reference)
        for entity in gold:
            conflict = _compare_entity(example, entity, predicted)
            if conflict is not None:
                conflicts.append(conflict)
        for entity in predicted:
            if not any(map(entity.overlaps, gold)) and _is_annotated(example, entity):
                conflicts.append(Conflict(example, None, entity, entity.confidence))
    return sorted(conflicts, key=lambda conflict: -(conflict.confidence or 0.0))


def _compare_entity(example: Example, gold: Entity, predicted: list[Entity]) -> Conflict | None:
    overlapping = list(filter(gold.overlaps, predicted))
    best = max(overlapping, key=lambda entity: entity.confidence or 0.0, default=None)
    reported = sum(entity.confidence or 0.0 for entity in overlapping)
    none_probability = 1.0 - (reported or UNREPORTED)
    if best is None:
        return Conflict(example, gold, None, none_probability)
    if best.confidence is not None and none_probability > best.confidence:
        gold_probability = best.confidence if best.key == gold.key else 0.0
        return Conflict(example, gold, None, none_probability - gold_probability)
    if best.key != gold.key:
        return Conflict(example, gold, best, best.confidence)
    return None


def _is_annotated(example: Example, entity: Entity) -> bool:
    span = example.reference.char_span(entity.start, entity.end, alignment_mode="expand")
    return all(token.ent_iob for token in span)


def tabulate_conflicts(conflicts: Iterable[Conflict]) -> Table:
    """Make a table of conflicts, with their sentences."""
    rows: list[list[str | Cell]] = []
    for conflict in conflicts:
        entity = conflict.predicted or conflict.gold
        assert entity is not None
        confidence = "-" if conflict.confidence is None else f"{conflict.confidence:.3f}"
        rows.append(
            [
                confidence,
                _name_or_none(conflict.text, conflict.predicted),
                _name_or_none(conflict.text, conflict.gold),
                Cell(mark_wrong(conflict.text, entity)),
            ]
        )
    return Table(["confidence", "predicted", "annotated", "sentence"], rows, has_text=True)


def _name_or_none(text: str, entity: Entity | None) -> Cell:
    return Cell([name_entity(text, entity) if entity else Segment("no entity")])


def count_confusions(examples: Iterable[Example]) -> Counter[tuple[str, str]]:
    """Count pairs of a gold and a predicted label.

    If the boundaries agree, both are labels. Otherwise a gold entity counts as (label, "wrong
    boundary") if it overlaps a predicted one, else as (label, "missed"). A predicted entity counts
    as ("wrong boundary", label) or ("spurious", label). Thus the row of a gold label adds up to its
    gold entities, and the column of a label to its predicted entities.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        gold = entities(example.reference)
        predicted = entities(example.predicted)
        # Two entities with the same boundaries give the same pair: it is counted once.
        pairs = set()
        for entity in gold:
            pairs.add((entity[:2], entity.label, _find_partner(entity, predicted, MISSED)))
        for entity in predicted:
            pairs.add((entity[:2], _find_partner(entity, gold, SPURIOUS), entity.label))
        for _, gold_label, predicted_label in pairs:
            counts[gold_label, predicted_label] += 1
    return counts


def _find_partner(entity: Entity, candidates: list[Entity], if_none: str) -> str:
    for candidate in candidates:
        if entity[:2] == candidate[:2]:
            return candidate.label
    return WRONG_BOUNDARY if any(map(entity.overlaps, candidates)) else if_none


def tabulate_confusions(counts: Counter[tuple[str, str]]) -> Table:
    """Make a table of gold labels (rows) and predicted labels (columns)."""
    labels = sorted(set(chain.from_iterable(counts)) - {WRONG_BOUNDARY, MISSED, SPURIOUS})
    columns = [*labels, WRONG_BOUNDARY, MISSED]
    highest = max(counts.values(), default=1)
    rows = []
    for gold in [*labels, WRONG_BOUNDARY, SPURIOUS]:
        row: list[str | Cell] = [gold]
        for predicted in columns:
            count = counts[gold, predicted]
            # The square root makes rare confusions visible beside many correct predictions.
            opacity = (count / highest) ** 0.5 * 0.7
            color = "46, 125, 50" if gold == predicted else "192, 57, 43"
            text = f"{count:,}" if count else ""
            row.append(Cell([Segment(text)], background=f"rgba({color}, {opacity:.3f})"))
        rows.append(row)
    return Table(["gold \\ predicted", *columns], rows)
