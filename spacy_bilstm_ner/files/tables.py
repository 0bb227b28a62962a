"""A table: named columns of strings, with the line of each row."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice
from operator import itemgetter

from ..errors import UserError
from .faults import Faults
from .report import Report
from .schemes import INVISIBLE, is_tag

# Usual names of columns. Case and punctuation are ignored, and "#" is read as "number".
_SENTENCE = "(sentence|sent|satz|phrase|frase|oracion|zin)s?"
_NUMBER = "(ids?|no|nr|num|number|idx|index|key|name)"
KNOWN_NAMES = {
    "document": f"(document|doc|dokument|file|filename|article|chapter|pmid|url){_NUMBER}?",
    "number": f"sid|{_SENTENCE}{_NUMBER}",
    "word": "words?|tokens?|tok|wort|wörter|wortform|mot|palabra|parola|woord",
    "text": "text|form",
    "sentence": _SENTENCE,
    "tag": "(ner|ne|entity|bio|iob)?(tags?|labels?)|ner|ne|entity|entities|bio|iob|spans",
}
# Number of rows from which the header and the number of columns are detected
N_SAMPLE = 1000
# Numbers of rows of CoNLL-U that are not words: ranges such as 3-4, and empty nodes such as 3.1
_RANGE = re.compile(r"\d+[-.]\d+")
_PIECE = re.compile(r"##\S+")
# How CoNLL-U and CoNLL-2012 begin a document
_DOCUMENT = re.compile(r"#\s*(?:newdoc id =|begin document)\s*(.*\S)")


@dataclass
class Table:
    """Columns of strings.

    name (str): Name of the file.
    names (list[str]): Names of the n columns; "1", "2", … if there is no header.
    columns (list[list[str]]): n columns of m cells; "" for an empty cell.
    has_header (bool): Whether the file names its columns.
    lines (MutableSequence[int]): Line of each row.
    breaks (list[int]): Rows before which there are empty lines, in order.
    """

    name: str
    names: list[str]
    columns: list[list[str]]
    has_header: bool
    lines: MutableSequence[int] = field(default_factory=lambda: array("q"))
    breaks: list[int] = field(default_factory=list)

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]


def clean(value: str) -> str:
    """Return a value without white space and invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def find_name(kind: str, names: Iterable[str]) -> str | None:
    """Return the first name that is usual for a kind of column, which is a key of KNOWN_NAMES."""
    for name in names:
        plain = re.sub(r"\W|_", "", name.lower().replace("#", "number"))
        if re.fullmatch(KNOWN_NAMES[kind], plain):
            return name
    return None


def is_header(names: Sequence[str]) -> bool:
    """Return whether fields are a header: at least one is a usual name, and none is a tag."""
    return not any(map(is_tag, names)) and any(find_name(kind, names) for kind in KNOWN_NAMES)


def collect_rows(
    rows: Iterable[tuple[int, Sequence[str]]],
    faults: Faults,
    report: Report,
    separator: str | None,
    *,
    header: Sequence[str] = (),
    needs_header: bool = False,
) -> Table:
    """Make a table from the rows of a file. Count rows that are not data in the report.

    rows (Iterable[tuple[int, Sequence[str]]]): The line of each row, and its fields.
    faults (Faults): Rows that cannot be read.
    separator (Optional[str]): The separator of the fields; None for blanks.
    header (Sequence[str]): Names of the columns, if no row of the file has them.
    needs_header (bool): Whether the first row after titles and comments is a header, even if its
        names are not usual.
    RAISES UserError: If a row cannot be read, or the file has no rows.
    """
    name = faults.name
    stream = iter(rows)
    sample = list(islice(stream, N_SAMPLE))
    faults.check()
    to_cell = cache(clean)  # equal cells share one string, to save memory
    data = []
    for _, fields in sample:
        cells = list(map(to_cell, fields))
        if any(cells) and not cells[0].startswith(("#", "-DOCSTART-", "sep=", "SEP=")):
            data.append(cells)
    header_row = [] if header else _find_header(data, needs_header)
    names = list(header) or header_row
    width = len(names) or _common_width(data, name)
    names = names or list(map(str, range(1, width + 1)))
    if header_row:
        data.remove(header_row)
    is_numbered = width > 2 and _counts_words(data)
    last_values = set(map(itemgetter(-1), data))
    columns: list[list[str]] = [[] for _ in names]
    table = Table(name, names, columns, bool(header or header_row))
    is_after_header = not header_row
    documents: dict[int, str] = {}  # row at which a document begins -> its id
    lines = table.lines
    for line, fields in chain(sample, stream):
        cells = list(map(to_cell, fields))
        if not any(cells):
            table.breaks.append(len(lines))
            continue
        if len(cells) != width:
            cells = _remove_outer_fields(cells, width, separator)
        reason = ""
        if cells == header_row:
            is_after_header = True
            reason = "header"
        elif not is_after_header:
            reason = "title"
        elif cells[0].startswith("-DOCSTART-"):
            table.breaks.append(len(lines))
            documents[len(lines)] = str(len(documents) + 1)
            reason = "document"
        elif cells[0].startswith("#") and not _is_row(cells, width, last_values):
            reason = "comment"
        elif is_numbered and _RANGE.fullmatch(cells[0]):
            reason = "range"
        if reason:
            shown = (separator or " ").join(fields)[:80]
            report.rows_read += 1
            report.count(reason, f"{name}, line {line}: {shown!r}")
            if match := _DOCUMENT.match(shown):
                documents[len(lines)] = match[1]
            continue
        if separator:
            cells += [""] * (width - len(cells))
        if len(cells) != width:
            remedy = (
                "Write as many fields as in the other rows. Put a field that contains the "
                "separator into quotation marks."
            )
            faults.add(line, f"expected {width} columns, found {len(cells)}", remedy)
            continue
        lines.append(line)
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)
    faults.check()
    if not lines:
        raise UserError(
            f"{name} has no sentences, only a header or comments. Expected rows such as: "
            "1,Mira,B-per"
        )
    table.breaks = sorted(set(table.breaks) - {0, len(lines)})
    if documents:
        names.append("document")
        columns.append([documents.get(row, "") for row in range(len(lines))])
    return table


def _find_header(rows: Sequence[list[str]], needs_header: bool) -> list[str]:
    """Return the header, which is the first row with several fields; [] if that is no header."""
    first = next((cells for cells in rows if len(list(filter(None, cells))) > 1), [])
    names_columns = needs_header and not any(map(is_tag, first))
    return first if names_columns or is_header(first) else []


def _common_width(rows: Sequence[Sequence[str]], name: str) -> int:
    """Return the number of fields that most rows have.

    RAISES UserError: If most rows have one field, or different numbers of fields.
    """
    widths = Counter(map(len, rows))
    width, n_rows = max(widths.items(), key=itemgetter(1), default=(0, 0))
    if width < 2 or 2 * n_rows < len(rows):
        raise UserError(
            f"{name} is not a table: most of its lines do not have a word and a tag side by side. "
            "Is it text without labels? If not, say what is between its fields, such as --sep ','."
        )
    return width


def _counts_words(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column numbers the words of each sentence: 1, 2, 3 and so on."""
    previous = 0
    for cells in rows:
        if not _RANGE.fullmatch(cells[0]):
            if cells[0] not in ("1", str(previous + 1)):
                return False
            previous = int(cells[0])
    return previous > 0


def _is_row(cells: Sequence[str], width: int, last_values: set[str]) -> bool:
    """Return whether a line that begins with # is a row: it has all columns, and ends in a tag."""
    is_piece = _PIECE.fullmatch(cells[0]) and cells[-1].isalnum()
    is_tagged = is_piece or cells[-1] in last_values or is_tag(cells[-1])
    return len(cells) == width and bool(is_tagged)


def _remove_outer_fields(cells: list[str], width: int, separator: str | None) -> list[str]:
    """Remove empty fields before the first and after the last column."""
    if not separator and len(cells) > width and not cells[0]:
        cells = cells[1:]  # the line begins with blanks
    return cells if any(cells[width:]) else cells[:width]
