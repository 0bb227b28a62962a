"""A table: named columns of strings, with the line of each row."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from ..errors import UserError
from .faults import check_rows
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
# Numbers of rows of CoNLL-U. Ranges such as 3-4, and empty nodes such as 3.1, are not words.
_WORD_NUMBER = re.compile(r"\d+([-.]\d+)?")
# Rows that begin a document in CoNLL-2003, CoNLL-U and CoNLL-2012
_DOCUMENT = re.compile(r"-DOCSTART-|#\s*(newdoc|begin document)")


@dataclass
class Table:
    """Columns of strings.

    name (str): Name of the file.
    names (list[str]): Names of the n columns; "1", "2", … if there is no header.
    columns (list[list[str]]): n columns of m cells; "" for an empty cell.
    has_header (bool): Whether the file names its columns.
    lines (MutableSequence[int]): Line of each row.
    blocks (list[str]): Number of each row's block, from 1. Empty lines end a block.
    documents (list[str]): Number of each row's document, from 1; "" if it is in no document.
    """

    name: str
    names: list[str]
    columns: list[list[str]]
    has_header: bool
    lines: MutableSequence[int]
    blocks: list[str]
    documents: list[str]

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]


class Layout(NamedTuple):
    """What the rows of a table look like.

    header (list[str]): The row that names the columns; empty if there is none.
    width (int): Number of columns.
    counts_words (bool): Whether the first column numbers the words of each sentence.
    last_values (set[str]): Cells of the last column.
    """

    header: list[str]
    width: int
    counts_words: bool
    last_values: set[str]

    def reason(self, cells: Sequence[str]) -> str:
        """Return the reason to leave out a row; "" if it is data."""
        if cells == self.header:
            return "header"
        if cells[0].startswith("-DOCSTART-"):
            return "document"
        # The row of a hashtag or of a piece such as ##ra has all columns, and ends in a tag.
        is_piece = cells[0].startswith("##") and cells[-1].isalnum()
        is_tagged = is_piece or is_tag(cells[-1]) or cells[-1] in self.last_values
        if cells[0].startswith("#") and not (is_tagged and len(cells) == self.width):
            is_document = _DOCUMENT.match(" ".join(cells))
            return "document" if is_document else "comment"
        return "range" if self.counts_words and not cells[0].isdecimal() else ""


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
    name: str,
    report: Report,
    *,
    needs_header: bool = False,
) -> Table:
    """Make a table from the rows of a file. Count rows that are not data in the report.

    rows (Iterable[tuple[int, Sequence[str]]]): The line of each row, and its fields.
    needs_header (bool): Whether the first row after titles and comments is a header, even if its
        names are not usual.
    RAISES UserError: If a row has too many fields, or the file has no rows.
    """
    stream = iter(rows)
    sample = list(islice(stream, N_SAMPLE))
    to_cell = cache(clean)  # equal cells share one string, to save memory
    layout = _find_layout([list(map(to_cell, fields)) for _, fields in sample], needs_header, name)
    width = layout.width
    names = layout.header or list(map(str, range(1, width + 1)))
    columns: list[list[str]] = [[] for _ in names]
    table = Table(name, names, columns, bool(layout.header), array("q"), [], [])
    block, document = "0", ""
    is_new_block = True
    has_begun = not layout.header
    faults = []
    for line, fields in chain(sample, stream):
        cells = list(map(to_cell, fields))
        reason = layout.reason(cells) if any(cells) else "empty"
        has_begun = has_begun or reason == "header"
        is_new_block = is_new_block or reason in ("empty", "document")
        if reason == "empty":
            continue
        if reason == "document":
            document = str(int(document or "0") + 1)
        if reason or not has_begun:
            report.rows_read += 1
            report.count(reason or "comment", f"{name}, line {line}: {' '.join(fields)[:80]!r}")
            continue
        if any(cells[width:]):
            faults.append((line, f"expected {width} columns, found {len(cells)}"))
            continue
        if is_new_block:
            block = str(int(block) + 1)
            is_new_block = False
        table.lines.append(line)
        table.blocks.append(block)
        table.documents.append(document)
        cells += [""] * (width - len(cells))
        for column, cell in zip(columns, cells, strict=False):
            column.append(cell)
    check_rows(
        name,
        faults,
        "Write as many fields as in the other rows. Put a field that contains the separator into "
        "quotation marks.",
    )
    if not table.lines:
        raise UserError(
            f"{name} has no sentences, only a header or comments. Expected rows such as: "
            "1,Mira,B-per"
        )
    return table


def _find_layout(rows: Iterable[list[str]], needs_header: bool, name: str) -> Layout:
    """Return the layout of a table.

    rows (Iterable[list[str]]): The cells of the first rows.
    RAISES UserError: If most rows have one field, or different numbers of fields.
    """
    data = []
    for cells in rows:
        if any(cells) and not cells[0].startswith(("#", "-DOCSTART-")):
            data.append(cells)
    header = next((cells for cells in data if len(list(filter(None, cells))) > 1), [])
    names_columns = needs_header and not any(map(is_tag, header))
    if header and (names_columns or is_header(header)):
        data.remove(header)
        width = len(header)
    else:
        header = []
        ((width, n_rows),) = Counter(map(len, data)).most_common(1) or [(0, 0)]
        if width < 2 or 2 * n_rows < len(data):
            raise UserError(
                f"{name} is not a table: most of its lines do not have a word and a tag side by "
                "side. Is it text without labels? If not, say what is between its fields with "
                "--sep, or leave out --sep."
            )
    first_cells = set(map(itemgetter(0), data))
    counts_words = {"1", "2"} <= first_cells and all(map(_WORD_NUMBER.fullmatch, first_cells))
    return Layout(header, width, width > 2 and counts_words, set(map(itemgetter(-1), data)))
