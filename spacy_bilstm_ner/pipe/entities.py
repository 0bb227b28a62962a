"""The one place where an entity of a Doc is read together with its confidence."""

from typing import NamedTuple

from spacy.tokens import Doc, Span


class Entity(NamedTuple):
    """An entity by its place in the text, so that Docs with different tokens can be compared: its first character, the
    one after its last, and the probability that it is right; None if its pipeline gives none."""

    start: int
    end: int
    label: str
    confidence: float | None = None

    @property
    def key(self) -> tuple[int, int, str]:
        """What makes two entities the same."""
        return self[:3]

    def overlaps(self, other: "Entity") -> bool:
        return self.start < other.end and other.start < self.end


def entities(doc: Doc) -> list[Entity]:
    """List the entities of a Doc in the order of the text, with confidences if the pipeline gives any."""
    known = Span.has_extension("confidence")
    return [
        Entity(ent.start_char, ent.end_char, ent.label_, ent._.confidence if known else None)
        for ent in doc.ents
    ]
