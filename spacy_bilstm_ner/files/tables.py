"""Tables: CSV and its kin → rows of words and tags."""

import csv
import io
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

from ..errors import UserError
from .columns import Columns, Table, allows_labels, find_columns, split_list
from .faults import Faults
from .schemes import UNKNOWN, is_tag
from .sentences import Options, Rows, clean

SEPARATORS = ",;\t|"
_UNCLOSED = "a quote is opened and not closed, or closed on another line"
_UNCLOSED_REMEDY = (
    'If quotes are plain characters in this file, say --no-quotes. Else close it: a word that is a quote is """".'
)
# Stands for a cell that has swallowed others.
_SWALLOWED = "\0"


def read_csv(text: str, name: str, options: Options) -> tuple[Rows, Columns]:
    """Read the text of a table with a header line.

    RETURNS (tuple[Rows, Columns]): A row for each word, and which column was taken for what.
    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    body = text.lstrip("\n")
    skipped = len(text) - len(body)
    sep = _given_separator(options.sep)
    if said := re.match(r'"?sep=(.)"?[^\S\n]*\n', body, re.IGNORECASE):
        sep = sep or said[1]
        body, skipped = body[said.end() :], skipped + 1
    header = body.partition("\n")[0]
    other = find_separator(header)
    if (sep or other) not in header:
        option = "tab" if other == "\t" else repr(other)
        raise UserError(f"{name}, line {skipped + 1}: the fields are not separated by {sep!r}: say --sep {option}.")
    sep = sep or other
    # A record may have several lines, if a field in quotes has: its number is noted for each line beyond the first
    beyond: list[int] = []
    records = _records(body, sep, options.no_quotes, beyond)
    return read_table(records, name, options, lambda record: skipped + record + 1 + bisect_left(beyond, record), sep)


def _records(body: str, sep: str, no_quotes: bool, beyond: list[int]) -> Iterator[list[str]]:
    limit = csv.field_size_limit(sys.maxsize)
    quoting: Any = csv.QUOTE_NONE if no_quotes else csv.QUOTE_MINIMAL
    try:
        reader = csv.reader(io.StringIO(body, newline=""), delimiter=sep, quoting=quoting)
        for number, record in enumerate(reader):
            yield record
            if reader.line_num > number + 1 + len(beyond):
                beyond += [number] * (reader.line_num - number - 1 - len(beyond))
    finally:
        csv.field_size_limit(limit)


def make_table(records: Iterable[list[str]], name: str, line: Callable[[int], int], sep: str = "") -> Table:
    """Make a table of records, without empty ones and repeated headers.

    records (Iterable[list[str]]): The fields of each row; the first are the columns' names.
    line (Callable[[int], int]): The line of the file on which a record begins.
    sep (str): What separates fields, to know cells that have swallowed others.
    RETURNS (Table): The table.
    RAISES UserError: If a record has more fields than there are columns, or there is none.
    """
    faults = Faults(name, line)
    cells = _Cells(sep)
    header: list[str] = []
    columns: list[list[str]] = []
    numbers = array("q")
    breaks: list[int] = []
    for number, record in enumerate(records):
        if not any(map(str.strip, record)):
            breaks.append(len(numbers))
            continue
        if len(record) != len(header) and header:
            if any(map(str.strip, record[len(header) :])):
                fields = f"expected {len(header)} fields as in the header, found {len(record)}"
                quoted = any("\n" in value for value in record)
                remedy = 'Put a field that holds the separator in quotes ("…"), and double a quote inside such a field.'
                faults.add(number, *((_UNCLOSED, _UNCLOSED_REMEDY) if quoted else (fields, remedy)))
            record = record[: len(header)] + [""] * (len(header) - len(record))
        values = [cells[value] for value in record]
        if not header:
            header, columns = values, [[] for _ in values]
            if any(is_tag(value) for value in header):
                raise UserError(
                    f"{name}, line {line(number)}: expected a header line with the columns' names, found a row of data "
                    f"({record}). Add a header, such as: Sentence #,Word,Tag"
                )
        elif values != header:
            if _SWALLOWED in values:
                faults.add(number, _UNCLOSED, _UNCLOSED_REMEDY)
            numbers.append(number)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
    faults.check()
    if not numbers:
        raise UserError(f"{name} holds no sentences: there is a header line and no row after it.")
    named = [i for i, column in enumerate(columns) if header[i] or any(column)]
    breaks = sorted({row for row in breaks if 0 < row < len(numbers)})
    return Table([header[i] for i in named], [columns[i] for i in named], breaks, lambda row: line(numbers[row]))


class _Cells(dict[str, str]):
    """A cell as it stands in the file → without white space at its edges, and one string for all equal ones."""

    def __init__(self, sep: str):
        super().__init__()
        self.sep = sep

    def __missing__(self, value: str) -> str:
        # The quote that closes the field was meant to open another
        swallowed = self.sep and self.sep in value and ("\n" in value or self.sep == "\t")
        self[value] = cleaned = _SWALLOWED if swallowed else sys.intern(clean(value))
        return cleaned


def read_table(
    records: Iterable[list[str]], name: str, options: Options, line: Callable[[int], int], sep: str = ""
) -> tuple[Rows, Columns]:
    """Find the columns of a table, and its sentences; see `make_table`.

    RETURNS (tuple[Rows, Columns]): A row for each word, and which column was taken for what.
    RAISES UserError: If a column or the sentences cannot be found.
    """
    table = make_table(records, name, line, sep)
    try:
        a_row_each = _is_a_sentence_a_row(table, options)
        # Blank lines may be all that stands between sentences.
        columns = find_columns(table, options, needs_sentence=not a_row_each and not table.breaks)
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    faults = Faults(name, table.line)
    words, tags = table[columns.word], table[columns.tag]
    names = [columns.sentence] if isinstance(columns.sentence, str) else columns.sentence or []
    keys = [table[key] for key in names]
    order: list[int] | None = None
    if a_row_each:
        rows = split_rows(words, tags, faults, keys[0] if keys else None)
    else:
        starts = [0, *table.breaks]
        if keys:
            starts, order = _starts(keys, options.sentences, faults, name=str(columns.sentence))
        faults.check()
        if order is not None:
            words, tags, *keys = ([column[row] for row in order] for column in (words, tags, *keys))
        ids = [" ".join(key[row] for key in keys) if keys else str(n) for n, row in enumerate(starts, 1)]
        rows = Rows(words, tags, starts, ids, lambda row: table.line(order[row] if order else row))
    rows.tag_column, rows.labels = columns.tag, allows_labels(columns.tag)
    if columns.document:
        # In a column with gaps, what stands above holds on.
        documents: list[str] = list(accumulate(table[columns.document], _filled))
        rows.documents = [documents[order[row] if order else row] for row in rows.starts]
    return rows, columns


def _filled(above: str, own: str) -> str:
    return own or above


def split_rows(words: Sequence[object], tags: Sequence[object], faults: Faults, ids: Sequence[str] | None) -> Rows:
    """Divide rows that hold a sentence each: a text or a list of words, and as many tags.

    ids (Optional[Sequence[str]]): What the file calls each; None to number them.
    RETURNS (Rows): A row for each word.
    RAISES FileFaults: If a sentence has more or fewer tags than words.
    """
    all_words: list[str] = []
    all_tags: list[str] = []
    starts: list[int] = []
    source: list[int] = []
    for row, (some, of_them) in enumerate(zip(words, tags, strict=True)):
        own = [clean(str(word)) for word in (split_list(some) if isinstance(some, str) else list(some))]  # type: ignore[call-overload]
        if isinstance(of_them, str):
            found = _tag_list(of_them)
        else:
            found = [UNKNOWN if tag is None else clean(str(tag)) for tag in of_them]  # type: ignore[attr-defined]
        if len(found) != len(own):
            faults.add(
                row, f"{len(own)} words and {len(found)} tags", "Give a tag for each word, with spaces between both."
            )
            continue
        if own:
            starts.append(len(all_words))
            source += [row] * len(own)
            all_words += own
            all_tags += found
    faults.check()
    numbers = [source[start] for start in starts]
    names = [str(number + 1) if ids is None else ids[number] for number in numbers]
    return Rows(all_words, all_tags, starts, names, lambda row: faults.line(source[row]))


def find_separator(header: str) -> str:
    """RETURNS (str): What separates the names of a header line."""
    return max(SEPARATORS, key=header.count)


def _given_separator(sep: str | None) -> str | None:
    if sep in ("tab", r"\t"):
        return "\t"
    if sep is not None and (len(sep) != 1 or sep in '"\r\n'):
        raise UserError(f"--sep must be one character, such as ';' or '|' ('tab' for a tab), but is {sep!r}.")
    return sep


def _is_a_sentence_a_row(table: Table, options: Options) -> bool:
    """RETURNS (bool): Whether cells of the tag column hold several tags each."""
    columns = find_columns(table, options, needs_sentence=False)
    several = fits = 0
    for words, tags in zip(table[columns.word][:1000], table[columns.tag][:1000], strict=True):
        n_words = len(split_list(words))
        items = _tag_list(tags)
        if len(items) > 1:
            several += 1
            fits += len(items) == n_words or all(is_tag(item) for item in items)
    return fits * 2 > several


def _tag_list(value: str) -> list[str]:
    return split_list(value) if value.startswith("[") else [part for part in re.split(r"[\s,]+", value) if part]


def _starts(
    keys: Sequence[Sequence[str]], how: str | None, faults: Faults, *, name: str
) -> tuple[list[int], list[int] | None]:
    """Find where sentences begin.

    keys (Sequence[Sequence[str]]): For each column that tells sentences apart, its value in each row.
    how (Optional[str]): "gather", "runs" or "starts"; None to find out. Rows that leave it open become faults.
    RETURNS (tuple[list[int], Optional[list[int]]]): First rows, and the order in which rows are to be taken if it is
        not their own.
    """
    n_rows = len(keys[0])
    if not any(key[0] for key in keys):
        faults.add(0, f"the column {name} is empty", "It must be filled on each sentence's first row.")
        return [0], None
    starts = {0}
    gaps = False
    for key in keys:
        n_empty = key.count("")
        same = sum(a == b != "" for a, b in pairwise(key))
        if how is None and n_empty and same > n_rows / 2 and n_empty * 10 < n_rows and len(set(key)) > 2:
            remedy = (
                f"The column {name} is filled on almost every row. Fill it in; or say --sentences runs (an empty cell "
                "goes on with the sentence before) or --sentences starts (each filled cell starts a sentence)."
            )
            for row in (row for row, value in enumerate(key) if not value):
                faults.add(row, f"the column {name} is empty", remedy)
        # Filled on first rows only: each filled cell starts a sentence. Else: each other value does.
        if (n_empty and how in (None, "starts")) or how == "starts":
            starts.update(row for row, value in enumerate(key) if value)
            gaps = True
        else:
            current = key[0]
            for row, value in enumerate(key):
                if value and value != current:
                    starts.add(row)
                    current = value
    ordered = sorted(starts)
    if gaps or how in ("runs", "starts"):
        return ordered, None
    ids = [tuple(key[row] for key in keys) for row in ordered]
    if len(set(ids)) == len(ids) or (how is None and _counts_up([" ".join(one) for one in ids])):
        return ordered, None
    if how == "gather":
        gathered: dict[tuple[str, ...], list[int]] = {}
        for row, one in enumerate(zip(*keys, strict=True)):
            gathered.setdefault(one, []).append(row)
        return [0, *accumulate(map(len, gathered.values()))][:-1], list(chain.from_iterable(gathered.values()))
    seen: set[tuple[str, ...]] = set()
    for number, one in enumerate(ids):
        if one in seen:
            faults.add(
                ordered[number],
                f"sentence {' '.join(one)} goes on in this line, after sentence {' '.join(ids[number - 1])}",
                "Say --sentences gather to put the rows of a number together, or --sentences runs to start a sentence "
                "wherever the number changes. If numbers begin again with each document, name both columns: "
                "--sentence-column DOCUMENT --sentence-column SENTENCE",
            )
        seen.add(one)
    return ordered, None


def _counts_up(ids: Sequence[str]) -> bool:
    """RETURNS (bool): Whether the numbers count up by one, again and again from the same first: 1 2 3 1 2."""
    numbers = [re.search(r"(\d+)\D*$", one) for one in ids]
    values = [int(found[1]) for found in numbers if found]
    return len(values) == len(ids) and all(b in (a + 1, values[0]) for a, b in pairwise(values))
