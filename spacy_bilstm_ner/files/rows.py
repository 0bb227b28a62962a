"""A table → rows of words and tags, and where each sentence begins."""

import re
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..errors import UserError, count
from .columns import Columns, Table, allows_labels, find_columns, split_list
from .options import Options
from .schemes import UNKNOWN, holds_pos, is_tag
from .sentences import File, Rows, clean

# How other programs write an empty cell. A word may be written so, too.
_NO_NUMBER = ("nan", "null", "none", "<na>")


def find_rows(table: Table, columns: Columns | None, file: File) -> tuple[Rows, Columns]:
    """Find the sentences of a table.

    columns (Optional[Columns]): Which column is what; None to find out.
    RETURNS (tuple[Rows, Columns]): A row for each word, and which column is what.
    RAISES UserError: If a column cannot be found.
    """
    a_row_each = False
    if columns is None:
        try:
            a_row_each = _is_a_sentence_a_row(table, file.options)
            # Blank lines may be all that stands between sentences.
            columns = find_columns(table, file.options, needs_sentence=not a_row_each and not table.breaks)
        except UserError as error:
            raise UserError(f"{file.name}: {error}") from error
    keys = [columns.sentence] if isinstance(columns.sentence, str) else columns.sentence or []
    starts = list(range(len(table.lines))) if a_row_each else [0, *table.breaks]
    if keys and not a_row_each:
        table, starts = _find_starts(table, keys, columns, file)
    words, tags = table[columns.word], table[columns.tag]
    ids = [" ".join(table[key][row] for key in keys) or str(n) for n, row in enumerate(starts, 1)]
    documents = [""] * len(starts)
    if columns.document:
        filled = list(accumulate(table[columns.document], _or_above))
        documents = [filled[row] for row in starts]
    if a_row_each:
        rows = split_rows(zip(table.lines, ids, documents, words, tags, strict=True), file)
    else:
        rows = Rows(words, tags, table.lines, starts, ids, documents)
    rows.tag_column, rows.labels = columns.tag, columns.tag.isdigit() or allows_labels(columns.tag)
    return rows, columns


def split_rows(records: Iterable[tuple[int, str, str, Any, Any]], file: File) -> Rows:
    """Divide records that hold a sentence each: line, id, document; a text or a list of words; and as many tags."""
    lines: list[int] = []
    rows = Rows([], [], lines, [], [], [])
    for line, number, document, words, tags in records:
        own = [clean(str(word)) for word in (split_list(words) if isinstance(words, str) else words)]
        given = _tag_list(tags) if isinstance(tags, str) else tags
        if len(given) != len(own):
            what = f"{count(len(own), 'word')} and {count(len(given), 'tag')}"
            file.fault(line, what, "Give a tag for each word, with spaces between both.")
        elif own:
            rows.starts.append(len(rows.words))
            rows.ids.append(number)
            rows.documents.append(document)
            rows.words += own
            rows.tags += [UNKNOWN if tag is None else clean(str(tag)) for tag in given]
            lines += [line] * len(own)
    return rows


def _or_above(above: str, own: str) -> str:
    """In a column with gaps, what stands above holds on."""
    return own or above


def _is_a_sentence_a_row(table: Table, options: Options) -> bool:
    """Whether cells of the tag column hold several tags each"""
    columns = find_columns(table, options, needs_sentence=False)
    several = fits = 0
    for words, tags in zip(table[columns.word][:1000], table[columns.tag][:1000], strict=True):
        items = _tag_list(tags)
        if len(items) > 1 or tags.startswith("["):
            several += 1
            fits += len(items) == len(split_list(words)) or all(is_tag(item) for item in items)
    return fits * 2 > several


def _tag_list(value: str) -> list[str]:
    return split_list(value) if value.startswith("[") else [part for part in re.split(r"[\s,;|]+", value) if part]


def _find_starts(table: Table, keys: list[str], names: Columns, file: File) -> tuple[Table, list[int]]:
    """The table, with its rows in another order if they are gathered; and the first row of each sentence. Where the
    columns `keys` leave open which rows are a sentence, and the user does not say, each such row is a fault."""
    how = file.options.sentences
    columns = [["" if value.casefold() in _NO_NUMBER else value for value in table[key]] for key in keys]
    if not any(column[0] for column in columns):
        what = f"the column {' '.join(keys)} is empty"
        file.fault(table.lines[0], what, "It must be filled on each sentence's first row.")
    if how == "gather":
        places: dict[tuple[str, ...], list[int]] = {}
        for row, one in enumerate(zip(*columns, strict=True)):
            places.setdefault(one, []).append(row)
        order = [row for rows in places.values() for row in rows]
        gathered = [[column[row] for row in order] for column in table.columns]
        lines = array("q", (table.lines[row] for row in order))
        return Table(table.names, gathered, lines, []), [0, *accumulate(map(len, places.values()))][:-1]
    starts = {0}
    gaps = False
    for key, column in zip(keys, columns, strict=True):
        if how is None:
            _refuse_single_gaps(key, column, table.lines, file)
        # Filled on first rows only: each filled cell starts a sentence. Else: each other value does.
        if how == "starts" or (how is None and "" in column):
            gaps = True
            starts.update(row for row, value in enumerate(column) if value)
        else:
            changes = pairwise(accumulate(column, _or_above))
            starts.update(row for row, (above, own) in enumerate(changes, 1) if own != above)
    first = sorted(starts)
    if how is None and not gaps:
        ids = [" ".join(column[row] for column in columns) for row in first]
        if len(keys) > 1 or not _counts_up(ids):
            _refuse_scattered(ids, [table.lines[row] for row in first], file)
        if not file.options.sentence_column:
            others = [name for name in table.names if name not in (*keys, names.word, names.tag)]
            _refuse_other_starts(table, keys, others, starts, file)
    return table, first


def _counts_up(ids: Sequence[str]) -> bool:
    """Whether the numbers count up by one, again and again from the same first: 1 2 3 1 2"""
    numbers = [re.search(r"(\d+)\D*$", one) for one in ids]
    values = [int(found[1]) for found in numbers if found]
    return len(values) == len(ids) and all(b in (a + 1, values[0]) for a, b in pairwise(values))


def _refuse_single_gaps(key: str, column: Sequence[str], lines: Sequence[int], file: File) -> None:
    """A number that stands on almost every row, and not only on first ones, leaves open what a row without it is."""
    same = sum(a == b != "" for a, b in pairwise(column))
    if 0 < column.count("") * 10 < len(column) and same > len(column) / 2 and len(set(column)) > 2:
        remedy = (
            f"The column {key} is filled on almost every row. Fill it in; or say --sentences runs (an empty cell "
            "goes on with the sentence before) or --sentences starts (each filled cell starts a sentence)."
        )
        for line, value in zip(lines, column, strict=True):
            if not value:
                file.fault(line, f"the column {key} is empty", remedy)


def _refuse_other_starts(table: Table, keys: list[str], others: list[str], starts: set[int], file: File) -> None:
    """A column with its values in blocks, that changes within a sentence, may be a document's, and the numbers begin
    again in each. Where it changes on each row, it may be so if it stands first and counts no rows."""
    for other in others:
        values = list(accumulate(table[other], _or_above))
        n = sum(own != above for above, own in pairwise(values))
        every = n == len(values) - 1 and (
            values[0][:1].isdigit() or table.names.index(other) > table.names.index(keys[0])
        )
        if n and n + 1 == len(set(values)) and values[0] and not every and not holds_pos(set(values)):
            both = " ".join(f"--sentence-column {name!r}" for name in (other, *keys))
            alone = " ".join(f"--sentence-column {name!r}" for name in keys)
            remedy = f"If numbers begin again with each {other!r}, say {both}; if not, {alone}."
            for row, (above, own) in enumerate(pairwise(values), 1):
                if own != above and row not in starts:
                    what = f"sentence {table[keys[-1]][row]} goes on where column {other!r} changes"
                    file.fault(table.lines[row], what, remedy)


def _refuse_scattered(ids: Sequence[str], lines: Sequence[int], file: File) -> None:
    remedy = (
        f"Places where a sentence goes on after another one: {len(ids) - len(set(ids)):,}. Say --sentences gather to "
        "put the rows of a number together, or --sentences runs to start a sentence wherever the number changes. If "
        "numbers begin again with each document, name both columns: --sentence-column DOCUMENT --sentence-column NUMBER"
    )
    seen: set[str] = set()
    for i, (one, line) in enumerate(zip(ids, lines, strict=True)):
        if one in seen:
            file.fault(line, f"sentence {one} goes on in line {line}, after sentence {ids[i - 1]}", remedy)
        seen.add(one)
