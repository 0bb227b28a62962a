"""The confidence of an entity: where it is stored, and how `span._.confidence` reads it.

A program that only reads annotated Docs must register the extension with this import:

    import spacy_bilstm_ner.pipe

The values are in `doc.user_data`. Their keys are ("._.", name, start, end), with offsets in
characters. spaCy can keep values with such keys when Docs are cut, joined, stored or written as
JSON. `Span.as_doc` needs `copy_user_data=True` for this, `DocBin` needs `store_user_data=True`, and
`doc.to_json` needs `underscore=["confidence"]`. The label of the entity is stored next to its
confidence, under a second name. If there is no label, the pipe did not write the value.
"""

from collections.abc import Iterable, Sequence

from spacy.tokens import Doc, Span

NAME = "confidence"
LABEL_NAME = "confidence_label"


def register() -> None:
    """Register `span._.confidence`, unless the user has registered it.

    Also register `doc._.confidence`, whose value is None: without it,
    `doc.to_json(underscore=["confidence"])` fails for a Doc without entities.
    """
    if not Span.has_extension(NAME):
        # Functions with a name, since spaCy pickles extensions for other processes.
        Span.set_extension(NAME, getter=get_confidence, setter=_set_confidence)
    if not Doc.has_extension(NAME):
        Doc.set_extension(NAME, default=None)


def get_confidence(span: Span) -> float | None:
    """Return the probability that the span and its label are correct.

    RETURNS (float | None): From 0 to 1, or the value that the user has set. None if no
        `bilstm_ner` pipe predicted the span and the user has set no value.
    """
    user_data = span.doc.user_data
    if user_data.get(_key(span, LABEL_NAME), span.label_) != span.label_:
        return None
    return user_data.get(_key(span, NAME))


def set_confidences(entities: Sequence[Span], confidences: Iterable[float]) -> None:
    """Store the confidences of entities that a pipe predicted. Values of the user stay."""
    for entity, confidence in zip(entities, confidences, strict=True):
        user_data = entity.doc.user_data
        key, label_key = _key(entity, NAME), _key(entity, LABEL_NAME)
        if key not in user_data or label_key in user_data:
            user_data[key], user_data[label_key] = confidence, entity.label_


def _set_confidence(span: Span, confidence: float) -> None:
    user_data = span.doc.user_data
    user_data[_key(span, NAME)] = confidence
    # The pipe may have stored the label of an entity that it predicted here.
    user_data.pop(_key(span, LABEL_NAME), None)


def _key(span: Span, name: str) -> tuple[str, str, int, int]:
    return ("._.", name, span.start_char, span.end_char)
