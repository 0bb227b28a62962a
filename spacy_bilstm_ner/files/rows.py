"""A table → the rows of each sentence."""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..errors import UserError, count
from .columns import (
    Columns,
    Table,
    allows_labels,
    find_columns,
    is_a_sentence_a_row,
    split_list,
    tag_list,
)
from .schemes import UNKNOWN, holds_pos
from .sentences import Data, Rows, build_sentences, clean

# How other programs write an empty cell. A word may be written so, too.
_NO_NUMBER = ("nan", "null", "none", "<na>")


def read_table(table: Table, columns: Columns | None, data: Data) -> Columns:
    """Add a table's sentences to the file's data.

    columns (Optional[Columns]): Which column is what; None to find out.
    RETURNS (Columns): Which column is what.
    RAISES UserError: If a column cannot be found, or as `build_sentences` does.
    """
    one_each = False
    if columns is None:
        try:
            columns = find_columns(table, data.options)
        except UserError as error:
            raise UserError(f"{data.file}: {error}") from error
        one_each = is_a_sentence_a_row(table[columns.word], table[columns.tag])
    keys = [columns.sentence] if isinstance(columns.sentence, str) else columns.sentence or []
    groups: list[Sequence[int]]
    if one_each:
        groups = [[row] for row in range(len(table.lines))]
    elif keys:
        groups = _find_sentences(table, keys, columns, data)
    else:
        groups = _ranges([0, *table.breaks], len(table.lines))
    words, tags = table[columns.word], table[columns.tag]
    documents = (
        list(accumulate(table[columns.document], _or_above))
        if columns.document
        else [""] * len(words)
    )
    found: list[Rows] = []
    for number, rows in enumerate(groups, 1):
        first = rows[0]
        names = (" ".join(table[key][first] for key in keys) or str(number), documents[first])
        if one_each:
            found += as_rows(words[first], tags[first], table.lines[first], *names, data=data)
        else:
            lines = [table.lines[row] for row in rows]
            found.append(
                Rows([words[row] for row in rows], [tags[row] for row in rows], lines, *names)
            )
    labels = columns.tag.isdigit() or allows_labels(columns.tag)
    build_sentences(found, data, column=columns.tag, labels=labels)
    return columns


def as_rows(words: Any, tags: Any, line: int, *names: Any, data: Data) -> list[Rows]:
    """The rows of a sentence that stands on one line: a text or a list of words, and as many tags. None if it is empty,
    or has a fault."""
    own = [clean(str(word)) for word in (split_list(words) if isinstance(words, str) else words)]
    given = tag_list(tags) if isinstance(tags, str) else tags
    if len(given) != len(own):
        what = f"{count(len(own), 'word')} and {count(len(given), 'tag')}"
        data.fault(line, what, "Give a tag for each word, with spaces between both.")
        return []
    cleaned = [UNKNOWN if tag is None else clean(str(tag)) for tag in given]
    return [Rows(own, cleaned, [line] * len(own), *names)] if own else []


def _or_above(above: str, own: str) -> str:
    """In a column with gaps, what stands above holds on."""
    return own or above


def _ranges(starts: Sequence[int], end: int) -> list[Sequence[int]]:
    return [range(*bounds) for bounds in pairwise([*starts, end])]


def _find_sentences(
    table: Table, keys: list[str], names: Columns, data: Data
) -> list[Sequence[int]]:
    """The rows of each sentence. Where the columns `keys` leave open which rows are a sentence, and the user does not
    say, each such row is a fault."""
    how = data.options.sentences
    columns = [
        ["" if value.casefold() in _NO_NUMBER else value for value in table[key]] for key in keys
    ]
    if not any(column[0] for column in columns):
        what = f"the column {' '.join(keys)} is empty"
        data.fault(table.lines[0], what, "It must be filled on each sentence's first row.")
    if how == "gather":
        places: dict[tuple[str, ...], list[int]] = {}
        for row, one in enumerate(zip(*columns, strict=True)):
            places.setdefault(one, []).append(row)
        return list(places.values())
    starts = {0}
    gaps = False
    for key, column in zip(keys, columns, strict=True):
        if how is None:
            _refuse_single_gaps(key, column, table.lines, data)
        # Filled on first rows only: each filled cell starts a sentence. Else: each other value does.
        if how == "starts" or (how is None and "" in column):
            gaps = True
            starts.update(row for row, value in enumerate(column) if value)
        else:
            starts.update(_changes(column))
    first = sorted(starts)
    if how is None and not gaps:
        ids = [" ".join(column[row] for column in columns) for row in first]
        if len(keys) > 1 or not _counts_up(ids):
            _refuse_scattered(ids, [table.lines[row] for row in first], data)
        if not data.options.sentence_column:
            others = [name for name in table.names if name not in (*keys, names.word, names.tag)]
            _refuse_other_starts(table, keys, others, starts, data)
    return _ranges(first, len(table.lines))


def _changes(column: Sequence[str]) -> list[int]:
    """The rows that have another value than the one above"""
    return [
        row
        for row, (above, own) in enumerate(pairwise(accumulate(column, _or_above)), 1)
        if own != above
    ]


def _counts_up(ids: Sequence[str]) -> bool:
    """Whether the numbers count up by one, again and again from the same first: 1 2 3 1 2"""
    numbers = [re.search(r"(\d+)\D*$", one) for one in ids]
    values = [int(found[1]) for found in numbers if found]
    return len(values) == len(ids) and all(b in (a + 1, values[0]) for a, b in pairwise(values))


def _refuse_single_gaps(key: str, column: Sequence[str], lines: Sequence[int], data: Data) -> None:
    """A number that stands on almost every row, and not only on first ones, leaves open what a row without it is."""
    same = sum(a == b != "" for a, b in pairwise(column))
    if 0 < column.count("") * 10 < len(column) and same > len(column) / 2 and len(set(column)) > 2:
        remedy = (
            f"The column {key} is filled on almost every row. Fill it in; or say --sentences runs (an empty cell "
            "goes on with the sentence before) or --sentences starts (each filled cell starts a sentence)."
        )
        for line, value in zip(lines, column, strict=True):
            if not value:
                data.fault(line, f"the column {key} is empty", remedy)


def _refuse_other_starts(
    table: Table, keys: list[str], others: list[str], starts: set[int], data: Data
) -> None:
    """A column with its values in blocks, that changes within a sentence, may be a document's, and the numbers begin
    again in each. Where it changes on each row, it may be so if it stands first and counts no rows."""
    for other in others:
        column, changes = table[other], _changes(table[other])
        values = {*column} - {""}
        on_each = len(changes) == len(column) - 1
        stands_first = (
            table.names.index(other) < table.names.index(keys[0]) and not column[0][:1].isdigit()
        )
        in_blocks = column[0] and 1 < len(changes) + 1 == len(values)
        if in_blocks and (stands_first or not on_each) and not holds_pos(values):
            both = " ".join(f"--sentence-column {name!r}" for name in (other, *keys))
            alone = " ".join(f"--sentence-column {name!r}" for name in keys)
            remedy = f"If numbers begin again with each {other!r}, say {both}; if not, {alone}."
            for row in changes:
                if row not in starts:
                    what = f"sentence {table[keys[-1]][row]} goes on where column {other!r} changes"
                    data.fault(table.lines[row], what, remedy)


def _refuse_scattered(ids: Sequence[str], lines: Sequence[int], data: Data) -> None:
    remedy = (
        f"Places where a sentence goes on after another one: {len(ids) - len(set(ids)):,}. Say --sentences gather to "
        "put the rows of a number together, or --sentences runs to start a sentence wherever the number changes. If "
        "numbers begin again with each document, name both columns: --sentence-column DOCUMENT --sentence-column NUMBER"
    )
    seen: set[str] = set()
    for i, (one, line) in enumerate(zip(ids, lines, strict=True)):
        if one in seen:
            data.fault(
                line, f"sentence {one} goes on in line {line}, after sentence {ids[i - 1]}", remedy
            )
        seen.add(one)
