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
_FEATURE = re.compile(r"(?:^|\|)([\w:.]+)=(?:[BILUES]-[^|]+|O(?=\||$))", re.MULTILINE)


def read_delimited(content: Content, options: Options) -> tuple[Records, Report]:
    """Read CSV and similar formats, or CoNLL with any number of columns.

    RAISES UserError: If a row cannot be read, or a column cannot be detected.
    """
    name, text = content.name, content.text
    lines = list(filter(str.strip, text[:100_000].split("\n")[:N_SAMPLE]))
    lines = [line for line in lines if not line.startswith(("#", "-DOCSTART-"))] or lines
    separator = options.sep or find_separator(lines)
    report = Report(guesses={"separator": repr(separator or " ")})
    if separator:
        # Between tabs, quotation marks are ordinary characters, unless the file has a header and a
        # field in quotation marks.
        has_quotes = separator != "\t" or (_QUOTED.search(text) and is_header(lines[0].split("\t")))
        is_plain = options.no_quotes or not has_quotes
        rows = _split(text, separator, csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL, name)
    else:
        # Words may contain other white space than blanks and tabs, such as U+00A0.
        fields = (re.split("[ \t]+", line.strip(" \t")) for line in text.split("\n"))
        rows = enumerate(fields, 1)
    table = collect_rows(rows, name, report, expects_header=separator not in (None, "\t"))
    _add_features(table)
    return read_table(table, options, report), report


def find_separator(lines: Sequence[str]) -> str | None:
    """Detect the separator of the fields. Return None for blanks.

    A separator divides most lines into equal numbers of fields.
    """
    if all("\t" in line for line in lines):
        return "\t"
    best, most_rows = None, 0
    for separator in SEPARATORS:
        widths = Counter(map(len, csv.reader(lines, delimiter=separator)))
        n_rows = widths.total()
        del widths[1]
        n_equal = max(widths.values(), default=0)
        if n_equal > max(most_rows, n_rows / 2):
            best, most_rows = separator, n_equal
    return best


def _split(text: str, separator: str, quoting: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its fields.

    RAISES UserError: If a quotation mark is not closed.
    """
    csv.field_size_limit(2**31 - 1)
    # This needs less memory than io.StringIO.
    lines = map(itemgetter(0), re.finditer(r"[^\n]*\n|[^\n]+", text))
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line and _holds_rows(fields, separator):
                _refuse_quote(name, line, "one field has several rows")
            yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        _refuse_quote(name, line, str(error))


def _holds_rows(fields: Sequence[str], separator: str) -> bool:
    """Return whether a field contains further rows, because its quotation mark was not closed."""
    for field in fields:
        parts = field.replace("\n", separator).split(separator)
        if "\n" in field and any(map(is_tag, parts)):
            return True
    return False


def _refuse_quote(name: str, line: int, reason: str) -> NoReturn:
    raise UserError(
        f"{name}, line {line}: a quotation mark is not closed, or it is closed on another line or "
        "inside the field. If quotation marks are ordinary characters in this file, use "
        "--no-quotes. Otherwise, close it at the end of its field. A word that is only a quotation "
        f'mark is written as """". ({reason})'
    )


def _add_features(table: Table) -> None:
    """Add a column for each feature in the last column of CoNLL-U whose values are tags."""
    features = table.columns[-1]
    for key in sorted(set(_FEATURE.findall("\n".join(set(features))))):
        pattern = re.compile(rf"(?:^|\|){re.escape(key)}=([^|]*)")
        matches = map(pattern.search, features)
        table.names.append(key)
        table.columns.append([match[1] if match else "O" for match in matches])
