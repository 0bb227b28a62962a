"""Show the results of commands as a data frame, as text, and as an HTML page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Template
from wasabi.tables import table as text_table


@dataclass
class Section:
    """A part of a page.

    picture (str): An SVG element.
    table (pd.DataFrame | None): Cells are numbers, texts, which are escaped, or Markup.
    """

    title: str
    note: str
    picture: str = ""
    table: pd.DataFrame | None = None


@dataclass(kw_only=True)
class Result:
    """A result of one of the commands.

    summary (list[str]): The lines above the table. The first one is the heading of the page.
    table (pd.DataFrame): The main figures. Shares are from 0 to 1.
    formats (dict[str, str]): The format of each column of numbers. Shares are shown in per cent.
    warnings (list[str]): Reasons to doubt the result.
    """

    summary: list[str]
    table: pd.DataFrame
    formats: dict[str, str]
    warnings: list[str] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, Any]:
        """All figures, for a JSON file. NaN becomes None."""
        rows = json.loads(self.table.to_json(orient="records", double_precision=15))
        return {"summary": self.summary, "table": rows, "warnings": self.warnings}

    def sections(self) -> Iterable[Section]:
        """Make the parts of the page below the table."""
        return ()

    def format_table(self) -> pd.DataFrame:
        """Return the table with numbers as texts. A missing number is "-"."""
        texts = self.table.astype(object)
        for name, spec in self.formats.items():
            numbers = self.table[name].map(f"{{:{spec}}}".format).astype(str)
            texts[name] = numbers.str.removesuffix("%").replace("nan", "-")
        return texts

    def to_text(self) -> str:
        """Return the summary and the table as plain text."""
        texts = self.format_table()
        header = list(texts)
        alignment: Any = ["r" if name in self.formats else "l" for name in header]
        lines = text_table(texts.values.tolist(), header=header, divider=True, aligns=alignment)
        return "\n".join([*self.summary, lines.strip("\n")])

    def to_html(self) -> str:
        """Return an HTML page that needs no other file."""
        source = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
        return Template(source, autoescape=True).render(result=self)
