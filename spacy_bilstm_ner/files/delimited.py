"""Read CSV and its relatives: a header, and separators between the fields."""

import csv
import io
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from tqdm import tqdm

from ..errors import UserError
from .faults import Faults
from .options import Options
from .records import Content, TaggedWords, TextWithSpans
from .report import Report
from .rows import read_table
from .schemes import is_tag
from .tables import Table, clean, is_known

SEPARATORS = ",;\t|"
UNCLOSED = (
    "a quotation mark is not closed, or it is closed on another line or inside the field",
    "If quotation marks are plain characters in this file, say --no-quotes. If not, close it: a "
    'word that is a quotation mark is """".',
)
TOO_LONG = "Put a field that has the separator in quotation marks, and double those inside it."
# Stands for a cell that has rows in it, because a quotation mark is not closed
_SWALLOWED = "\0"
# Number of lines in which the separator is looked for
N_SAMPLE = 200


def read_delimited(
    content: Content, options: Options
) -> tuple[list[TaggedWords] | list[TextWithSpans], Report]:
    """Read a table with a header.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    table, report = make_table(content, options)
    records, rows_report = read_table(table, content, options)
    return records, report.merge(rows_report)


def find_separator(lines: Sequence[str]) -> str | None:
    """Return the character that divides most lines into the same number of fields, two or more;
    None if there is none."""
    best, most_lines = None, 0
    for separator in SEPARATORS:
        widths = Counter(line.count(separator) for line in lines)
        del widths[0]
        if widths and max(widths.values()) > most_lines:
            best, most_lines = separator, max(widths.values())
    return best


def sample_lines(text: str) -> list[str]:
    """Return the first lines that are neither empty nor comments."""
    lines = [line for line in text[:100_000].split("\n")[:N_SAMPLE] if line.strip()]
    return [line for line in lines if line[0] != "#"] or lines


def make_table(content: Content, options: Options) -> tuple[Table, Report]:
    """Read the cells of a table with a header.

    RAISES UserError: If it has no header, or rows that cannot be read.
    """
    name, separator = content.name, options.sep
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise UserError(
            f"--sep must be one character, such as ';' or '|' ('tab' for a tab), but it is "
            f"{separator!r}."
        )
    excel_mark = re.match(r'\s*"?sep=(.)"?[^\S\n]*\n', content.text, re.IGNORECASE)
    if excel_mark and separator is None:
        separator = excel_mark[1]
    detected = find_separator(sample_lines(content.text))
    separator = separator or detected
    if separator is None:
        raise UserError(
            f"{name}: no character separates the fields of its lines. Expected one of , ; | or a "
            "tab, with a header such as: Sentence #,Word,Tag"
        )
    if detected and not any(separator in line for line in sample_lines(content.text)):
        option = "tab" if detected == "\t" else repr(detected)
        raise UserError(
            f"{name}: no line has the separator {separator!r}. Say --sep {option}, or leave it out."
        )
    shown = "tab" if separator == "\t" else repr(separator)
    report = Report(guesses={} if options.sep else {"delimiter": shown})
    builder = _Builder(name, separator, report)
    for line, record in _records(content, separator, options, builder.faults):
        builder.add(line, record)
    return builder.finish(), report


def _records(
    content: Content, separator: str, options: Options, faults: Faults
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record begins, and its fields."""
    csv.field_size_limit(2**31 - 1)
    quoting = csv.QUOTE_NONE if options.no_quotes else csv.QUOTE_MINIMAL
    n_lines = content.text.count("\n")
    lines = tqdm(
        io.StringIO(content.text, newline=""),
        "Reading",
        n_lines,
        unit=" lines",
        delay=2,
        disable=None,
    )
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    line = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.add(line, *UNCLOSED)
            record = []
        yield line, record
        line = reader.line_num + 1


class _Builder:
    """Build a table of records, the first of which is the header."""

    def __init__(self, name: str, separator: str, report: Report) -> None:
        self.name, self.separator, self.report = name, separator, report
        self.faults = Faults(name)
        self.header: list[str] = []
        self.columns: list[list[str]] = []
        self.lines = array("q")
        self.breaks: set[int] = set()
        self.cell = cache(self._cell)  # one string for all equal cells

    def add(self, line: int, record: list[str]) -> None:
        """Add a record: a header, a row, an empty line, or a title or comment."""
        if not any(map(str.strip, record)):
            self.breaks.add(len(self.lines))
            return
        if not self.header:
            self._add_header(line, record)
            return
        width = len(self.header)
        if len(record) != width:
            if record[0].startswith("#") and len(record) < width:
                self._leave_out("comment", line, record)
                return
            if self._is_faulty(line, record):
                return
            record = record[:width] + [""] * (width - len(record))
        cells = list(map(self.cell, record))
        if _SWALLOWED in cells:
            self.faults.add(line, *UNCLOSED)
            return
        if cells == self.header:
            self._leave_out("header", line, record)
            return
        self.lines.append(line)
        for column, cell in zip(self.columns, cells, strict=True):
            column.append(cell)

    def _cell(self, value: str) -> str:
        """Return a cell without white space at its edges, _SWALLOWED if it has rows of tags."""
        if "\n" in value and self.separator in value:
            fields = value.replace("\n", self.separator).split(self.separator)
            if any(map(is_tag, fields)):
                return _SWALLOWED
        return clean(value)

    def _add_header(self, line: int, record: list[str]) -> None:
        cells = list(map(clean, record))
        is_short = len([cell for cell in cells if cell]) < 2
        if cells[0].startswith("#") and not is_known(cells[0].strip("# ")) or is_short:
            self._leave_out("title", line, record)
            return
        if cells[0].lower().startswith("sep=") and len(cells) <= 2:
            self._leave_out("title", line, record)
            return
        if any(map(is_tag, cells)):
            raise UserError(
                f"{self.name}, line {line}: expected a header with the columns' names, found a row "
                f"of data ({record}). Add a header, such as: Sentence #,Word,Tag"
            )
        self._leave_out("header", line, record)
        self.header = cells
        self.columns = [[] for _ in cells]
        self.breaks.clear()

    def _leave_out(self, reason: str, line: int, record: list[str]) -> None:
        self.report.rows_read += 1
        self.report.count(reason, f"{self.name}, line {line}: {self.separator.join(record)!r}")

    def _is_faulty(self, line: int, record: list[str]) -> bool:
        """Add the fault of a record with more or fewer fields than the header, if it has one."""
        width = len(self.header)
        has_extra_fields = any(map(str.strip, record[width:]))
        is_short = len(record) < width
        contains_line_break = any("\n" in field for field in record)
        contains_separator = any(self.separator in field for field in record)
        if has_extra_fields and contains_line_break or is_short and contains_separator:
            self.faults.add(line, *UNCLOSED)
        elif has_extra_fields:
            fault = f"expected {width} fields as in the header, found {len(record)}"
            self.faults.add(line, fault, TOO_LONG)
        else:
            return False
        return True

    def finish(self) -> Table:
        """Return the table without columns that have neither a name nor a cell.

        RAISES UserError: If rows cannot be read, or there is none.
        """
        self.faults.check()
        if not self.lines:
            raise UserError(
                f"{self.name} has no sentences: there is a header, and no row after it. Expected "
                "rows such as: 1,Mira,B-per"
            )
        names, columns = [], []
        for name, column in zip(self.header, self.columns, strict=True):
            if name or any(column):
                names.append(name)
                columns.append(column)
        breaks = sorted(row for row in self.breaks if 0 < row < len(self.lines))
        return Table(self.name, names, columns, self.lines, breaks)
