"""Tables: CSV and its kin, Excel and Parquet → rows of words and tags. Knows pandas."""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy
import pandas

from ..errors import UserError
from .columns import Columns, allows_labels, find_columns, split_list
from .faults import Faults
from .schemes import UNKNOWN, is_tag
from .sentences import Options, Rows, clean

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_UNCLOSED = "a quote is opened and not closed, or closed on another line"
_UNCLOSED_REMEDY = (
    'If quotes are plain characters in this file, say --no-quotes. Else close it: a word that is a quote is """".'
)


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
    sep = sep or find_separator(header)
    if header.count(sep) < 1:
        other = find_separator(header)
        option = "tab" if other == "\t" else repr(other)
        raise UserError(f"{name}, line {skipped + 1}: the fields are not separated by {sep!r}: say --sep {option}.")
    quoting: Any = csv.QUOTE_NONE if options.no_quotes else csv.QUOTE_MINIMAL
    lines = _Lines(body, sep, quoting, skipped)
    faults = Faults(name, lambda row: lines.number(row + 1))
    try:
        # The header is read as a row, so that a row longer than it is an error rather than an index; `None` and `NA`
        # are words, so nothing is taken for missing.
        table = pandas.read_csv(
            io.BytesIO(body.encode()),
            sep=sep,
            header=None,
            dtype=str,
            na_filter=False,
            low_memory=False,
            quoting=quoting,
            skip_blank_lines=False,
        )
    except pandas.errors.ParserError:
        table = pandas.DataFrame(_even(lines, len(next(csv.reader([header], delimiter=sep, quoting=quoting))), faults))
    if '"' in body and not options.no_quotes:
        _check_swallowed(table, sep, faults)
    for column in table.columns:
        values = table[column]
        table[column] = values.map({value: clean(value) for value in values.unique()})
    faults.check()
    first = [str(value) for value in table.iloc[0]]
    table = table.loc[
        :, [bool(name) or (values != "").any() for name, (_, values) in zip(first, table.items(), strict=True)]
    ]
    first = [str(value) for value in table.iloc[0]]
    if any(is_tag(value) for value in first):
        raise UserError(
            f"{name}, line {skipped + 1}: expected a header line with the columns' names, found a row of data "
            f"({header.strip()!r}). Add a header, such as: Sentence #,Word,Tag"
        )
    table.columns = pandas.Index(first)
    table = table.iloc[1:].reset_index(drop=True)
    return read_frame(table, name, options, lambda row: lines.number(row + 1))


def read_frame(
    table: pandas.DataFrame, name: str, options: Options, line: Callable[[int], int]
) -> tuple[Rows, Columns]:
    """Find the columns of a table, and its sentences.

    table (pandas.DataFrame): All values as strings, "" where there is none.
    line (Callable[[int], int]): The line of the file on which a row of the table begins.
    RETURNS (tuple[Rows, Columns]): A row for each word, and which column was taken for what.
    RAISES UserError: If a column or the sentences cannot be found.
    """
    header = [str(column) for column in table.columns]
    empty = (table == "").all(axis=1)
    again = (table == header).all(axis=1)
    kept = ~(empty | again)
    if not kept.any():
        raise UserError(f"{name} holds no sentences: there is a header line and no row after it.")
    place = [int(row) for row in kept.to_numpy().nonzero()[0]] if not kept.all() else range(len(table))
    full = table[kept] if not kept.all() else table
    # Blank lines may be all that stands between sentences.
    groups = empty.cumsum()[kept] if empty.iloc[int(place[0]) : int(place[-1]) + 1].any() else None
    try:
        a_row_each = _is_a_sentence_a_row(full, options)
        columns = find_columns(full, options, needs_sentence=not a_row_each and groups is None)
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    line_of = lambda row: line(int(place[row]))  # noqa: E731
    faults = Faults(name, line_of)
    words, tags = _shared(full[columns.word]), _shared(full[columns.tag])
    labels = allows_labels(columns.tag)
    if a_row_each:
        keys = full[columns.sentence].tolist() if isinstance(columns.sentence, str) else None
        rows = split_rows(words, tags, faults, keys)
        rows.tag_column, rows.labels = columns.tag, labels
        return rows, columns
    if columns.sentence is None:
        assert groups is not None
        keys_of = [groups.astype(str).tolist()]
    else:
        names = columns.sentence if isinstance(columns.sentence, list) else [columns.sentence]
        keys_of = [_shared(full[key]) for key in names]
    starts, order = _starts(keys_of, options.sentences, faults, name=str(columns.sentence))
    faults.check()
    ids = [" ".join(key[row] for key in keys_of) for row in starts]
    if order is not None:
        words, tags = [words[row] for row in order], [tags[row] for row in order]
        ids = [" ".join(key[order[row]] for key in keys_of) for row in starts]
        return Rows(words, tags, starts, ids, lambda row: line_of(order[row]), columns.tag, labels), columns
    return Rows(words, tags, starts, ids, line_of, columns.tag, labels), columns


def _shared(values: pandas.Series) -> list[str]:
    """RETURNS (list[str]): The values, with one string for all equal ones: a column has few of them, and many rows."""
    codes, different = pandas.factorize(values)
    return numpy.asarray(different, dtype=object)[codes].tolist()


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


def _is_a_sentence_a_row(table: pandas.DataFrame, options: Options) -> bool:
    """RETURNS (bool): Whether cells of the tag column hold several tags each."""
    columns = find_columns(table, options, needs_sentence=False)
    several = fits = 0
    for words, tags in zip(table[columns.word].head(1000), table[columns.tag].head(1000), strict=True):
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
        codes, _ = pandas.factorize(pandas.Series(list(zip(*keys, strict=True))))
        order = [int(row) for row in codes.argsort(kind="stable")]
        codes = codes[order]
        return [0, *(int(row) + 1 for row in (codes[1:] != codes[:-1]).nonzero()[0])], order
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


def _check_swallowed(table: pandas.DataFrame, sep: str, faults: Faults) -> None:
    """Rows were swallowed where the quote that closes a field was meant to open another."""
    rows: set[int] = set()
    for _, values in table.items():
        bad = {value for value in values.unique() if sep in value and ("\n" in value or sep == "\t")}
        if bad:
            rows.update(int(row) for row in values.isin(bad).to_numpy().nonzero()[0])
    for row in sorted(rows):
        faults.add(row - 1, _UNCLOSED, _UNCLOSED_REMEDY)


def _even(lines: "_Lines", width: int, faults: Faults) -> list[list[str]]:
    """RETURNS (list[list[str]]): All rows with as many fields as the header, where those beyond it are empty."""
    result = []
    for row, (_, record) in enumerate(lines.records()):
        beyond = [value for value in record[width:] if value.strip()]
        if beyond and any("\n" in value for value in record):
            faults.add(row - 1, _UNCLOSED, _UNCLOSED_REMEDY)
        elif beyond:
            faults.add(
                row - 1,
                f"expected {width} fields as in the header, found {len(record)}",
                'Put a field that holds the separator in quotes ("…"), and double a quote inside such a field.',
            )
        result.append([*record[:width], *[""] * (width - len(record))])
    if not faults.kinds and result and any("\n" in value for value in result[-1]):
        faults.add(len(result) - 2, _UNCLOSED, _UNCLOSED_REMEDY)
    return result


class _Lines:
    """Records → lines of the file. A field in quotes may span lines, so the file is read again: if need be only."""

    def __init__(self, text: str, sep: str, quoting: Any, skipped: int):
        self.text, self.sep, self.quoting, self.skipped = text, sep, quoting, skipped
        self.numbers: list[int] = []

    def number(self, record: int) -> int:
        """RETURNS (int): The line on which a record begins, the header being record 0."""
        if not self.numbers:
            self.numbers = [line for line, _ in self.records()]
        return self.numbers[record]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """YIELDS (tuple[int, list[str]]): Each record, and the line that it begins on."""
        limit = csv.field_size_limit(sys.maxsize)
        try:
            reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.sep, quoting=self.quoting)
            line = 1
            for record in reader:
                yield self.skipped + line, record
                line = reader.line_num + 1
        finally:
            csv.field_size_limit(limit)
