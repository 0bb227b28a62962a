"""The parts of an HTML page. The template page.html escapes all text that comes from a corpus."""

from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from spacy.tokens import Doc

from ..pipe.displacy_colors import COLORS
from ..pipe.entities import Entity, entities

# Colours of labels for which neither spaCy nor this package has one, in the order of first use
PALETTE = cycle(
    ("#a9d6e5", "#f6c6a7", "#cfe8a9", "#e3c1ee", "#f4e285", "#f2b5c4", "#b8d8be", "#c4c9f0")
)
WRONG_COLOR = "#ffd6d6"


class Segment(NamedTuple):
    """A piece of text. If it has a colour, it is marked; its label follows it."""

    text: str
    label: str = ""
    color: str = ""


class Cell(NamedTuple):
    """A cell of a table that is more than a text."""

    segments: list[Segment]
    background: str = ""


# A sentence with its entities, and a remark
Sentence = tuple[list[Segment], list[Segment]]


@dataclass(frozen=True)
class Table:
    """A table. If `has_text` is true, cells are aligned to the left."""

    head: list[str]
    rows: list[list[Any]]  # str or Cell
    has_text: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a page.

    pictures (list[str]): SVG elements.
    sentences (list[Sentence]): Sentences with their entities, and a remark below each.
    """

    title: str
    note: str = ""
    pictures: list[str] = field(default_factory=list)
    table: Table | None = None
    sentences: list[Sentence] = field(default_factory=list)


def render_page(**content: Any) -> str:
    """Return the page. See page.html for the names of the content."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(**content)


@cache
def color_of(label: str) -> str:
    """Return the colour of a label: ours, or else spaCy's, or else the next of PALETTE."""
    colors = dict(DEFAULT_LABEL_COLORS)
    for name, color in COLORS.items():
        colors[name.upper()] = color
    return colors.get(label.upper()) or next(PALETTE)


def name_entity(text: str, entity: Entity) -> Segment:
    """Return an entity of a text with its label."""
    return Segment(text[entity.start : entity.end], entity.label, color_of(entity.label))


def mark_entities(doc: Doc) -> list[Segment]:
    """Return the text of a Doc with its entities marked."""
    text = doc.text
    segments = []
    end = 0
    for entity in entities(doc):
        segments.append(Segment(text[end : entity.start]))
        segments.append(name_entity(text, entity))
        end = entity.end
    segments.append(Segment(text[end:]))
    return segments


def mark_wrong(text: str, entity: Entity) -> list[Segment]:
    """Return a text in which one entity is marked as wrong."""
    return [
        Segment(text[: entity.start]),
        Segment(text[entity.start : entity.end], color=WRONG_COLOR),
        Segment(text[entity.end :]),
    ]
