"""Where annotation and prediction differ."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from spacy.training import Example

from ..pipe.entities import Entity, entities
from .result import mark_entities

# Upper bound for the probability of an entity that the decoder did not report: see
# `sequences.decoding.MIN_SPAN_PROBABILITY`.
UNREPORTED = 0.05
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
    """Compare each annotated entity with the surest prediction that overlaps it.

    Predictions that overlap no annotated entity follow, except for those on tokens without
    annotation.

    all_candidates (bool): Whether the Docs have candidates that may all be wrong. Then the
        probability that there is no entity competes with them.
    RETURNS (pd.DataFrame): A row for each entity, the surest first, with these columns. "text" and
        "gold": its words and label in the annotation. "found" and "predicted": those in the
        prediction. "kind": a key of KINDS, or "" if both agree. "confidence": the probability of
        the prediction, minus that of the annotation. "entity": what a page marks.
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
    reported = sum(entity.confidence or 0.0 for entity in overlapping)
    none_probability = 1.0 - (reported or UNREPORTED)
    if best is None:
        return None, none_probability
    confidence = best.confidence or 0.0
    if none_probability > confidence:
        return None, none_probability - (confidence if best.key == gold.key else 0.0)
    return best, confidence


def _is_annotated(example: Example, entity: Entity) -> bool:
    span = example.reference.char_span(entity.start, entity.end, alignment_mode="expand")
    return all(token.ent_iob for token in span)


def _make_row(
    example: Example, gold: Entity | None, predicted: Entity | None, confidence: float | None
) -> dict[str, Any]:
    doc = example.reference
    first_entity = gold or predicted
    assert first_entity is not None
    gold_or_predicted = doc.char_span(first_entity.start, first_entity.end, alignment_mode="expand")
    origin = doc.user_data["origin"]
    text = doc.text
    return {
        "file": origin["file"],
        # Tokens of the reference are the words of the file.
        "line": origin["line"] + origin["step"] * gold_or_predicted.start,
        "sentence": text,
        "text": text[first_entity.start : first_entity.end],
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
    """Make the table of a page from rows of `compare_entities`, with marked sentences."""
    table = pd.DataFrame()
    table["confidence"] = mistakes["confidence"].map("{:.3f}".format).replace("nan", "-")
    table["what may be wrong"] = mistakes["kind"].map(KINDS)
    table["predicted"] = mistakes["predicted"].replace("", NO_ENTITY)
    table["annotated"] = mistakes["gold"].replace("", NO_ENTITY)
    marked = []
    for text, entity in zip(mistakes["sentence"], mistakes["entity"], strict=True):
        marked.append(mark_entities(text, [entity]))
    # As texts, they would be escaped.
    table["sentence"] = pd.Series(marked, mistakes.index, dtype=object)
    return table


def count_confusions(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of an annotated label (rows) and a predicted label (columns).

    pairs (pd.DataFrame): The table of `compare_entities`.
    """
    gold = pairs["gold"].replace("", NO_ENTITY)
    predicted = pairs["predicted"].replace("", NO_ENTITY)
    return pd.crosstab(gold.rename("annotated"), predicted).reset_index()
