"""Read a pandas.DataFrame, an Excel sheet or a Parquet file as a table."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from ..errors import UserError, count
from .columns import Columns, find_columns
from .faults import Faults
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .tables import Table, collect_rows
from .unpack import check_size


def read_frame(frame: Any, content: Content, options: Options) -> tuple[Records, Report]:
    """Read the rows of a data frame.

    frame (pandas.DataFrame): Its columns need names. Lines are numbers of rows, from 1.
    """
    names = list(map(str, frame.columns))
    rows = frame.itertuples(index=False, name=None)
    table, report = _make_table(rows, content.name, names)
    columns = find_columns(table, options)
    n_missing = frame.iloc[:, names.index(columns.word)].isna().sum()
    if n_missing:
        report.warnings.append(
            f"{count(n_missing, 'row')} of the table have no word. pandas reads words such as NA, "
            "null and None so: pandas.read_csv(…, keep_default_na=False) keeps them."
        )
    return read_table(table, columns, options, report)


def read_parquet(content: Content, options: Options) -> tuple[Records, Report]:
    """Read a Parquet file. Numbered tags get the names that the schema has for them.

    RAISES ImportError: If pandas or pyarrow is not installed.
    """
    import pandas
    from pyarrow.parquet import ParquetFile

    parquet = ParquetFile(io.BytesIO(content.raw))
    # A few bytes may be any number of equal rows. Python keeps a pointer for each cell.
    check_size(8 * parquet.metadata.num_rows * parquet.metadata.num_columns, content.name)
    frame = pandas.read_parquet(io.BytesIO(content.raw), dtype_backend="pyarrow")
    for column, names in _tag_names(parquet.schema_arrow.metadata or {}).items():
        frame[column] = [_name_tags(value, names) for value in frame[column]]
    return read_frame(frame, content, options)


def read_excel(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the sheets of an Excel file that have the same header; others are named in a warning.

    RAISES ImportError: If pandas or python-calamine is not installed.
    RAISES UserError: If there is no such sheet, or Excel has changed words into numbers or dates.
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
    records: list[Any] = []
    report = Report()
    others = []
    for sheet, frame in frames.items():
        if len(frame) < 2 or options.sheet not in (None, sheet):
            continue
        rows = list(frame.itertuples(index=False, name=None))
        try:
            table, sheet_report = _make_table(rows, f"{content.name}, sheet {sheet}")
        except UserError:
            others.append(sheet)
            continue
        header = header or table.names
        if table.names != header:
            others.append(sheet)
            continue
        columns = find_columns(table, options)
        _refuse_converted(table, columns, rows, sheet_report)
        records_of_sheet, sheet_report = read_table(table, columns, options, sheet_report)
        sheet_report.guesses["sheet"] = sheet
        records += records_of_sheet
        report = report.merge(sheet_report)
    if not header:
        raise UserError(
            f"{content.name}: there is no sheet {options.sheet or 'with a table'} (--sheet). "
            f"Sheets: {', '.join(frames)}"
        )
    if others:
        report.warnings.append(
            f"{content.name}: sheets with another header are not read: {', '.join(others)}. "
            "--sheet NAME reads one of them."
        )
    return records, report


def _make_table(
    rows: Iterable[Sequence[Any]], name: str, header: Sequence[str] = ()
) -> tuple[Table, Report]:
    """Make a table of rows whose cells have any type.

    header (Sequence[str]): Names of the columns; empty if a row has them.
    """
    report = Report()
    texts = enumerate((list(map(_to_text, row)) for row in rows), 1)
    table = collect_rows(
        texts, name, "\t", faults=Faults(name), report=report, header=header, needs_header=True
    )
    return table, report


def _refuse_converted(
    table: Table, columns: Columns, rows: Sequence[Sequence[Any]], report: Report
) -> None:
    """Refuse words and tags that Excel keeps as decimal numbers, dates or truth values."""
    faults = Faults(table.name)
    n_numbers = 0
    remedy = "Excel has changed it: format the column as text and write these words again."
    for name in (columns.word, columns.tag):
        for line in table.lines:
            value = rows[line - 1][table.names.index(name)]
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if isinstance(value, bool | date | time) or (is_number and value != int(value)):
                kind = "number" if is_number else type(value).__name__
                faults.add(line, f"a cell has {value} as a {kind}", remedy)
            n_numbers += is_number
    faults.check()
    if n_numbers:
        report.warnings.append(
            f"{table.name}: {count(n_numbers, 'word')} are numbers in Excel, which may have "
            "changed them (007 to 7). If so, format the column as text and write them again."
        )


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


def _tag_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Return column -> names of its numbered tags, as Hugging Face writes them into the schema."""
    names = {}
    info = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {})
    for column, feature in info.get("features", {}).items():
        # A list of tags has one feature for all of them.
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        if "names" in feature:
            names[column] = feature["names"]
    return names


def _name_tags(value: Any, names: list[str]) -> Any:
    """Return the names of numbered tags, in lists of any depth."""
    if isinstance(value, list):
        return [_name_tags(number, names) for number in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value
