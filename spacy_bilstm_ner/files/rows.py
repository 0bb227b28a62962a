"""Divide the rows of a table into sentences."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from ..errors import count
from .cells import holds_lists, holds_spans, split_list, split_tags
from .columns import Columns, says_no_space
from .exports import read_records
from .faults import Faults
from .options import Options
from .records import Origin, Records, TaggedWords
from .report import Report
from .tables import Table, clean

# Spellings of an empty cell in a column of numbers. A word may be spelled so as well.
_EMPTY = ("nan", "null", "none", "<na>")


def read_table(
    table: Table, columns: Columns, options: Options, report: Report
) -> tuple[Records, Report]:
    """Read the rows of a table: a word each, or a sentence each, or a text with offsets each.

    report (Report): What was read and left out before; its sum with that of the rows is returned.
    RAISES UserError: If rows cannot be divided into sentences.
    """
    described = [f"word = {columns.word!r}", f"tag = {columns.tag!r}"]
    described += [f"sentence = {name!r}" for name in columns.sentence]
    rows_report = Report(guesses={"columns": ", ".join(described)})
    words, tags = table[columns.word], table[columns.tag]
    if holds_spans(tags):
        records = []
        for line, text, entities in zip(table.lines, words, tags, strict=True):
            records.append((line, {"text": text, "entities": entities}))
        texts, texts_report = read_records(records, table.name, options)
        return texts, report.merge(rows_report).merge(texts_report)
    rows_report.rows_read = len(words)
    if holds_lists(words, tags):
        sentences = _read_lists(table, columns)
    else:
        sentences = _read_words(table, columns, options)
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
        number = " ".join(table[key][row] for key in columns.sentence) or str(row + 1)
        document = table[columns.document][row] if columns.document else ""
        origin = Origin(table.name, line, document)
        sentences.append(TaggedWords(words, tags, origin=origin, number=number))
    faults.check()
    return sentences


def _read_words(table: Table, columns: Columns, options: Options) -> list[TaggedWords]:
    """Read rows with a word each."""
    words, tags, lines = table[columns.word], table[columns.tag], table.lines
    documents = _documents(table, columns)
    spacing = table[columns.spacing] if columns.spacing else []
    sentences = []
    for number, rows in enumerate(_divide(table, columns.sentence, options.sentences), 1):
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


def _documents(table: Table, columns: Columns) -> Sequence[str]:
    """Return the document of each row; nothing if the file names no documents."""
    if columns.document:
        return list(accumulate(table[columns.document], _fill))
    cells = [""] * (len(table.lines) + 1) if table.documents else []
    for row, document in table.documents.items():
        cells[row] = document
    return list(accumulate(cells, _fill))


def _fill(above: str, cell: str) -> str:
    """Return the value that applies in a column with gaps."""
    return cell or above


def _divide(table: Table, keys: Sequence[str], method: str | None) -> list[Sequence[int]]:
    """Return the rows of each sentence.

    keys (Sequence[str]): The columns that number sentences. If there are none, empty lines divide
        the rows.
    method (Optional[str]): "gather", "runs" or "starts"; None for "starts" if the columns have
        empty cells, and else "runs".
    RAISES FileFaults: If a row does not agree with the method that was detected.
    """
    n_rows = len(table.lines)
    if not keys:
        return _ranges([0, *table.breaks], n_rows)
    faults = Faults(table.name)
    columns = [_without_nulls(table[key]) for key in keys]
    if method == "gather":
        groups: dict[tuple[str, ...], list[int]] = {}
        for row, number in enumerate(zip(*columns, strict=True)):
            groups.setdefault(number, []).append(row)
        return list(groups.values())
    starts = {0}
    has_gaps = False
    for key, column in zip(keys, columns, strict=True):
        if method == "starts" or (method is None and "" in column):
            has_gaps = True
            starts.update(row for row, value in enumerate(column) if value)
        else:
            above = [column[0], *accumulate(column, _fill)]
            starts.update(row for row, value in enumerate(column) if value not in ("", above[row]))
        if method is None and "" in column:
            _check_gaps(key, column, table.lines, faults)
    first_rows = sorted(starts)
    if method is None and not has_gaps:
        numbers = [" ".join(column[row] for column in columns) for row in first_rows]
        _check_scattered(numbers, [table.lines[row] for row in first_rows], faults)
    faults.check()
    return _ranges(first_rows, n_rows)


def _without_nulls(column: list[str]) -> list[str]:
    if not any(value.casefold() in _EMPTY for value in set(column)):
        return column
    return ["" if value.casefold() in _EMPTY else value for value in column]


def _ranges(starts: Sequence[int], end: int) -> list[Sequence[int]]:
    return [range(*bounds) for bounds in pairwise([*starts, end])]


def _check_gaps(key: str, column: Sequence[str], lines: Sequence[int], faults: Faults) -> None:
    """Check that a column with gaps is filled on first rows only."""
    if not column[0]:
        fault = f"the column {key} is empty"
        faults.add(lines[0], fault, "It must be filled on each sentence's first row.")
    for row, (above, below) in enumerate(pairwise(column), 1):
        if above == below != "":
            fault = f"the column {key} is empty, but line {lines[row]} repeats a number"
            remedy = (
                "Fill the column; or use --sentences runs (an empty cell continues the sentence) "
                "or --sentences starts (each filled cell starts one)."
            )
            faults.add(lines[column.index("")], fault, remedy)
            return


def _check_scattered(numbers: Sequence[str], lines: Sequence[int], faults: Faults) -> None:
    """Check that the rows of each sentence are consecutive."""
    remedy = (
        "Say --sentences gather if all rows with a number form a sentence, or --sentences runs if "
        "each consecutive run does. If numbers begin again in each document, name both columns: "
        "--sentence-column DOCUMENT --sentence-column NUMBER"
    )
    seen: set[str] = set()
    for position, number in enumerate(numbers):
        if number in seen:
            fault = f"sentence {number} continues after sentence {numbers[position - 1]}"
            faults.add(lines[position], fault, remedy)
        seen.add(number)
