"""Divide the rows of a table into sentences."""

from collections.abc import Iterator
from itertools import accumulate, groupby
from typing import Any

from .cells import LIST, holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, find_columns, says_no_space
from .exports import read_records
from .options import Options
from .records import Origin, Records, TaggedWords
from .report import Report, check_rows
from .tables import Table


def read_table(table: Table, options: Options, report: Report) -> Records:
    """Read a table. Each of its rows has a word, or a sentence, or a text with entities.

    report (Report): The counts so far. Those of the rows are added to it.
    RAISES UserError: If a column cannot be detected, or rows cannot be divided into sentences.
    """
    columns = find_columns(table, options)
    numbers = f"sentence = {' '.join(columns.sentence)!r}, " if columns.sentence else ""
    report.guesses["columns"] = f"{numbers}word = {columns.word!r}, tag = {columns.tag!r}"
    if columns.document:
        table.documents = list(accumulate(table[columns.document], _fill))
    if holds_lists(table[columns.tag]):
        records, records_report = read_records(_to_records(table, columns), table.name, options)
        report.merge(records_report)
        return records
    report.read["rows"] += len(table.lines)
    return _read_sentences(table, columns)


def _to_records(table: Table, columns: Columns) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row, which has a text or a list of words, as a JSON record."""
    texts, cells = table[columns.word], table[columns.tag]
    have_spans = holds_spans(cells)
    are_texts = have_spans and not all(map(LIST.fullmatch, texts))
    for line, document, text, cell in zip(table.lines, table.documents, texts, cells, strict=True):
        record: dict[str, Any] = {"text": text} if are_texts else {"tokens": split_list(text)}
        record |= {"entities": cell} if have_spans else {"tags": split_tags(cell)}
        yield line, {"id": document, **record}


def _read_sentences(table: Table, columns: Columns) -> list[TaggedWords]:
    """Read a table. Each of its rows has a word with its tag.

    RAISES UserError: If the rows of a sentence are not consecutive.
    """
    words, tags = table[columns.word], table[columns.tag]
    spacing = table[columns.spacing] if columns.spacing else []
    keys = [list(accumulate(table[name], _fill)) for name in columns.sentence] or [table.blocks]
    sentences: list[TaggedWords] = []
    numbers_read = set()
    faults = []
    end = 0
    for number, rows in groupby(map(" ".join, zip(*keys, strict=True))):
        start, end = end, end + len(list(rows))
        lines = table.lines[start:end]
        if number in numbers_read:
            before = sentences[-1].number
            faults.append((lines[0], f"sentence {number} continues after sentence {before}"))
        numbers_read.add(number)
        # No space follows the last word.
        spaces = [not says_no_space(cell) for cell in spacing[start : end - 1]] + [False]
        is_consecutive = lines[-1] - lines[0] == end - start - 1
        lines_of_words = [] if is_consecutive else list(lines)
        sentences.append(
            TaggedWords(
                tuple(words[start:end]),
                tuple(tags[start:end]),
                tuple(spaces) if spacing else None,
                origin=Origin(table.name, lines[0], table.documents[start], 1, lines_of_words),
                number=number,
                rows=end - start,
            )
        )
    check_rows(
        table.name,
        faults,
        "The rows of a sentence must be consecutive. If numbers begin again in each document, name "
        "the columns of documents and of numbers: --sentence-column DOCUMENT --sentence-column "
        "NUMBER. Otherwise, number the sentences anew. With pandas: "
        "(table.NUMBER != table.NUMBER.shift()).cumsum()",
    )
    return sentences


def _fill(above: str, cell: str) -> str:
    """Return the value of a cell. An empty cell has the value of the cell above."""
    return cell or above
