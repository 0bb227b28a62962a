"""Read text files of rows and fields: CSV and similar formats, and CoNLL."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, NoReturn

from ..errors import UserError
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .schemes import is_tag
from .tables import Table, collect_rows, is_header

SEPARATORS = "\t,;|"
# Number of lines from which the separator is detected
N_SAMPLE = 1000
# A field in quotation marks, in a file with tabs
_QUOTED = re.compile('(^|\t)"[^"\t]+"(\t|$)', re.MULTILINE)
# A tag among the features of CoNLL-U: key=value|key=value
_FEATURE = re.compile(r"(?:^|\|)([\w:.]+)=[BILUES]-[^|]+", re.MULTILINE)


def read_delimited(content: Content, options: Options) -> tuple[Records, Report]:
    """Read CSV and similar formats with a header."""
    report = Report()
    table = _divide(content, options, report, needs_header=True)
    return read_table(table, options, report)


def read_conll(content: Content, options: Options) -> tuple[Records, Report]:
    """Read CoNLL with any number of columns, with or without a header.

    RAISES UserError: If a line has another number of columns, or a column cannot be detected.
    """
    report = Report()
    table = _divide(content, options, report, needs_header=False)
    _add_features(table)
    return read_table(table, options, report)


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
    best, most_lines = None, 0
    for separator in SEPARATORS:
        widths = Counter(map(len, csv.reader(lines, delimiter=separator)))
        n_lines = widths.total()
        del widths[1]
        if is_header(lines[0].split(separator)) and 2 * widths.total() > n_lines:
            return separator
        if widths and max(widths.values()) > max(most_lines, n_lines / 2):
            best, most_lines = separator, max(widths.values())
    return best


def _divide(content: Content, options: Options, report: Report, needs_header: bool) -> Table:
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
    if separator == "\t" and (not needs_header or not _QUOTED.search(text)):
        has_plain_quotes = True
        report.guesses["quotation marks"] = "plain characters"
    rows = _split_at_blanks(text)
    if separator:
        rows = _split(text, separator, has_plain_quotes, name)
    return collect_rows(
        rows, name, report, pads_rows=separator is not None, needs_header=needs_header
    )


def _name_separator(separator: str) -> str:
    return "tab" if separator == "\t" else repr(separator)


def _split(
    text: str, separator: str, has_plain_quotes: bool, name: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its fields.

    RAISES UserError: If a quotation mark is not closed.
    """
    csv.field_size_limit(2**31 - 1)
    quoting: Any = csv.QUOTE_NONE if has_plain_quotes else csv.QUOTE_MINIMAL
    # This needs less memory than io.StringIO.
    lines = map(itemgetter(0), re.finditer(r"[^\n]*\n|[^\n]+", text))
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line and _holds_rows(fields, separator):
                _refuse_quote(name, line)
            yield line, fields
            line = reader.line_num + 1
    except csv.Error:
        _refuse_quote(name, line)


def _split_at_blanks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line and its fields. Words may contain other white space, such as U+00A0."""
    for line, row in enumerate(text.split("\n"), 1):
        yield line, re.split("[ \t]+", row.strip(" \t"))


def _holds_rows(fields: Sequence[str], separator: str) -> bool:
    """Return whether a field contains further rows, because its quotation mark was not closed."""
    for field in fields:
        parts = field.replace("\n", separator).split(separator)
        if "\n" in field and any(map(is_tag, parts)):
            return True
    return False


def _refuse_quote(name: str, line: int) -> NoReturn:
    raise UserError(
        f"{name}, line {line}: a quotation mark is not closed, or it is closed on another line or "
        "inside the field. If quotation marks are ordinary characters in this file, use "
        '--no-quotes. If not, close it. A word that is only a quotation mark is written as """".'
    )


def _add_features(table: Table) -> None:
    """Add a column for each feature in the last column of CoNLL-U whose values are tags."""
    features = table.columns[-1]
    for key in sorted(set(_FEATURE.findall("\n".join(set(features))))):
        pattern = re.compile(rf"(?:^|\|){re.escape(key)}=([^|]*)")
        matches = map(pattern.search, features)
        table.names.append(key)
        table.columns.append([match[1] if match else "O" for match in matches])
