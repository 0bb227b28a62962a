"""CSV and its kin, Excel and Parquet → a table: columns of strings."""

import csv
import io
import json
import re
from array import array
from collections.abc import Iterable, Iterator
from datetime import date, time
from functools import cache
from typing import Any

from tqdm import tqdm

from ..errors import UserError
from .columns import Table, allows_labels
from .schemes import UNKNOWN, is_tag
from .sentences import Data, clean
from .unpack import check_size

SEPARATORS = ",;\t|"
# So many are unpacked at once.
PARQUET_ROWS = 10_000
_UNCLOSED = (
    "a quote is opened and not closed, or closed on another line or before the field's end",
    'If quotes are plain characters in this file, say --no-quotes. Else close it: a word that is a quote is """".',
)
# Stands for a cell that has swallowed others.
_SWALLOWED = "\0"


def read_csv(text: str, data: Data) -> Table:
    """Read the text of a table with a header line. Rows that have a fault are left out.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    body, sep = text.lstrip("\n"), data.options.sep
    line = len(text) - len(body) + 1
    if sep is not None and (len(sep) != 1 or sep in '"\r\n'):
        raise UserError(
            f"--sep must be one character, such as ';' or '|' ('tab' for a tab), but is {sep!r}."
        )
    if said := re.match(r'"?sep=(.)"?[^\S\n]*\n', body, re.IGNORECASE):
        sep = sep or said[1]
        body, line = body[said.end() :], line + 1
    header = body.partition("\n")[0]
    other = find_separator(header)
    if (sep or other) not in header:
        option = "tab" if other == "\t" else repr(other)
        raise UserError(
            f"{data.file}, line {line}: the fields are not separated by {sep!r}: say --sep {option}."
        )
    return make_table(_records(body, line, sep or other, data), data, sep or other)


def find_separator(header: str) -> str:
    """What separates the names of a header line"""
    return max(SEPARATORS, key=header.count)


def read_cells(raw: bytes, kind: str, data: Data) -> Table:
    """Read an "excel" file's first sheet, or a "parquet" file: a list as JSON; a null tag as `?`. In Excel a date or a
    truth value is a fault: its text is in the formatting only.

    RAISES ImportError: If openpyxl or pyarrow is not installed.
    """
    if kind == "parquet":
        from pyarrow.parquet import ParquetFile

        parquet, size = ParquetFile(io.BytesIO(raw)), 0
        names = parquet.schema_arrow.names
        nulls = [UNKNOWN if allows_labels(name) else "" for name in names]
        records = [names]
        # Part by part, since a few bytes may stand for any number of equal rows
        for batch in parquet.iter_batches(batch_size=PARQUET_ROWS):
            # Python keeps a pointer for each cell.
            size += batch.nbytes + 8 * batch.num_rows * batch.num_columns
            check_size(size, data.file)
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            records += (
                [_cell(value, null) for value, null in zip(row, nulls, strict=True)] for row in rows
            )
        return make_table(enumerate(records), data)
    from openpyxl import load_workbook

    records = []
    for line, row in enumerate(
        load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets[0].values, 1
    ):
        records.append([_cell(value, "") for value in row])
        for value in row:
            if isinstance(value, bool | date | time):
                remedy = "Excel changed the words of these cells: format the column as text and write them again."
                data.fault(line, f"a cell holds {value} as a {type(value).__name__}", remedy)
    return make_table(enumerate(records, 1), data)


def _cell(value: Any, null: str) -> str:
    if isinstance(value, list):
        return json.dumps(
            [clean(item) if isinstance(item, str) else item for item in value], ensure_ascii=False
        )
    if value is None or value != value:
        return null
    # A whole number as Excel keeps it
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _records(body: str, line: int, sep: str, data: Data) -> Iterator[tuple[int, list[str]]]:
    """The line on which each record begins, and its fields; none of one that cannot be read"""
    csv.field_size_limit(2**31 - 1)
    quoting: Any = csv.QUOTE_NONE if data.options.no_quotes else csv.QUOTE_MINIMAL
    lines = tqdm(
        io.StringIO(body, newline=""),
        "Reading",
        body.count("\n"),
        unit=" lines",
        delay=2,
        disable=None,
    )
    reader = csv.reader(lines, delimiter=sep, quoting=quoting, strict=True)
    before = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            data.fault(line + before, *_UNCLOSED)
            record = []
        yield line + before, record
        before = reader.line_num


def make_table(records: Iterable[tuple[int, list[str]]], data: Data, sep: str = "\0") -> Table:
    """Make a table of records, the first of which is the header; without empty ones and repeated headers. What
    separates fields tells which cells have swallowed others, as the quote that closes a field was meant to open one."""

    @cache
    def cell(value: str) -> str:
        """Without white space at its edges, and one string for all equal ones"""
        return _SWALLOWED if sep in value and ("\n" in value or sep == "\t") else clean(value)

    header: list[str] = []
    columns: list[list[str]] = []
    lines = array("q")
    breaks: set[int] = set()
    for line, record in records:
        if not any(map(str.strip, record)):
            breaks.add(len(lines))
            continue
        width = len(header) or len(record)
        values, fewer = list(map(cell, record[:width])), width - len(record)
        more = fewer < 0 and any(map(str.strip, record[width:]))
        if _SWALLOWED in values or (
            (more or fewer > 0) and any(("\n" if more else sep) in each for each in record)
        ):
            data.fault(line, *_UNCLOSED)
        elif more:
            what = f"expected {width} fields as in the header, found {len(record)}"
            remedy = 'Put a field that holds the separator in quotes ("…"), and double a quote inside such a field.'
            data.fault(line, what, remedy)
        elif not header:
            header, columns = values, [[] for _ in values]
            if any(map(is_tag, header)):
                what = f"expected a header line with the columns' names, found a row of data ({record})"
                raise UserError(
                    f"{data.file}, line {line}: {what}. Add a header, such as: Sentence #,Word,Tag"
                )
        elif values != header:
            lines.append(line)
            for column, value in zip(columns, values + [""] * fewer, strict=True):
                column.append(value)
    if _UNCLOSED[1] in data.faults or not lines:
        # What is read after an open quote may be nonsense.
        data.faults.check()
    if not lines:
        raise UserError(
            f"{data.file} holds no sentences: there is a header line and no row after it."
        )
    named = [i for i, column in enumerate(columns) if header[i] or any(column)]
    starts = sorted(row for row in breaks if 0 < row < len(lines))
    return Table([header[i] for i in named], [columns[i] for i in named], lines, starts)
