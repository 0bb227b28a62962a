"""Read the entities of a Doc with their confidences."""

from typing import Any

from spacy.tokens import Doc

from .confidence import get_confidence


def list_entities(doc: Doc) -> list[dict[str, Any]]:
    """Return the entities of a Doc in the order of the text.

    RETURNS (list[dict[str, Any]]): "start" and "end" are offsets in characters, the end is
        exclusive. "confidence" is None if the entity has none. Also "label" and "text".
    """
    rows = []
    for ent in doc.ents:
        rows.append(
            {
                "start": ent.start_char,
                "end": ent.end_char,
                "label": ent.label_,
                "confidence": get_confidence(ent),
                "text": ent.text,
            }
        )
    return rows
