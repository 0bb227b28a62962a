"""Read a pandas.DataFrame, an Excel sheet or a Parquet file as a table."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from ..errors import UserError, count
from .columns import Columns, allows_labels, find_columns
from .faults import Faults
from .options import Options
from .records import UNKNOWN, Content, Records
from .report import Report
from .rows import read_table
from .tables import Table, TableBuilder, is_header
from .unpack import check_size

# Number of rows of a Parquet file that are unpacked at once
N_ROWS = 10_000
_CONVERTED = (
    "Excel has changed the words of these cells: format the column as text and write them again."
)


def read_frame(frame: Any, content: Content, options: Options) -> tuple[Records, Report]:
    """Read the rows of a data frame.

    frame (pandas.DataFrame): Its columns need names. Lines are numbers of rows, from 1.
    """
    names = list(map(str, frame.columns))
    rows = frame.itertuples(index=False, name=None)
    table, report = _make_table(names, rows, content.name, {})
    return read_table(table, content, options, report)


def read_parquet(content: Content, options: Options) -> tuple[Records, Report]:
    """Read a Parquet file. Numbered tags get the names that the schema has for them.

    RAISES ImportError: If pyarrow is not installed.
    """
    from pyarrow.parquet import ParquetFile

    parquet = ParquetFile(io.BytesIO(content.raw))
    tag_names = _tag_names(parquet.schema_arrow.metadata or {})
    rows: list[tuple[Any, ...]] = []
    size = 0
    for batch in parquet.iter_batches(batch_size=N_ROWS):
        # A few bytes may be any number of equal rows. Python keeps a pointer for each cell.
        size += batch.nbytes + 8 * batch.num_rows * batch.num_columns
        check_size(size, content.name)
        rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    names = parquet.schema_arrow.names
    table, report = _make_table(names, rows, content.name, tag_names)
    return read_table(table, content, options, report)


def read_excel(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the sheets of an Excel file that have the same header; others are named in a warning.

    RAISES UserError: If Excel has changed words into numbers or dates.
    """
    report = Report()
    sheets = _read_sheets(content, options, report)
    report.guesses["sheet"] = ", ".join(sheets)
    records: list[Any] = []
    for sheet, rows in sheets.items():
        name = content.name if len(sheets) == 1 else f"{content.name}, sheet {sheet}"
        builder = TableBuilder(name, "\t", report)
        for line, row in enumerate(rows, 1):
            builder.add(line, [_to_text(value, "") for value in row])
        table = builder.finish()
        _refuse_converted(table, rows, find_columns(table, options), report)
        sheet_content = content._replace(name=name)
        records_of_sheet, report = read_table(table, sheet_content, options, report)
        records += records_of_sheet
    return records, report


def _read_sheets(
    content: Content, options: Options, report: Report
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the cells of the rows of each sheet that is to be read.

    RAISES ImportError: If pandas or python-calamine is not installed.
    RAISES UserError: If there is no such sheet, or no sheet has rows.
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
    sheets: dict[str, list[tuple[Any, ...]]] = {}
    for sheet, frame in frames.items():
        sheets[str(sheet)] = list(frame.itertuples(index=False, name=None))
    if options.sheet is not None and options.sheet not in sheets:
        raise UserError(
            f"{content.name}: there is no sheet {options.sheet!r} (--sheet). Sheets: "
            f"{', '.join(sheets)}"
        )
    if options.sheet is not None:
        return {options.sheet: sheets[options.sheet]}
    filled = {sheet: rows for sheet, rows in sheets.items() if len(rows) > 1}
    if not filled:
        raise UserError(f"{content.name} has no rows: expected such as 1, Mira, B-PER.")
    headers = [tuple(map(str, rows[0])) for rows in filled.values()]
    header = next(filter(is_header, headers), headers[0])
    same = {}
    for sheet, first_row in zip(filled, headers, strict=True):
        if first_row == header:
            same[sheet] = filled[sheet]
    different = filled.keys() - same
    if different:
        report.warnings.append(
            f"{content.name}: sheets with another header than {next(iter(same))!r} are not read: "
            f"{', '.join(sorted(different))}. --sheet NAME reads one of them."
        )
    return same


def _refuse_converted(
    table: Table, rows: Sequence[Sequence[Any]], columns: Columns, report: Report
) -> None:
    """Refuse words and tags that Excel keeps as decimal numbers, dates or truth values."""
    faults = Faults(table.name)
    n_numbers = 0
    for name in (columns.word, columns.tag):
        for line in table.lines:
            value = rows[line - 1][table.positions[name]]
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if isinstance(value, bool | date | time) or (is_number and value != int(value)):
                kind = "number" if is_number else type(value).__name__
                faults.add(line, f"a cell has {value} as a {kind}", _CONVERTED)
            n_numbers += is_number
    faults.check()
    if n_numbers:
        report.warnings.append(
            f"{table.name}: {count(n_numbers, 'word')} are numbers in Excel, which may have "
            "changed them (007 to 7). If so, format the column as text and write them again."
        )


def _make_table(
    names: list[str], rows: Iterable[Sequence[Any]], file: str, tag_names: Mapping[str, list[str]]
) -> tuple[Table, Report]:
    """Make a table of rows whose cells have any type."""
    report = Report()
    builder = TableBuilder(file, "\t", report)
    builder.header, builder.columns = names, [[] for _ in names]
    nulls = [UNKNOWN if allows_labels(name) else "" for name in names]
    for line, row in enumerate(rows, 1):
        cells = []
        for name, value, null in zip(names, row, nulls, strict=True):
            named = _name_tags(value, tag_names[name]) if name in tag_names else value
            cells.append(_to_text(named, null))
        builder.add(line, cells)
    return builder.finish(), report


def _to_text(value: Any, null: str) -> str:
    """Return a cell as text: a list or mapping as JSON, a whole number without a point."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if value is None or value != value:
        return null
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _tag_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Return column -> names of its numbered tags, as Hugging Face writes them into the schema."""
    names = {}
    info = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {})
    for column, feature in info.get("features", {}).items():
        feature = feature.get("feature", feature) if isinstance(feature, dict) else {}
        if isinstance(feature, dict) and isinstance(feature.get("names"), list):
            names[column] = feature["names"]
    return names


def _name_tags(value: Any, names: list[str]) -> Any:
    """Return the names of numbered tags: of one, or of each in a list."""
    if isinstance(value, list):
        return [_name_tags(number, names) for number in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value
