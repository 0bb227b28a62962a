"""CSV files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..system.whole import save

# A spreadsheet executes a cell that begins with one of these. An apostrophe before it prevents it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def escape_formula(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would execute."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def unescape_formula(text: str) -> str:
    """Remove the apostrophe that `escape_formula` has added."""
    return text.removeprefix("'")


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]], *, delimiter: str = ","
) -> None:
    """Write a CSV in UTF-8 with a byte order mark, without which Excel assumes another encoding."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([escape_formula(row.get(column, "")) for column in columns])
    save(path, "\ufeff" + file.getvalue())


def read_csv_rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Read the text of a CSV that `write_csv` wrote, and that a spreadsheet may have saved again.

    RETURNS (tuple): The names of the columns, and the rows without the apostrophes of formulas.
    """
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    rows = []
    for row in reader:
        # Short rows have None, and long rows have None as a key.
        rows.append({name: unescape_formula(row[name] or "") for name in row if name})
    return list(reader.fieldnames or ()), rows
