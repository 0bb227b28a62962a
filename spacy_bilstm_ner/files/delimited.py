"""Read CSV and its relatives: a header, and separators between the fields."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tqdm import tqdm

from ..errors import UserError
from .faults import Faults
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .tables import UNCLOSED, Table, TableBuilder

SEPARATORS = ",;\t|"
# In a file with tabs, a field that is a quotation mark is a word.
_QUOTE_AS_FIELD = re.compile('(^|\t)"(\t|$)', re.MULTILINE)
# Number of lines in which the separator is looked for
N_SAMPLE = 200


def read_delimited(content: Content, options: Options) -> tuple[Records, Report]:
    """Read a table with a header.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    table, report = make_table(content, options)
    return read_table(table, content, options, report)


def find_separator(lines: Sequence[str]) -> str | None:
    """Return the character that divides most lines into the same number of fields.

    RETURNS (str | None): None if no character divides most lines into two fields or more.
    """
    best, most_lines = None, 0
    for separator in SEPARATORS:
        widths = Counter(line.count(separator) for line in lines)
        del widths[0]
        if widths and max(widths.values()) > most_lines:
            best, most_lines = separator, max(widths.values())
    return best


def sample_lines(text: str) -> list[str]:
    """Return the first lines that are neither empty nor comments."""
    lines = list(filter(str.strip, text[:100_000].split("\n")[:N_SAMPLE]))
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
    if separator == "\t" and _QUOTE_AS_FIELD.search(content.text):
        options = replace(options, no_quotes=True)
        report.guesses["quotation marks"] = "plain characters"
    builder = TableBuilder(name, separator, report)
    for line, record in _records(content, separator, options, builder.faults):
        builder.add(line, record)
    return builder.finish(), report


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text. io.StringIO would need four bytes for each character."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _records(
    content: Content, separator: str, options: Options, faults: Faults
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record begins, and its fields."""
    csv.field_size_limit(2**31 - 1)
    quoting: Any = csv.QUOTE_NONE if options.no_quotes else csv.QUOTE_MINIMAL
    n_lines = content.text.count("\n")
    lines = tqdm(
        _lines(content.text),
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
