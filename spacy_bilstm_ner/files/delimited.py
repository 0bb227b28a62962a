"""Divide text files into rows and fields: CSV and similar formats, and CoNLL."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import UserError
from .faults import Faults
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .schemes import is_tag
from .tables import Table, collect_rows, is_header

SEPARATORS = ",;\t|"
# Number of lines from which the separator is detected
N_SAMPLE = 1000
# In a file with tabs, a field that is a quotation mark is a word.
_QUOTE_AS_FIELD = re.compile('(^|\t)"(\t|$)', re.MULTILINE)
_UNCLOSED = (
    "a quotation mark is not closed, or it is closed on another line or inside the field",
    "If quotation marks are ordinary characters in this file, use --no-quotes. If not, close it. A "
    'word that is only a quotation mark is written as """".',
)


def read_delimited(content: Content, options: Options) -> tuple[Records, Report]:
    """Read CSV and similar formats with a header."""
    report = Report()
    table = divide(content, options, report, needs_header=True)
    return read_table(table, options, report)


def divide(content: Content, options: Options, report: Report, needs_header: bool) -> Table:
    """Divide the lines of a text into fields.

    needs_header (bool): Whether the first row must be a header, as in CSV.
    RAISES UserError: If the file has no rows, or a row cannot be read.
    """
    name, text = content.name, content.text
    sample = sample_lines(text)
    detected = find_separator(sample)
    separator = options.sep or detected
    if separator and (len(separator) > 1 or not any(separator in line for line in sample)):
        option = f"--sep {_name_separator(detected)}" if detected else "--format conll"
        raise UserError(
            f"{name}: the separator must be one character that occurs in the file, but it is "
            f"{separator!r}. Use {option}, or leave out --sep."
        )
    if not options.sep:
        report.guesses["delimiter"] = _name_separator(separator or " ")
    has_plain_quotes = options.no_quotes
    if separator == "\t" and (not needs_header or _QUOTE_AS_FIELD.search(text)):
        has_plain_quotes = True
        report.guesses["quotation marks"] = "plain characters"
    faults = Faults(name)
    # Words may contain other white space, such as a no-break space.
    at_blanks = re.compile("[ \t]+")
    fields_of_lines = map(at_blanks.split, map(str.rstrip, text.split("\n")))
    rows: Iterator[tuple[int, list[str]]] = enumerate(fields_of_lines, 1)
    if separator:
        rows = _split(text, separator, has_plain_quotes, faults)
    return collect_rows(rows, faults, report, separator, needs_header=needs_header)


def sample_lines(text: str) -> list[str]:
    """Return the first lines that are neither empty nor comments."""
    lines = list(filter(str.strip, text[:100_000].split("\n")[:N_SAMPLE]))
    return [line for line in lines if not line.startswith(("#", "-DOCSTART-"))] or lines


def find_separator(lines: Sequence[str]) -> str | None:
    """Detect the separator of the fields. Return None for blanks.

    A separator divides the first line into names of columns, or most lines into equal numbers of
    fields.
    """
    if all("\t" in line for line in lines):
        return "\t"
    best, most_lines = None, len(lines) / 2
    for separator in SEPARATORS:
        header = list(map(str.strip, lines[0].split(separator)))
        widths = Counter(line.count(separator) for line in lines)
        n_without = widths.pop(0, 0)
        if len(header) > 1 and is_header(header) and 2 * n_without < len(lines):
            return separator
        if widths and max(widths.values()) > most_lines:
            best, most_lines = separator, max(widths.values())
    return best


def _name_separator(separator: str) -> str:
    return "tab" if separator == "\t" else repr(separator)


def _split(
    text: str, separator: str, has_plain_quotes: bool, faults: Faults
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its fields."""
    csv.field_size_limit(2**31 - 1)
    quoting: Any = csv.QUOTE_NONE if has_plain_quotes else csv.QUOTE_MINIMAL
    reader = csv.reader(_lines(text), delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line and _holds_rows(fields, separator):
                faults.add(line, *_UNCLOSED)
            yield line, fields
            line = reader.line_num + 1
    except csv.Error:
        faults.add(line, *_UNCLOSED)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text. This needs less memory than io.StringIO."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _holds_rows(fields: Sequence[str], separator: str) -> bool:
    """Return whether a field contains further rows, because its quotation mark was not closed."""
    for field in fields:
        parts = field.replace("\n", separator).split(separator)
        if "\n" in field and any(map(is_tag, parts)):
            return True
    return False
