"""Results that can be shown as text, as a data frame, as JSON and as a page."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from wasabi.tables import table as text_table

from .pages import Section, Table, render_page

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """A column of a result's table.

    heading (str): Its name on the terminal and on the page.
    show (Callable): Turns a value into text.
    """

    heading: str
    show: Callable[[Any], str] = str


def percent(share: float | None) -> str:
    """Show a share in per cent with one decimal, and None as "-"."""
    # Adding 0.0 turns -0.0 into 0.0.
    return "-" if share is None else f"{round(share * 100, 1) + 0.0:.1f}"


def precise_percent(share: float | None) -> str:
    """Show a share in per cent with two decimals, and None as "-"."""
    return "-" if share is None else f"{share * 100:.2f}"


def number(count: int | None) -> str:
    """Show a count with commas, and None as an empty text."""
    return "" if count is None else f"{count:,}"


class Result(ABC):
    """A result of one of the commands.

    columns (dict[str, Column]): The columns of the table: key in `rows` -> how to show it.
    warnings (list[str]): Reasons to doubt the result.
    """

    columns: ClassVar[dict[str, Column]]
    warnings: list[str]

    @property
    @abstractmethod
    def title(self) -> str:
        """The heading of the page."""

    @abstractmethod
    def summary(self) -> list[str]:
        """Return the sentences above the table."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table, with numbers as they are."""

    @abstractmethod
    def figures(self) -> dict[str, Any]:
        """Return all figures, for a JSON file."""

    def sections(self) -> Iterable[Section]:
        """Return what the page has below the table."""
        return ()

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows as a data frame. Shares are from 0 to 1."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(self.columns))

    def to_table(self) -> Table:
        """Return the rows as texts."""
        table_rows = []
        for row in self.rows():
            table_rows.append([column.show(row[key]) for key, column in self.columns.items()])
        return Table([column.heading for column in self.columns.values()], table_rows)

    def to_text(self) -> str:
        """Return the summary and the table as plain text."""
        table = self.to_table()
        alignment: Any = ["l" if column.show is str else "r" for column in self.columns.values()]
        text = text_table(table.rows, header=table.head, divider=True, aligns=alignment)
        return "\n".join([*self.summary(), text.strip("\n")])

    def to_html(self) -> str:
        """Return a page that needs no other file."""
        return render_page(
            title=self.title,
            warnings=self.warnings,
            summary=self.summary(),
            table=self.to_table(),
            sections=self.sections(),
        )
