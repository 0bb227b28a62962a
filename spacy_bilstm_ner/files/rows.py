"""Divide the rows of a table into sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from .cells import holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, find_columns, says_no_space
from .exports import read_records
from .faults import check_rows
from .options import Options
from .records import Origin, Records, TaggedWords
from .report import Report
from .tables import Table


def read_table(table: Table, options: Options, report: Report) -> tuple[Records, Report]:
    """Read a table. Each of its rows has a word, or a sentence, or a text with offsets.

    report (Report): The counts so far. Those of the rows are added to it.
    RAISES UserError: If a column cannot be detected, or rows cannot be divided into sentences.
    """
    columns = find_columns(table, options)
    numbers = f"sentence = {' '.join(columns.sentence)!r}, " if columns.sentence else ""
    report.guesses["columns"] = f"{numbers}word = {columns.word!r}, tag = {columns.tag!r}"
    if holds_lists(table[columns.tag]):
        records, records_report = read_records(_to_records(table, columns), table.name, options)
        return records, report.merge(records_report)
    report.rows_read += len(table.lines)
    return _read_sentences(table, columns, options), report


def _to_records(table: Table, columns: Columns) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield rows with a sentence or a text each, as records of JSON."""
    words, tags = table[columns.word], table[columns.tag]
    documents = _documents(table, columns)
    have_spans = holds_spans(tags)
    for row, line in enumerate(table.lines):
        record = {"id": documents[row]}
        if have_spans:
            yield line, {**record, "text": words[row], "entities": tags[row]}
        else:
            lists = {"tokens": split_list(words[row]), "tags": split_tags(tags[row])}
            yield line, {**record, **lists}


def _read_sentences(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read a table. Each of its rows has a word with its tag.

    RAISES UserError: If the rows of a sentence are not consecutive, and no option says what to do.
    """
    words, tags = table[columns.word], table[columns.tag]
    spacing = table[columns.spacing] if columns.spacing else []
    documents = _documents(table, columns)
    numbers = _number_rows(table, columns.sentence)
    all_rows: Iterable[int] = range(len(words))
    if options.sentences == "gather":
        first_rows: dict[str, int] = {}
        all_rows = sorted(all_rows, key=lambda row: first_rows.setdefault(numbers[row], row))
    sentences: list[TaggedWords] = []
    numbers_read: set[str] = set()
    faults = []
    for number, group in groupby(all_rows, numbers.__getitem__):
        rows = list(group)
        first, last = rows[0], rows[-1]
        lines = list(map(table.lines.__getitem__, rows))
        if number in numbers_read and options.sentences != "runs":
            faults.append(
                (lines[0], f"sentence {number} continues after sentence {sentences[-1].number}")
            )
        numbers_read.add(number)
        spaces = [row != last and not says_no_space(spacing[row]) for row in rows if spacing]
        is_consecutive = lines[-1] - lines[0] == len(rows) - 1
        sentence = TaggedWords(
            tuple(map(words.__getitem__, rows)),
            tuple(map(tags.__getitem__, rows)),
            tuple(spaces) or None,
            origin=Origin(table.name, lines[0], documents[first], int(is_consecutive)),
            number=number,
            rows=len(rows),
            lines=() if is_consecutive else lines,
        )
        sentences.append(sentence)
    check_rows(
        table.name,
        faults,
        "Say --sentences gather if all rows with a number form a sentence, or --sentences runs if "
        "each consecutive run does. If numbers begin again in each document, name both columns: "
        "--sentence-column DOCUMENT --sentence-column NUMBER",
    )
    return sentences


def _documents(table: Table, columns: Columns) -> Sequence[str]:
    """Return the document of each row; "" if there is none."""
    if columns.document:
        return _fill_down(table[columns.document])
    return table.documents or [""] * len(table.lines)


def _fill_down(column: Sequence[str]) -> list[str]:
    """Return cells. An empty cell has the value of the cell above."""
    filled: list[str] = []
    for cell in column:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled


def _number_rows(table: Table, names: Sequence[str]) -> Sequence[str]:
    """Return the sentence number of each row. Without such columns, empty lines end sentences."""
    keys = [_fill_down(table[name]) for name in names]
    if keys:
        return keys[0] if len(keys) == 1 else list(map(" ".join, zip(*keys, strict=True)))
    numbers: list[str] = []
    bounds = pairwise([0, *table.breaks, len(table.lines)])
    for number, (start, end) in enumerate(bounds, 1):
        numbers += [str(number)] * (end - start)
    return numbers
