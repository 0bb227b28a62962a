"""A table: named columns of strings, with the line of each row."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter

from ..errors import UserError
from .faults import Faults
from .report import Report
from .schemes import INVISIBLE, is_tag

UNCLOSED = (
    "a quotation mark is not closed, or it is closed on another line or inside the field",
    "If quotation marks are plain characters in this file, use --no-quotes. If not, close it: a "
    'word that is a quotation mark is """".',
)
TOO_LONG = "Put a field that has the separator in quotation marks, and double those inside it."
# Stands for a cell that has rows in it, because a quotation mark is not closed
_SWALLOWED = "\0"
# Names that people give to columns, best first. Case, spaces and punctuation do not count.
KNOWN_NAMES = {
    "document": "doc document dokument file filename article story paragraph para chapter section "
    "page abstract pmid source url textid partid postid tweetid messageid emailid reportid "
    "recordid caseid noteid",
    "sentence": "sid sentence sentences sent satz phrase frase oracion zin",
    "word": "word words token tokens tok wort wörter wortform mot palabra parola woord text form",
    "pos": "pos postag postags upos xpos stts wortart",
    "tag": "nertag nertags ner ne entity entities bio iob tag tags label labels spans",
}

# What can follow the name of a column of documents or sentences
NUMBER_SUFFIXES = ("ids", "id", "no", "nr", "number", "num", "idx", "index", "key", "name")


@dataclass
class Table:
    """Columns of strings.

    name (str): Name of the file.
    names (list[str]): Names of the n columns; "1", "2", … if there is no header.
    columns (list[list[str]]): n columns of m cells; "" for an empty cell.
    lines (Sequence[int]): Line of each row.
    breaks (list[int]): Rows before which there are empty lines, in order.
    has_header (bool): Whether the file names its columns.
    documents (list[str]): Id of each row's document; empty if the file does not have them.
    positions (dict[str, int]): Name of a column -> its position in the file.
    """

    name: str
    names: list[str]
    columns: list[list[str]]
    lines: Sequence[int]
    breaks: list[int] = field(default_factory=list)
    has_header: bool = True
    documents: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]


def clean(value: str) -> str:
    """Return a value without white space and invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def is_header(names: Sequence[str]) -> bool:
    """Return whether fields name columns: none is a tag, and one is a usual name."""
    return not any(map(is_tag, names)) and any(map(is_known, names))


def is_known(name: str) -> bool:
    """Return whether a name is usual for a column of any kind."""
    return any(rank(kind, name) is not None for kind in KNOWN_NAMES)


def rank(kind: str, name: str) -> int | None:
    """Return how usual a name is for a kind of column, 0 for the best; None if it is not.

    kind (str): A key of KNOWN_NAMES.
    """
    known = KNOWN_NAMES[kind].split()
    plain = "".join(filter(str.isalnum, name.lower()))
    is_numbered = kind in ("document", "sentence")
    if plain in known:
        return known.index(plain) + is_numbered * len(known)
    for suffix in NUMBER_SUFFIXES if is_numbered else ():
        if plain.removesuffix(suffix) in known:
            return known.index(plain.removesuffix(suffix))
    return None


def best_name(kind: str, names: Iterable[str]) -> str | None:
    """Return the most usual of the names for a kind of column; None if none is usual."""
    ranks = []
    for name in names:
        place = rank(kind, name)
        if place is not None:
            ranks.append((place, name))
    return min(ranks, key=itemgetter(0))[1] if ranks else None


class TableBuilder:
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
        is_short = len(list(filter(None, cells))) < 2
        is_comment = cells[0].startswith("#") and not is_known(cells[0].strip("# "))
        if is_short or is_comment or cells[0].lower().startswith("sep="):
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
        merged = "\n" if has_extra_fields else self.separator
        contains_rows = any(merged in field for field in record)
        if (has_extra_fields or is_short) and contains_rows:
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
        positions = {}
        for position, (name, column) in enumerate(zip(self.header, self.columns, strict=True)):
            if name or any(column):
                names.append(name)
                columns.append(column)
                positions[name] = position
        breaks = sorted(row for row in self.breaks if 0 < row < len(self.lines))
        return Table(self.name, names, columns, self.lines, breaks, positions=positions)
