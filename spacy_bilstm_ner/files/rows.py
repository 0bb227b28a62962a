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

_SCATTERED = (
    "Say --sentences gather if all rows with a number form a sentence, or --sentences runs if each "
    "consecutive run does. If numbers begin again in each document, name both columns: "
    "--sentence-column DOCUMENT --sentence-column NUMBER"
)
# Spellings of an empty cell in a column of numbers. A word may be spelled so as well.
_EMPTY = ("", "nan", "null", "none", "<na>")


def read_table(table: Table, options: Options, report: Report) -> tuple[Records, Report]:
    """Read the rows of a table: a word each, or a sentence each, or a text with offsets each.

    report (Report): What was read and left out before; its sum with that of the rows is returned.
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
    """Read rows with a word each, or with all words and tags of a sentence.

    RAISES FileFaults: If rows cannot be divided into sentences, or have not a tag for each word.
    """
    faults = Faults(table.name)
    words, tags = table[columns.word], table[columns.tag]
    is_list, has_brackets = holds_lists(tags), holds_brackets(tags)
    spacing = table[columns.spacing] if columns.spacing else []
    documents = list(accumulate(table[columns.document], _fill)) if columns.document else []
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
            faults.add(lines[0], fault, _SCATTERED)
        seen.add(number)
        previous = number
        words_of = list(map(words.__getitem__, rows))
        tags_of = list(map(tags.__getitem__, rows))
        if is_list:
            words_of, tags_of = split_list(words[first]), split_tags(tags[first])
        if has_brackets:
            tags_of = without_brackets(tags_of)
        if len(words_of) != len(tags_of):
            fault = f"{count(len(words_of), 'word')} and {count(len(tags_of), 'tag')}"
            faults.add(lines[0], fault, "Give a tag for each word, with spaces between both.")
        spaces = [row != last and not says_no_space(spacing[row]) for row in rows if spacing]
        is_run = lines[-1] - lines[0] == len(rows) - 1
        document = documents[first] if documents else ""
        name = " ".join(table[name][first] for name in columns.sentence)
        sentence = TaggedWords(
            tuple(words_of),
            tuple(tags_of),
            tuple(spaces) or None,
            origin=Origin(table.name, lines[0], document, int(is_run and not is_list)),
            number=name or str(len(sentences) + 1),
            rows=len(rows),
            lines=() if is_run else lines,
        )
        sentences.append(sentence)
    faults.check()
    return sentences


def _fill(above: str, cell: str) -> str:
    """Return the value that applies in a column with gaps."""
    return cell or above


def _number_rows(
    table: Table, names: Sequence[str], options: Options, faults: Faults
) -> Sequence[Any]:
    """Return for each row the number of its sentence. Without columns, empty lines divide them."""
    keys: list[Sequence[Any]] = []
    for name in names:
        keys.append(_number_column(name, table, options.sentences, faults))
    if not keys:
        breaks = set(table.breaks)
        return array("q", accumulate(row in breaks for row in range(len(table.lines))))
    return keys[0] if len(keys) == 1 else list(zip(*keys, strict=True))


def _number_column(name: str, table: Table, method: str | None, faults: Faults) -> Sequence[Any]:
    """Return for each row the number of its sentence, or a part of it.

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
        return list(accumulate(column, _fill))
    for row, (above, value) in enumerate(pairwise(column), 1):
        if method is None and above == value != "":
            fault = f"the column {name} is empty, but line {lines[row]} repeats a number"
            remedy = (
                "Fill the column; or use --sentences runs (an empty cell continues the sentence) "
                "or --sentences starts (each filled cell starts one)."
            )
            faults.add(lines[column.index("")], fault, remedy)
            break
    if not column[0]:
        fault = f"the column {name} is empty"
        faults.add(lines[0], fault, "It must be filled on each sentence's first row.")
    return array("q", accumulate(map(bool, column)))
