"""Show the results of commands as a data frame, as text, and as an HTML page."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from spacy import displacy
from wasabi.tables import table as text_table

from ..pipe.entities import Entity


@dataclass
class Section:
    """A part of a page.

    pictures (Sequence[str]): SVG elements.
    table (pd.DataFrame | None): Cells are numbers, texts, which are escaped, or Markup.
    """

    title: str
    note: str = ""
    pictures: Sequence[str] = ()
    table: pd.DataFrame | None = None


@dataclass(kw_only=True)
class Result:
    """A result of one of the commands.

    title (str): The heading of the page.
    summary (list[str]): The sentences above the table.
    table (pd.DataFrame): The main figures. Shares are from 0 to 1.
    formats (dict[str, str]): The format of each column of numbers. Shares are shown in per cent.
    warnings (list[str]): Reasons to doubt the result.
    sections (Callable): Makes the parts of the page below the table.
    """

    title: str
    summary: list[str]
    table: pd.DataFrame
    formats: dict[str, str]
    warnings: list[str] = field(default_factory=list)
    sections: Callable[[], Iterable[Section]] = tuple

    @property
    def figures(self) -> dict[str, Any]:
        """All figures, for a JSON file."""
        rows = to_records(self.table)
        return {"summary": self.summary, "table": rows, "warnings": self.warnings}

    def format_table(self) -> pd.DataFrame:
        """Return the table with numbers as texts. A missing number is "-"."""
        texts = self.table.astype(object)
        for name, spec in self.formats.items():
            column = []
            for value in texts[name]:
                text = "-" if pd.isna(value) else format(value, spec)
                column.append(text.removesuffix("%"))
            texts[name] = column
        return texts

    def to_text(self) -> str:
        """Return the summary and the table as plain text."""
        texts = self.format_table()
        columns = list(texts)
        alignment: Any = ["r" if name in self.formats else "l" for name in columns]
        lines = text_table(texts.values.tolist(), header=columns, divider=True, aligns=alignment)
        return "\n".join([*self.summary, lines.strip("\n")])

    def to_html(self) -> str:
        """Return an HTML page that needs no other file."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template("page.html").render(
            title=self.title,
            warnings=self.warnings,
            summary=self.summary,
            table=self.format_table(),
            sections=self.sections(),
        )


def to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table. NaN becomes None."""
    return json.loads(table.to_json(orient="records", double_precision=15))


def mark_entities(text: str, spans: Iterable[Entity]) -> Markup:
    """Return a text with entities marked, as displaCy draws them."""
    marks = []
    for start, end, label, _ in spans:
        marks.append({"start": start, "end": end, "label": escape(label)})
    content = {"text": text, "ents": marks}
    return Markup(displacy.render(content, style="ent", manual=True, jupyter=False))
