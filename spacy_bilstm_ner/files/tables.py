"""A table: named columns of strings, with the line of each row."""

import re
from array import array
from collections.abc import Iterable, MutableSequence, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain, count, filterfalse, islice, pairwise
from operator import itemgetter

from ..errors import UserError
from .report import Report, check_rows
from .schemes import INVISIBLE, is_tag

# Usual names of columns. Case and punctuation are ignored. "#" is read as "number", except at the
# beginning.
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
# Ranges, such as 3-4, and empty nodes, such as 3.1, of CoNLL-U. They are not words.
_RANGE = re.compile(r"\d+[-.]\d+")
# Rows that begin a document in CoNLL-2003, CoNLL-U and CoNLL-2012
_DOCUMENT = re.compile(r"-DOCSTART-|#\s*(newdoc|begin document)\b")


@dataclass
class Table:
    """Columns of strings.

    name (str): Name of the file.
    names (list[str]): Names of the n columns; "1", "2", … if there is no header.
    columns (list[list[str]]): n columns of m cells; "" for an empty cell.
    lines (MutableSequence[int]): Line of each row.
    blocks (list[str]): Number of each row's block, from 1. Empty lines end a block.
    documents (list[str]): Id of each row's document, or the line on which the document begins; ""
        if it is in no document.
    has_header (bool): Whether the file names its columns.
    counts_words (bool): Whether the first column numbers the words of each sentence.
    last_values (Set[str]): Cells of the last column in the first rows.
    """

    name: str
    names: list[str]
    columns: list[list[str]]
    lines: MutableSequence[int]
    blocks: list[str]
    documents: list[str]
    has_header: bool
    counts_words: bool
    last_values: Set[str]

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]

    def reason(self, cells: Sequence[str]) -> str:
        """Return why a row is left out: a key of REASONS, or "empty". Return "" for data."""
        if not any(cells):
            return "empty"
        if self.has_header and cells == self.names:
            return "header"
        if cells[0].startswith(("#", "-DOCSTART-")):
            if _DOCUMENT.match(" ".join(cells)):
                return "document"
            # The row of a hashtag or of a word piece such as ##ra has all columns. Without a
            # header, it ends in a tag.
            is_row = (
                is_tag(cells[-1])
                or cells[-1] in self.last_values
                or (cells[0].startswith("##") and cells[-1].isalnum())
                or (self.has_header and any(cells[1:]))
            )
            if len(cells) != len(self.names) or not is_row:
                return "comment"
        return "range" if self.counts_words and _RANGE.fullmatch(cells[0]) else ""


def clean(value: str) -> str:
    """Return a value without white space and invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def find_name(kind: str, names: Iterable[str]) -> str | None:
    """Return the first name that is usual for a kind of column, which is a key of KNOWN_NAMES."""
    for name in names:
        plain = re.sub(r"\W|_", "", name[:1] + name[1:].replace("#", "number")).lower()
        if re.fullmatch(KNOWN_NAMES[kind], plain):
            return name
    return None


def is_header(cells: Sequence[str]) -> bool:
    """Return whether cells are a header: at least one is a usual name, and no other is a tag."""
    usual_names = {find_name(kind, cells) for kind in KNOWN_NAMES} - {None}
    return bool(usual_names) and not any(map(is_tag, set(cells) - usual_names))


def collect_rows(
    rows: Iterable[tuple[int, Sequence[str]]], name: str, report: Report, *, expects_header: bool
) -> Table:
    """Make a table from the rows of a file. Count rows that are not data in the report.

    rows (Iterable[tuple[int, Sequence[str]]]): The line of each row, and its fields.
    expects_header (bool): Whether a first row without a tag is a header, even if its names are not
        usual. Titles and comments may precede it.
    RAISES UserError: If a row has too many fields, or the file has no rows.
    """
    stream = iter(rows)
    sample = list(islice(stream, N_SAMPLE))
    to_cell = cache(clean)  # equal cells share one string, to save memory
    table = _start_table([list(map(to_cell, fields)) for _, fields in sample], name, expects_header)
    block_numbers = map(str, count(1))
    block = document = ""
    has_begun = not table.has_header
    width = len(table.names)
    faults = []
    for line, fields in chain(sample, stream):
        cells = list(map(to_cell, fields))
        reason = table.reason(cells)
        has_begun = has_begun or reason == "header"
        if reason in ("empty", "document"):
            block = ""
        if reason == "document":
            document = str(line)
        if reason == "empty":
            continue
        if reason or not has_begun:
            report.read["rows"] += 1
            report.count(reason or "comment", f"{name}, line {line}: {' '.join(fields)[:80]!r}")
            continue
        if any(cells[width:]):
            faults.append((line, f"expected {width} columns, found {len(cells)}"))
        block = block or next(block_numbers)
        table.lines.append(line)
        table.blocks.append(block)
        table.documents.append(document)
        cells += [""] * (width - len(cells))
        for column, cell in zip(table.columns, cells, strict=False):
            column.append(cell)
    check_rows(
        name,
        faults,
        "Write as many fields as in the other rows. In CSV, a field that contains the separator "
        "has to be in quotation marks. Or name another --sep. Text without labels cannot be read.",
    )
    if not table.lines:
        raise UserError(
            f"{name} has no sentences, only a header or comments. Expected rows such as: "
            "1,Mira,B-per"
        )
    return table


def _start_table(rows: Iterable[list[str]], name: str, expects_header: bool) -> Table:
    """Return a table without rows. Its columns are those of the first row with several cells.

    rows (Iterable[list[str]]): The cells of the first rows.
    RAISES UserError: If all rows have one cell, or most rows have more cells than the first one.
    """
    filled = list(filter(any, rows))
    data = [cells for cells in filled if not cells[0].startswith(("#", "-DOCSTART-"))]
    first = next((cells for cells in data if sum(map(bool, cells)) > 1), [])
    n_longer = sum(any(cells[len(first) :]) for cells in data)
    if not first or 2 * n_longer > len(data):
        raise UserError(
            f"{name} is not a table: most of its lines do not have a word and a tag side by side. "
            "Is it text without labels? If not, say what is between its fields with --sep, or "
            "leave out --sep. The labels of brat are in .ann files, in the same folder."
        )
    if not is_header(first):
        # "#" may also begin the name of the first column: "# sentence,word,tag".
        for cells in filled[: filled.index(first)]:
            has_names = find_name("word", cells) and find_name("tag", cells)
            first = cells if has_names and len(cells) == len(first) else first
    has_header = is_header(first) or (expects_header and not any(map(is_tag, first)))
    names = first if has_header else list(map(str, range(1, len(first) + 1)))
    counts_words = len(first) > 2 and not has_header and _count_up(list(map(itemgetter(0), data)))
    last_values = set(map(itemgetter(-1), data))
    return Table(
        name, names, [[] for _ in names], array("q"), [], [], has_header, counts_words, last_values
    )


def _count_up(cells: Sequence[str]) -> bool:
    """Return whether cells count the words of each sentence from 1, as in CoNLL-U."""
    numbers = ["0", *filterfalse(_RANGE.fullmatch, cells)]
    if "1" not in numbers or not all(map(str.isdecimal, numbers)):
        return False
    return all(cell == "1" or int(cell) == int(before) + 1 for before, cell in pairwise(numbers))
