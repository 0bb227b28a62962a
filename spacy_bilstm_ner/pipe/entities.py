"""Read the entities of a Doc with their confidences."""

from typing import NamedTuple

from spacy.tokens import Doc, Span


class Entity(NamedTuple):
    """An entity with its place in characters, so that Docs with different tokens can be compared.

    start, end (int): Offsets in characters. The end is exclusive.
    label (str): The label.
    confidence (float | None): The probability that the entity is correct; None if it has none.
    """

    start: int
    end: int
    label: str
    confidence: float | None = None

    @property
    def key(self) -> tuple[int, int, str]:
        """Return start, end and label. Two entities are the same if these are equal."""
        return self[:3]

    def overlaps(self, entity: "Entity") -> bool:
        return self.start < entity.end and entity.start < self.end


def entities(doc: Doc) -> list[Entity]:
    """Return the entities of a Doc in the order of the text."""
    has_extension = Span.has_extension("confidence")
    return [
        Entity(
            ent.start_char, ent.end_char, ent.label_, ent._.confidence if has_extension else None
        )
        for ent in doc.ents
    ]
