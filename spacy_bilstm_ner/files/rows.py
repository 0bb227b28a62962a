"""Divide the rows of a table into sentences."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..errors import count
from .cells import holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, says_no_space
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


def read_table(
    table: Table, columns: Columns, options: Options, report: Report
) -> tuple[Records, Report]:
    """Read the rows of a table: a word each, or a sentence each, or a text with offsets each.

    report (Report): What was read and left out before; its sum with that of the rows is returned.
    RAISES UserError: If rows cannot be divided into sentences.
    """
    words, tags = table[columns.word], table[columns.tag]
    described = {"sentence": " ".join(columns.sentence), "word": columns.word, "tag": columns.tag}
    guess = ", ".join(f"{kind} = {name!r}" for kind, name in described.items() if name)
    rows_report = Report(guesses={"columns": guess})
    if holds_spans(tags):
        records = []
        for line, text, entities in zip(table.lines, words, tags, strict=True):
            records.append((line, {"text": text, "entities": entities}))
        texts, texts_report = read_records(records, table.name, options)
        return texts, report.merge(rows_report).merge(texts_report)
    rows_report.rows_read = len(words)
    return _read_sentences(table, columns, options), report.merge(rows_report)


def _read_sentences(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read rows with a word each, or with all words and tags of a sentence."""
    faults = Faults(table.name)
    words, tags = table[columns.word], table[columns.tag]
    spacing = table[columns.spacing] if columns.spacing else []
    documents = list(accumulate(table[columns.document], _fill)) if columns.document else []
    is_list, has_brackets = holds_lists(words, tags), holds_brackets(tags)
    groups = _divide(table, columns, options, is_list)
    sentences = []
    for number, rows in enumerate(groups, 1):
        first, last = rows[0], rows[-1]
        words_of = list(map(words.__getitem__, rows))
        tags_of = list(map(tags.__getitem__, rows))
        lines = list(map(table.lines.__getitem__, rows))
        if is_list:
            words_of, tags_of = split_list(words[first]), split_tags(tags[first])
        if has_brackets:
            tags_of = without_brackets(tags_of)
        if len(words_of) != len(tags_of):
            fault = f"{count(len(words_of), 'word')} and {count(len(tags_of), 'tag')}"
            faults.add(lines[0], fault, "Give a tag for each word, with spaces between both.")
        spaces = None
        if spacing:
            spaces = tuple(row != last and not says_no_space(spacing[row]) for row in rows)
        is_run = lines[-1] - lines[0] == len(rows) - 1
        document = documents[first] if documents else ""
        sentence = TaggedWords(
            tuple(words_of),
            tuple(tags_of),
            spaces,
            origin=Origin(table.name, lines[0], document, int(is_run and not is_list)),
            number=" ".join(table[name][first] for name in columns.sentence) or str(number),
            rows=len(rows),
            lines=() if is_run else lines,
        )
        sentences.append(sentence)
    faults.check()
    return sentences


def _divide(
    table: Table, columns: Columns, options: Options, is_list: bool
) -> Iterable[Sequence[int]]:
    """Return the rows of each sentence.

    is_list (bool): Whether each row is a sentence.
    RAISES FileFaults: If a row does not agree with the method that was detected.
    """
    faults = Faults(table.name)
    n_rows = len(table.lines)
    if is_list or not columns.sentence:
        return _ranges(range(n_rows) if is_list else [0, *table.breaks], n_rows)
    keys: list[Sequence[Any]] = []
    for name in columns.sentence:
        keys.append(_number_rows(name, table, options.sentences, faults))
    numbers = keys[0] if len(keys) == 1 else list(zip(*keys, strict=True))
    if options.sentences == "gather":
        groups: dict[Any, list[int]] = {}
        for row, number in enumerate(numbers):
            groups.setdefault(number, []).append(row)
        return groups.values()
    first_rows = [0]
    seen = {numbers[0]}
    for row, (above, number) in enumerate(pairwise(numbers), 1):
        if number != above:
            first_rows.append(row)
            if number in seen and options.sentences is None:
                fault = f"sentence {number} continues after sentence {above}"
                faults.add(table.lines[row], fault, _SCATTERED)
            seen.add(number)
    faults.check()
    return _ranges(first_rows, n_rows)


def _ranges(starts: Sequence[int], end: int) -> list[Sequence[int]]:
    return [range(*bounds) for bounds in pairwise([*starts, end])]


def _fill(above: str, cell: str) -> str:
    """Return the value that applies in a column with gaps."""
    return cell or above


def _number_rows(name: str, table: Table, method: str | None, faults: Faults) -> Sequence[Any]:
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
