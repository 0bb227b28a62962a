"""Divide the rows of a table into sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby
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
    if columns.document:
        documents = list(accumulate(table[columns.document], _fill))
        table = replace(table, documents=documents)
    if holds_lists(table[columns.tag]):
        records, records_report = read_records(_to_records(table, columns), table.name, options)
        return records, report.merge(records_report)
    report.rows_read += len(table.lines)
    return _read_sentences(table, columns, options), report


def _to_records(table: Table, columns: Columns) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield rows with a sentence or a text each, as records of JSON."""
    texts, cells = table[columns.word], table[columns.tag]
    have_spans = holds_spans(cells)
    for line, document, text, cell in zip(table.lines, table.documents, texts, cells, strict=True):
        if have_spans:
            yield line, {"id": document, "text": text, "entities": cell}
        else:
            yield line, {"id": document, "tokens": split_list(text), "tags": split_tags(cell)}


def _read_sentences(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read a table. Each of its rows has a word with its tag.

    RAISES UserError: If the rows of a sentence are not consecutive, and no option says what to do.
    """
    words, tags = table[columns.word], table[columns.tag]
    spacing = table[columns.spacing] if columns.spacing else []
    sentences: list[TaggedWords] = []
    numbers_read: set[str] = set()
    faults = []
    end = 0
    for number, rows in groupby(_number_rows(table, columns.sentence)):
        start, end = end, end + len(list(rows))
        lines = table.lines[start:end]
        if number in numbers_read and not options.sentence_runs:
            before = sentences[-1].number
            faults.append((lines[0], f"sentence {number} continues after sentence {before}"))
        numbers_read.add(number)
        spaces = [not says_no_space(cell) for cell in spacing[start:end]]
        if spaces:
            spaces[-1] = False
        is_consecutive = lines[-1] - lines[0] == end - start - 1
        sentence = TaggedWords(
            tuple(words[start:end]),
            tuple(tags[start:end]),
            tuple(spaces) or None,
            origin=Origin(table.name, lines[0], table.documents[start], int(is_consecutive)),
            number=number,
            rows=end - start,
            lines=() if is_consecutive else lines,
        )
        sentences.append(sentence)
    check_rows(
        table.name,
        faults,
        "The rows of a sentence must be consecutive. If numbers begin again in each document, name "
        "both columns: --sentence-column DOCUMENT --sentence-column NUMBER. Without a column of "
        "documents, use --sentence-runs, which reads each run of a number as a sentence.",
    )
    return sentences


def _number_rows(table: Table, names: Sequence[str]) -> Sequence[str]:
    """Return the sentence number of each row. Without such columns, empty lines end sentences."""
    if not names:
        return table.blocks
    keys = [accumulate(table[name], _fill) for name in names]
    return list(map(" ".join, zip(*keys, strict=True))) if len(keys) > 1 else list(keys[0])


def _fill(above: str, cell: str) -> str:
    """Return the value of a cell. An empty cell has the value of the cell above."""
    return cell or above
