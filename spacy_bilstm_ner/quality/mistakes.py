"""List the differences between annotations and predictions."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from spacy.training import Example

from ..pipe.entities import Entity, entities
from .result import mark_entities

# Upper bound for the probability of an entity that the decoder did not report: see
# `sequences.decoding.MIN_SPAN_PROBABILITY`.
MAX_UNREPORTED = 0.05
NO_ENTITY = "no entity"
# What each kind of mistake means, for pages and the terminal
KINDS = {
    "missing": "predicted, but not annotated",
    "spurious": "annotated, but not predicted",
    "label": "predicted with another label",
    "border": "predicted with other boundaries",
}
COLUMNS = (
    "file",
    "line",
    "sentence",
    "text",
    "gold",
    "found",
    "predicted",
    "kind",
    "confidence",
    "entity",
)


def compare_entities(examples: Iterable[Example], *, all_candidates: bool = False) -> pd.DataFrame:
    """Pair each annotated entity with the overlapping prediction of the highest confidence.

    Predictions without an overlapping annotation have rows of their own, except for predictions on
    tokens without annotation.

    all_candidates (bool): Whether the Docs have all candidates, also improbable ones. An annotation
        is then also compared with the probability that there is no entity.
    RETURNS (pd.DataFrame): A row for each pair, by decreasing confidence. "text" and "gold" are the
        words and the label of the annotation, "found" and "predicted" those of the prediction.
        "kind" is a key of KINDS, or "" if both agree. "confidence" is the probability of the
        prediction, minus that of the annotation. "entity" is the entity to mark on a page.
    """
    rows = []
    for example in examples:
        predictions = entities(example.predicted)
        annotations = entities(example.reference)
        for gold in annotations:
            predicted, confidence = _find_prediction(gold, predictions, all_candidates)
            rows.append(_make_row(example, gold, predicted, confidence))
        for predicted in predictions:
            is_compared = any(map(predicted.overlaps, annotations))
            if not is_compared and _is_annotated(example, predicted):
                rows.append(_make_row(example, None, predicted, predicted.confidence))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"confidence": "float64"})
    return table.sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def _find_prediction(
    gold: Entity, predictions: Sequence[Entity], all_candidates: bool
) -> tuple[Entity | None, float | None]:
    overlapping = list(filter(gold.overlaps, predictions))
    best = max(overlapping, key=lambda entity: entity.confidence or 0.0, default=None)
    if best is not None and not all_candidates:
        return best, best.confidence
    total_confidence = sum(entity.confidence or 0.0 for entity in overlapping)
    no_entity_probability = 1.0 - (total_confidence or MAX_UNREPORTED)
    if best is None:
        return None, no_entity_probability
    confidence = best.confidence or 0.0
    if no_entity_probability > confidence:
        return None, no_entity_probability - (confidence if best.key == gold.key else 0.0)
    return best, confidence


def _is_annotated(example: Example, entity: Entity) -> bool:
    span = example.reference.char_span(entity.start, entity.end, alignment_mode="expand")
    return all(token.ent_iob for token in span)


def _make_row(
    example: Example, gold: Entity | None, predicted: Entity | None, confidence: float | None
) -> dict[str, Any]:
    doc = example.reference
    shown_entity = gold or predicted
    assert shown_entity is not None
    shown_span = doc.char_span(shown_entity.start, shown_entity.end, alignment_mode="expand")
    origin = doc.user_data["origin"]
    text = doc.text
    return {
        "file": origin["file"],
        # Tokens of the reference are the words of the file.
        "line": origin["line"] + origin["step"] * shown_span.start,
        "sentence": text,
        "text": text[shown_entity.start : shown_entity.end],
        "gold": gold.label if gold else "",
        "found": text[predicted.start : predicted.end] if predicted else "",
        "predicted": predicted.label if predicted else "",
        "kind": _name_kind(gold, predicted),
        "confidence": confidence,
        "entity": predicted or gold,
    }


def _name_kind(gold: Entity | None, predicted: Entity | None) -> str:
    if gold is None:
        return "missing"
    if predicted is None:
        return "spurious"
    if gold[:2] != predicted[:2]:
        return "border"
    return "" if gold.label == predicted.label else "label"


def show_mistakes(mistakes: pd.DataFrame) -> pd.DataFrame:
    """Make a table for a page from rows of `compare_entities`, with the entities marked."""
    table = pd.DataFrame()
    table["confidence"] = mistakes["confidence"].map("{:.3f}".format).replace("nan", "-")
    table["what may be wrong"] = mistakes["kind"].map(KINDS)
    table["predicted"] = mistakes["predicted"].replace("", NO_ENTITY)
    table["annotated"] = mistakes["gold"].replace("", NO_ENTITY)
    marked = []
    for text, entity in zip(mistakes["sentence"], mistakes["entity"], strict=True):
        marked.append(mark_entities(text, [entity]))
    # The dtype "object" keeps Markup. Strings would be escaped on the page.
    table["sentence"] = pd.Series(marked, mistakes.index, dtype=object)
    return table


def count_confusions(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of an annotated label (rows) and a predicted label (columns).

    pairs (pd.DataFrame): The table of `compare_entities`.
    """
    gold = pairs["gold"].replace("", NO_ENTITY)
    predicted = pairs["predicted"].replace("", NO_ENTITY)
    return pd.crosstab(gold.rename("annotated"), predicted).reset_index()
