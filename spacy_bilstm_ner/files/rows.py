"""Divide the rows of a table into sentences."""

import re
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise

from ..errors import count
from .cells import holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, find_columns, says_no_space
from .exports import read_records
from .faults import Faults
from .options import Options
from .records import Content, Origin, Records, TaggedWords
from .report import Report
from .tables import Table, clean

# Spellings of an empty cell in a column of numbers. A word may be spelled so as well.
_EMPTY = ("nan", "null", "none", "<na>")


def read_table(
    table: Table, content: Content, options: Options, report: Report
) -> tuple[Records, Report]:
    """Read the rows of a table: a word each, or a sentence each, or a text with offsets each.

    report (Report): What was read and left out before; its sum with that of the rows is returned.
    RAISES UserError: If a column cannot be detected, or rows cannot be divided into sentences.
    """
    columns = find_columns(table, options)
    rows_report = Report(guesses={"columns": columns.description()})
    words, tags = table[columns.word], table[columns.tag]
    if holds_spans(tags):
        cells = zip(words, tags, strict=True)
        records = [{"text": text, "entities": entities} for text, entities in cells]
        numbered = zip(table.lines, records, strict=True)
        texts, texts_report = read_records(numbered, content.name, options)
        return texts, report.merge(rows_report).merge(texts_report)
    rows_report.rows_read = len(words)
    is_list = holds_lists(words, tags)
    sentences = _read_lists(table, columns) if is_list else _read_words(table, columns, options)
    return sentences, report.merge(rows_report)


def _read_lists(table: Table, columns: Columns) -> list[TaggedWords]:
    """Read rows with all words and tags of a sentence."""
    faults = Faults(table.name)
    sentences = []
    for row, line in enumerate(table.lines):
        words = tuple(map(clean, split_list(table[columns.word][row])))
        tags = tuple(map(clean, split_tags(table[columns.tag][row])))
        if len(words) != len(tags):
            fault = f"{count(len(words), 'word')} and {count(len(tags), 'tag')}"
            faults.add(line, fault, "Give a tag for each word, with spaces between both.")
            continue
        number = " ".join(table[key][row] for key in columns.sentence) or str(row + 1)
        document = table[columns.document][row] if columns.document else ""
        origin = Origin(table.name, line, document)
        sentences.append(TaggedWords(words, tags, origin=origin, number=number))
    faults.check()
    return sentences


def _read_words(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read rows with a word each."""
    words, tags, lines = table[columns.word], table[columns.tag], table.lines
    documents: Sequence[str] = table.documents
    if columns.document:
        documents = list(accumulate(table[columns.document], _fill))
    spacing = table[columns.spacing] if columns.spacing else []
    sentences = []
    for number, rows in enumerate(_divide(table, columns, options), 1):
        first, last = rows[0], rows[-1]
        is_run = lines[last] - lines[first] == len(rows) - 1
        document = documents[first] if documents else ""
        key = " ".join(table[name][first] for name in columns.sentence)
        spaces = None
        if spacing:
            spaces = tuple(row != last and not says_no_space(spacing[row]) for row in rows)
        sentence = TaggedWords(
            tuple(map(words.__getitem__, rows)),
            tuple(map(tags.__getitem__, rows)),
            spaces,
            origin=Origin(table.name, lines[first], document, int(is_run)),
            number=key or str(number),
            rows=len(rows),
            lines=() if is_run else list(map(lines.__getitem__, rows)),
        )
        sentences.append(sentence)
    return sentences


def _fill(above: str, cell: str) -> str:
    """Return the value that applies in a column with gaps."""
    return cell or above


def _divide(table: Table, columns: Columns, options: Options) -> list[Sequence[int]]:
    """Return the rows of each sentence.

    RAISES FileFaults: If the columns of numbers leave open which rows form a sentence, and the user
        does not say.
    """
    keys = columns.sentence
    if not keys:
        return _ranges([0, *table.breaks], len(table.lines))
    faults = Faults(table.name)
    cells = [_without_empty(table[key]) for key in keys]
    if not any(column[0] for column in cells):
        fault = f"the column {' '.join(keys)} is empty"
        faults.add(table.lines[0], fault, "It must be filled on each sentence's first row.")
    if options.sentences == "gather":
        groups: dict[tuple[str, ...], array[int]] = {}
        for row, key_of_row in enumerate(zip(*cells, strict=True)):
            groups.setdefault(key_of_row, array("q")).append(row)
        faults.check()
        return list(groups.values())
    starts = {0}
    has_gaps = False
    for key, column in zip(keys, cells, strict=True):
        if options.sentences is None:
            _refuse_single_gaps(key, column, table.lines, faults)
        if options.sentences == "starts" or (options.sentences is None and "" in column):
            has_gaps = True
            starts.update(row for row, value in enumerate(column) if value)
        else:
            starts.update(_changes(column))
    first_rows = sorted(starts)
    if options.sentences is None and not has_gaps:
        ids = [" ".join(column[row] for column in cells) for row in first_rows]
        if len(keys) > 1 or not _counts_up(ids):
            _refuse_scattered(ids, [table.lines[row] for row in first_rows], faults)
    faults.check()
    return _ranges(first_rows, len(table.lines))


def _without_empty(column: list[str]) -> list[str]:
    if not any(value.casefold() in _EMPTY for value in set(column)):
        return column
    return ["" if value.casefold() in _EMPTY else value for value in column]


def _ranges(starts: Sequence[int], end: int) -> list[Sequence[int]]:
    return [range(*bounds) for bounds in pairwise([*starts, end])]


def _changes(column: Sequence[str]) -> list[int]:
    """Return the rows that have another value than the row above; an empty cell has the same."""
    rows = []
    previous = column[0]
    for row, value in enumerate(column):
        if value and value != previous:
            rows.append(row)
            previous = value
    return rows


def _counts_up(ids: Sequence[str]) -> bool:
    """Return whether numbers count up by one, and start again at the first one: 1 2 3 1 2."""
    numbers = []
    for name in ids:
        digits = re.search(r"(\d+)\D*$", name)
        if digits is None:
            return False
        numbers.append(int(digits[1]))
    return all(below in (above + 1, numbers[0]) for above, below in pairwise(numbers))


def _refuse_single_gaps(
    key: str, column: Sequence[str], lines: Sequence[int], faults: Faults
) -> None:
    """Refuse empty cells in a column that is filled on almost every row."""
    n_empty = column.count("")
    if not 0 < n_empty * 10 < len(column) or len(set(column)) <= 2:
        return
    n_repeated = sum(above == below != "" for above, below in pairwise(column))
    if 2 * n_repeated <= len(column):
        return
    remedy = (
        f"The column {key} is filled on almost every row. Fill it in; or use --sentences runs (an "
        "empty cell continues the sentence) or --sentences starts (each filled cell starts one)."
    )
    for line, value in zip(lines, column, strict=True):
        if not value:
            faults.add(line, f"the column {key} is empty", remedy)


def _refuse_scattered(ids: Sequence[str], lines: Sequence[int], faults: Faults) -> None:
    """Refuse sentences whose rows are not consecutive."""
    remedy = (
        "Say --sentences gather if all rows with a number form a sentence, or --sentences runs if "
        "each consecutive run does. If numbers begin again in each document, name both columns: "
        "--sentence-column DOCUMENT --sentence-column NUMBER"
    )
    seen: set[str] = set()
    for position, name in enumerate(ids):
        if name in seen:
            fault = f"sentence {name} continues after sentence {ids[position - 1]}"
            faults.add(lines[position], fault, remedy)
        seen.add(name)
