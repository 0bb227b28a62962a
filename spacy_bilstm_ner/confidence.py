"""How sure the recogniser is of an entity: where the figure is kept and how it is read."""

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc, Span

# spaCy moves user data under keys of this form along when Docs are cut or joined. Characters, not tokens: they
# stay true when tokens are merged or split.
_PREFIX, _NAME = "._.", "bilstm_ner_confidence"


def get_confidence(span: Span) -> float | None:
    """The getter of `span._.confidence`.

    span (Span): A span, usually an entity.
    RETURNS (Optional[float]): The probability, from 0 to 1, that exactly this span with this label is right, if a
        `bilstm_ner` pipe predicted it; else None.
    """
    return span.doc.user_data.get(_key(span))


def set_confidences(doc: Doc, spans: Iterable[Span], confidences: Iterable[float]) -> None:
    """Note the confidences of predicted entities, and forget those of entities that the Doc no longer has.

    doc (Doc): The Doc, with its entities set.
    spans (Iterable[Span]): The predicted entities.
    confidences (Iterable[float]): A probability for each.
    """
    user_data = doc.user_data
    if user_data:
        current = {_key(ent) for ent in doc.ents}
        for key in [key for key in user_data if _is_ours(key) and key not in current]:
            del user_data[key]
    for span, confidence in zip(spans, confidences, strict=True):
        user_data[_key(span)] = confidence


def _key(span: Span) -> tuple[str, str, int, int]:
    # The label stands in the key, so that the value is a mere number, which costs the garbage collector nothing.
    return (_PREFIX, f"{_NAME}:{span.label_}", span.start_char, span.end_char)


def _is_ours(key: Any) -> bool:
    return isinstance(key, tuple) and key[0] == _PREFIX and key[1].startswith(_NAME)
