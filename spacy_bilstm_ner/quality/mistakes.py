"""List the differences between annotations and predictions."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..files.records import Origin
from ..pipe.confidence import get_confidence

# Upper bound for the probability of an entity that the decoder did not report, before calibration:
# see `sequences.decoding.MIN_SPAN_PROBABILITY`.
MAX_UNREPORTED_PROBABILITY = 0.05
# What each kind of mistake means, for pages and the terminal
KINDS = {
    "missing": "predicted, but not annotated",
    "spurious": "annotated, but not predicted",
    "label": "predicted with another label",
    "boundaries": "predicted with other boundaries",
}
COLUMNS = [
    "file",
    "line",
    "sentence",
    "text",
    "gold",
    "found",
    "predicted",
    "kind",
    "confidence",
    "start",
]


def compare_entities(examples: Iterable[Example]) -> pd.DataFrame:
    """Pair each annotated entity with the overlapping prediction of the highest confidence.

    A prediction has a row of its own if all its words are annotated as outside of entities.

    examples (Iterable[Example]): Predictions of `predict_examples` or `predict_candidates`. After
        the latter, the probability that there is no entity is known. If it is higher than the
        probability of each overlapping prediction, the annotated entity has no prediction.
    RETURNS (pd.DataFrame): A row for each pair, by decreasing confidence. "text" and "gold" are the
        words and the label of the annotation, "found" and "predicted" those of the prediction.
        "kind" is a key of KINDS, or "" if both agree. "confidence" is the probability of the
        prediction. If an annotated entity has no prediction, it is the probability that there is no
        entity, minus the probability of the annotated entity; or 1 - MAX_UNREPORTED_PROBABILITY if
        no prediction overlaps. "start" is the offset of the prediction in the sentence, or that of
        the annotation if there is no prediction.
    """
    rows = []
    for example in examples:
        doc = example.reference
        predictions = example.predicted.ents
        for gold in doc.ents:
            predicted, confidence = _find_prediction(gold, predictions)
            rows.append(_make_row(doc, gold, predicted, confidence))
        for predicted in predictions:
            if all(word.ent_iob_ == "O" for word in _find_words(doc, predicted)):
                rows.append(_make_row(doc, None, predicted, get_confidence(predicted)))
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"confidence": "float64"})
    return table.sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def _find_prediction(gold: Span, predictions: Sequence[Span]) -> tuple[Span | None, float | None]:
    overlapping = [
        span
        for span in predictions
        if span.start_char < gold.end_char and gold.start_char < span.end_char
    ]
    best = max(overlapping, key=_confidence_or_0, default=None)
    if best is None:
        return None, 1.0 - MAX_UNREPORTED_PROBABILITY
    # After `predict_candidates`, the tensor has one number for each token.
    if best.doc.tensor.size != len(best.doc):
        return best, get_confidence(best)
    confidence = _confidence_or_0(best)
    words = _find_words(best.doc, gold)
    no_entity_probability = 1.0 - best.doc.tensor[words.start : words.end].max()
    if no_entity_probability <= confidence:
        return best, confidence
    # It is most probable that there is no entity. The best candidate may be the annotated entity.
    is_gold = not _name_kind(gold, best)
    return None, no_entity_probability - (confidence if is_gold else 0.0)


def _confidence_or_0(span: Span) -> float:
    return get_confidence(span) or 0.0


def _find_words(doc: Doc, span: Span) -> Span:
    """Return the words of a Doc that an entity covers, at least in part.

    doc (Doc): The Doc of the entity, or another Doc with the same text.
    """
    return doc.char_span(span.start_char, span.end_char, alignment_mode="expand")


def _make_row(
    doc: Doc, gold: Span | None, predicted: Span | None, confidence: float | None
) -> dict[str, Any]:
    shown: Any = gold or predicted
    origin = Origin(**doc.user_data["origin"])
    return {
        "file": origin.file,
        "line": origin.line_of(_find_words(doc, shown).start),
        "sentence": doc.text,
        "text": shown.text,
        "gold": gold.label_ if gold else "",
        "found": predicted.text if predicted else "",
        "predicted": predicted.label_ if predicted else "",
        "kind": _name_kind(gold, predicted),
        "confidence": confidence,
        "start": (predicted or shown).start_char,
    }


def _name_kind(gold: Span | None, predicted: Span | None) -> str:
    if gold is None:
        return "missing"
    if predicted is None:
        return "spurious"
    if (gold.start_char, gold.end_char) != (predicted.start_char, predicted.end_char):
        return "boundaries"
    return "" if gold.label_ == predicted.label_ else "label"
