"""Show the results of commands as a data frame, as text, and as an HTML page."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Template

from .mistakes import KINDS


@dataclass(kw_only=True)
class Result:
    """A result of one of the commands.

    summary (list[str]): The lines above the table. The first one is the heading of the page.
    table (pd.DataFrame): The main figures. Shares are from 0 to 1.
    share_format (str): How shares are shown.
    warnings (list[str]): Reasons to doubt the result.
    metadata (dict[str, Any]): Facts about the pipeline and the run, for the JSON file.
    mistakes (pd.DataFrame): Rows of `compare_entities` for the page.
    curves (dict[str, pd.DataFrame]): Precision and recall for the page, see `make_curves`.
    """

    summary: list[str]
    table: pd.DataFrame
    share_format: str = "{:.2%}"
    warnings: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    mistakes: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Any]:
        """All figures, for a JSON file. NaN becomes None."""
        rows = json.loads(self.table.to_json(orient="records", double_precision=15))
        return self.metadata | {"summary": self.summary, "table": rows, "warnings": self.warnings}

    def format_table(self) -> pd.DataFrame:
        """Return the table with shares as texts. A missing share is "-"."""
        shares = self.table.select_dtypes("float").map(self.share_format.format)
        return self.table.assign(**shares.replace(["nan", "nan%"], "-"))

    def to_text(self) -> str:
        """Return the summary and the table as plain text."""
        first_column = self.table.columns[0]
        text = self.format_table().set_index(first_column).to_string(index_names=False)
        return "\n".join([*self.summary, text])

    def to_html(self) -> str:
        """Return an HTML page that needs no other file."""
        from .plots import draw_curves

        source = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
        picture = draw_curves(self.curves) if self.curves else ""
        template = Template(source, autoescape=True)
        return template.render(result=self, picture=picture, kinds=KINDS)
