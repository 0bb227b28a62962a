"""Read a pandas.DataFrame, an Excel sheet or a Parquet file as a table."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from itertools import chain
from typing import Any

from ..errors import UserError
from .columns import find_columns
from .options import Options
from .records import Content, Records
from .report import Report, check_rows
from .rows import read_table
from .tables import Table, collect_rows


def read_frame(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the names of the columns and the rows of a data frame. Messages count rows from 1."""
    rows = chain([list(map(str, content.raw.columns))], _list_rows(content.raw))
    report = Report()
    table = collect_rows(enumerate(rows), content.name, report, expects_header=True)
    return read_table(table, options, report), report


def read_parquet(content: Content, options: Options) -> tuple[Records, Report]:
    """Read a Parquet file. Numbered tags get their names from metadata of Hugging Face, if any.

    RAISES ImportError: If pandas or pyarrow is not installed.
    """
    import pandas
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(content.raw))
    columns = table.to_pydict()
    for column, names in _tag_names(table.schema.metadata or {}).items():
        columns[column] = [
            list(map(names.get, tags, tags)) if tags else [] for tags in columns[column]
        ]
    return read_frame(content._replace(raw=pandas.DataFrame(columns)), options)


def read_excel(content: Content, options: Options) -> tuple[Records, Report]:
    """Read all sheets that have the header of the first table. A warning names the others.

    RAISES ImportError: If pandas or python-calamine is not installed.
    RAISES UserError: If there is no table, or no sheet `options.sheet`, or Excel has changed words
        into numbers or dates.
    """
    import pandas

    frames = pandas.read_excel(
        io.BytesIO(content.raw),
        sheet_name=None,
        header=None,
        dtype=object,
        na_filter=False,
        engine="calamine",
    )
    header: list[str] = []
    skipped = []
    records: list[Any] = []
    report = Report()
    for sheet, frame in frames.items():
        if options.sheet not in (None, sheet):
            continue
        sheet_report = Report(guesses={"sheet": sheet})
        rows = enumerate(_list_rows(frame), 1)
        name = f"{content.name}, sheet {sheet}"
        try:
            table = collect_rows(rows, name, sheet_report, expects_header=True)
        except UserError:
            skipped.append(sheet)
            continue
        header = header or table.names
        if table.names != header:
            skipped.append(sheet)
            continue
        _check_words(table, frame, options)
        records += read_table(table, options, sheet_report)
        report.merge(sheet_report)
    if not header:
        raise UserError(
            f"{content.name}: there is no table in {options.sheet or 'any sheet'}. Sheets: "
            f"{', '.join(frames)}"
        )
    if skipped:
        report.warnings.append(
            f"{content.name}: sheets with another header, or without a table, are skipped: "
            f"{', '.join(skipped)}. --sheet NAME reads another table."
        )
    return records, report


def _check_words(table: Table, frame: Any, options: Options) -> None:
    """Check that Excel has not stored words as decimal numbers, dates or booleans.

    RAISES UserError: If it has.
    """
    faults = []
    values = frame[table.names.index(find_columns(table, options).word)]
    for line in table.lines:
        value = values[line - 1]
        is_decimal = isinstance(value, float) and not value.is_integer()
        if is_decimal or isinstance(value, bool | date | time):
            faults.append((line, f"a cell has {value}, which is not text"))
    check_rows(
        table.name,
        faults,
        "Excel has turned the words of these cells into numbers or dates: format the column as "
        "text and enter the words again.",
    )


def _list_rows(frame: Any) -> Iterator[list[str]]:
    """Yield the cells of each row."""
    for row in frame.itertuples(index=False, name=None):
        yield list(map(_to_text, row))


def _to_text(value: Any) -> str:
    """Return a cell as text: a list or mapping as JSON, a whole number without a point."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return "" if text in ("None", "nan", "<NA>", "NaT") else text


def _tag_names(metadata: Mapping[bytes, bytes]) -> dict[str, dict[int, str]]:
    """Return the names of numbered tags for each column of lists, as Hugging Face stores them."""
    names = {}
    info = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {})
    for column, feature in info.get("features", {}).items():
        # A list of tags has one feature for all of them.
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", {})
        if "names" in feature:
            names[column] = dict(enumerate(feature["names"]))
    return names
