"""Divide the rows of a table into sentences."""

from array import array
from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise
from typing import Any

from ..errors import count
from .cells import holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, find_columns, says_no_space
from .exports import read_records
from .faults import Faults
from .options import Options
from .records import Origin, Records, TaggedWords
from .report import Report
from .schemes import holds_brackets, without_brackets
from .tables import Table

_SCATTERED_REMEDY = (
    "Say --sentences gather if all rows with a number form a sentence, or --sentences runs if each "
    "consecutive run does. If numbers begin again in each document, name both columns: "
    "--sentence-column DOCUMENT --sentence-column NUMBER"
)
# Spellings of an empty cell in a column of sentence numbers. In other columns, they may be words.
_EMPTY = ("", "nan", "null", "none", "<na>")


def read_table(table: Table, options: Options, report: Report) -> tuple[Records, Report]:
    """Read a table. Each of its rows has a word, or a sentence, or a text with offsets.

    report (Report): The counts so far. Those of the rows are added to it.
    RAISES UserError: If a column cannot be detected, or rows cannot be divided into sentences.
    """
    columns = find_columns(table, options)
    numbers = f"sentence = {' '.join(columns.sentence)!r}, " if columns.sentence else ""
    report.guesses["columns"] = f"{numbers}word = {columns.word!r}, tag = {columns.tag!r}"
    words, tags = table[columns.word], table[columns.tag]
    if holds_spans(tags):
        records = []
        for line, text, entities in zip(table.lines, words, tags, strict=True):
            records.append((line, {"text": text, "entities": entities}))
        texts, texts_report = read_records(records, table.name, options)
        return texts, report.merge(texts_report)
    report.rows_read += len(words)
    return _read_sentences(table, columns, options), report


def _read_sentences(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read a table. Each of its rows has a word with its tag, or all words and tags of a sentence.

    RAISES FileFaults: If rows cannot be divided into sentences, or a word has no tag.
    """
    faults = Faults(table.name)
    words, tags = table[columns.word], table[columns.tag]
    is_list, has_brackets = holds_lists(tags), holds_brackets(tags)
    spacing = table[columns.spacing] if columns.spacing else []
    documents = list(accumulate(table[columns.document], _fill_down)) if columns.document else []
    all_rows: Sequence[int] = range(len(words))
    numbers = all_rows if is_list else _number_rows(table, columns.sentence, options, faults)
    if options.sentences == "gather":
        first_rows: dict[Any, int] = {}
        all_rows = sorted(all_rows, key=lambda row: first_rows.setdefault(numbers[row], row))
    sentences: list[TaggedWords] = []
    previous = None
    seen = set()
    for number, group in groupby(all_rows, numbers.__getitem__):
        rows = list(group)
        first, last = rows[0], rows[-1]
        lines = list(map(table.lines.__getitem__, rows))
        if number in seen and options.sentences != "runs":
            fault = f"sentence {number} continues after sentence {previous}"
            faults.add(lines[0], fault, _SCATTERED_REMEDY)
        seen.add(number)
        previous = number
        sentence_words = list(map(words.__getitem__, rows))
        sentence_tags = list(map(tags.__getitem__, rows))
        if is_list:
            sentence_words, sentence_tags = split_list(words[first]), split_tags(tags[first])
        if has_brackets:
            sentence_tags = without_brackets(sentence_tags)
        if len(sentence_words) != len(sentence_tags):
            fault = f"{count(len(sentence_words), 'word')} and {count(len(sentence_tags), 'tag')}"
            faults.add(lines[0], fault, "Give one tag for each word, and put spaces between them.")
        spaces = [row != last and not says_no_space(spacing[row]) for row in rows if spacing]
        is_consecutive = lines[-1] - lines[0] == len(rows) - 1
        document = documents[first] if documents else ""
        sentence_id = " ".join(table[name][first] for name in columns.sentence)
        sentence = TaggedWords(
            tuple(sentence_words),
            tuple(sentence_tags),
            tuple(spaces) or None,
            origin=Origin(table.name, lines[0], document, int(is_consecutive and not is_list)),
            number=sentence_id or str(len(sentences) + 1),
            rows=len(rows),
            lines=() if is_consecutive else lines,
        )
        sentences.append(sentence)
    faults.check()
    return sentences


def _fill_down(above: str, cell: str) -> str:
    """Return the value of a cell. An empty cell has the value of the cell above."""
    return cell or above


def _number_rows(
    table: Table, names: Sequence[str], options: Options, faults: Faults
) -> Sequence[Any]:
    """Return the sentence number of each row. Without such columns, empty lines end sentences."""
    keys: list[Sequence[Any]] = []
    for name in names:
        keys.append(_number_column(name, table, options.sentences, faults))
    if not keys:
        breaks = set(table.breaks)
        return array("q", accumulate(row in breaks for row in range(len(table.lines))))
    return keys[0] if len(keys) == 1 else list(zip(*keys, strict=True))


def _number_column(name: str, table: Table, method: str | None, faults: Faults) -> Sequence[Any]:
    """Return the sentence number of each row, or one of the columns that together number sentences.

    method (Optional[str]): "gather", "runs" or "starts"; None for "starts" if the column has
        empty cells, and else "runs".
    """
    column, lines = table[name], table.lines
    nulls = [value for value in set(column) if value.casefold() in _EMPTY]
    if nulls:
        column = ["" if value in nulls else value for value in column]
    if method == "gather":
        return column
    if method == "runs" or (method is None and not nulls):
        return list(accumulate(column, _fill_down))
    for row, (above, value) in enumerate(pairwise(column), 1):
        if method is None and above == value != "":
            fault = f"the column {name} is empty, but line {lines[row]} repeats a number"
            remedy = (
                "Fill the column. Or use --sentences runs if an empty cell continues the sentence, "
                "or --sentences starts if each filled cell starts a sentence."
            )
            faults.add(lines[column.index("")], fault, remedy)
            break
    if not column[0]:
        fault = f"the column {name} is empty"
        faults.add(lines[0], fault, "It must have a number in the first row of each sentence.")
    return array("q", accumulate(map(bool, column)))
