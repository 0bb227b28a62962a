"""Read CoNLL of any width: a word a line, and empty lines between sentences."""

import csv
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import cache

from ..errors import UserError
from .faults import Faults
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .schemes import is_tag
from .tables import Table, clean, is_header

# The number of a row that is not a word: several words written as one, or an empty node
_RANGE = re.compile(r"\d+[-.]\d+")
# How CoNLL-U and CoNLL-2012 begin a document
_DOCUMENT = re.compile(r"#\s*(?:newdoc id =|begin document)\s*(.*\S)")
_PLUS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")
# The last field of CoNLL-U: key=value|key=value
_FEATURES = re.compile(r"[\w:.]+=[^|]*(\|[\w:.]+(=[^|]*)?)*")


def read_conll(content: Content, options: Options) -> tuple[Records, Report]:
    """Read rows of a word and further columns.

    RAISES UserError: If most lines are not such rows; the message says where and what to do.
    """
    table, report = make_table(content, options)
    return read_table(table, content, options, report)


def make_table(content: Content, options: Options) -> tuple[Table, Report]:
    """Read the fields of each row.

    RAISES UserError: If most lines have not the same number of fields, two or more.
    """
    name = content.name
    lines = content.text.split("\n")
    separator = options.sep or _find_separator(lines)
    rows = _split(lines, separator)
    plain = [row for line, row in zip(lines, rows, strict=True) if row and line[0] != "#"]
    plain = [row for row in plain if not row[0].startswith("-DOCSTART-")]
    if not plain:
        raise UserError(
            f"{name} has no sentences: all of its lines are empty or comments. Expected a word and "
            "its tag on each line."
        )
    (width, n_lines), *_ = Counter(map(len, plain)).most_common(1)
    if width < 2 or 2 * n_lines < len(plain):
        raise UserError(
            f"{name} is not a table: most of its lines do not have a word and a tag side by side. "
            "Is it text without labels? Expected CSV, CoNLL or JSON Lines."
        )
    reader = _Rows(name, width, plain)
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1):
        reader.add(number, line, row)
    return reader.finish(), reader.report


def _find_separator(lines: Sequence[str]) -> str | None:
    """Return the character between all fields; None for blanks and tabs."""
    sample = []
    for line in lines[:1000]:
        if line.strip(" \t,;|") and line[0] != "#" and "DOCSTART" not in line:
            sample.append(line)
    if all("\t" in line for line in sample):
        return "\t"
    for separator in ",;|":
        rows = [line.split(separator)[1:] for line in sample]
        if all(any(is_tag(field.strip()) for field in row) for row in rows):
            return separator
    return None


def _split(lines: Sequence[str], separator: str | None) -> list[list[str]]:
    """Return the fields of each line, none of an empty line."""
    cell = cache(clean)  # one string for all equal cells
    rows = []
    for line in lines:
        if not clean(line):
            fields = []
        elif separator in (",", ";"):
            fields = next(csv.reader([line], delimiter=separator), [])
        elif separator:
            fields = line.split(separator)
        else:  # not at every white space: a word may have a no-break space
            fields = re.split("[ \t]+", line.strip(" \t"))
        rows.append(list(map(cell, fields)))
    return rows


class _Rows:
    """Collect the rows of a file, and what is left out.

    name (str): Name of the file.
    width (int): Number of its columns.
    plain (list[list[str]]): The rows that are surely not comments.
    """

    def __init__(self, name: str, width: int, plain: list[list[str]]) -> None:
        self.name, self.width = name, width
        self.faults = Faults(name)
        self.report = Report()
        first = plain[0]
        self.header = first if len(first) == width and is_header(first) else None
        self.names = self.header or [str(number) for number in range(1, width + 1)]
        self.is_numbered = width > 2 and _counts_words(plain)
        self.last_values = {row[-1] for row in plain if len(row) == width}
        self.rows: list[list[str]] = []
        self.lines = array("q")
        self.breaks: list[int] = []
        self.documents: list[str] = []
        self.document, self.n_documents = "", 0

    def add(self, number: int, line: str, row: list[str]) -> None:
        """Add a line: a row, a mark, a comment, or an empty line, which may have separators."""
        if not any(row):
            self.breaks.append(len(self.rows))
            return
        if line.startswith("-DOCSTART-"):
            self.n_documents += 1
            self.document = str(self.n_documents)
            self.breaks.append(len(self.rows))
            self._leave_out("document", number, line)
        elif row[0].startswith("#") and not self._is_row(row):
            self._add_comment(number, line)
        elif self.is_numbered and len(row) == self.width and _RANGE.fullmatch(row[0]):
            self._leave_out("range", number, line)
        elif row == self.header:
            self._leave_out("header", number, line)
        elif len(row) == self.width:
            self._append(number, row)
        elif len(row) == self.width - 1 and line[0] in " \t" and row[-1] in self.last_values:
            self._append(number, ["", *row])  # the word is a blank
        elif len(row) > self.width and not any(row[self.width :]):
            self._append(number, row[: self.width])
        else:
            fault = f"expected {self.width} columns, found {len(row)}"
            self.faults.add(number, fault, "Write a word, its tag, and no more.")

    def _append(self, number: int, row: list[str]) -> None:
        self.rows.append(row)
        self.lines.append(number)
        self.documents.append(self.document)

    def _is_row(self, row: list[str]) -> bool:
        """Return whether a line that begins with # has the width and a tag of other rows."""
        is_piece = re.match(r"##\S+$", row[0]) and row[-1].isalnum()
        is_tagged = row[-1] in self.last_values or is_tag(row[-1])
        return len(row) == self.width and bool(is_tagged or is_piece)

    def _add_comment(self, number: int, line: str) -> None:
        if match := _DOCUMENT.match(line):
            self.document = match[1]
        if match := _PLUS.match(line):
            names = match[1].split()
            self.names = names if len(names) == self.width else self.names
        self._leave_out("comment", number, line)

    def _leave_out(self, reason: str, number: int, line: str) -> None:
        self.report.rows_read += 1
        self.report.count(reason, f"{self.name}, line {number}: {line[:80]!r}")

    def finish(self) -> Table:
        """Return the table.

        RAISES UserError: If rows cannot be read, or there is none.
        """
        self.faults.check()
        if not self.rows:
            raise UserError(
                f"{self.name} has no words: all of its lines are comments, or numbered as those of "
                "CoNLL-U that are not words. Expected a word and its tag on each line."
            )
        columns = [list(column) for column in zip(*self.rows, strict=True)]
        names, has_header = list(self.names), self.names[0] != "1"
        for key, values in _feature_columns(columns[-1]).items():
            names.append(key)
            columns.append(values)
        breaks = sorted({row for row in self.breaks if 0 < row < len(self.rows)})
        documents = self.documents if any(self.documents) else []
        return Table(self.name, names, columns, self.lines, breaks, has_header, documents)


def _counts_words(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column numbers the words of each sentence: 1, 2, 3 and so on."""
    previous = 0
    for row in rows:
        if _RANGE.fullmatch(row[0]):
            continue
        if not row[0].isdecimal() or int(row[0]) not in (1, previous + 1):
            return False
        previous = int(row[0])
    return True


def _feature_columns(values: Sequence[str]) -> dict[str, list[str]]:
    """Return the features of a column key=value|key=value that are tags, as columns."""
    different = set(values) - {"_", ""}
    if not different or not all(map(_FEATURES.fullmatch, different)):
        return {}
    parts = {value: dict(_pairs(value)) for value in different}
    keys = dict.fromkeys(key for pairs in parts.values() for key in pairs)
    columns = {}
    for key in keys:
        tags = {pairs.get(key, "O") for pairs in parts.values()}
        if all(map(is_tag, tags)) and tags != {"O"}:
            columns[key] = [parts.get(value, {}).get(key, "O") for value in values]
    return columns


def _pairs(value: str) -> list[tuple[str, str]]:
    pairs = []
    for feature in value.split("|"):
        key, _, tag = feature.partition("=")
        pairs.append((key, tag))
    return pairs
