"""Read unlabelled texts: a text on each line, or in a column of a table or of JSON records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UserError
from .delimited import find_separator, make_table, sample_lines
from .encoding import decode
from .frames import make_sheet
from .options import Options
from .records import Content
from .tables import Table, best_name
from .unpack import ZIP, read_contents


class Text(NamedTuple):
    """A text.

    line (int): Its line, from 1; the number of the row in Excel, of the record in a JSON array.
    text (str): The text.
    id (Optional[str]): Its id; None without a column of ids.
    """

    line: int
    text: str
    id: str | None = None


def read_texts(
    path: Path,
    options: Options | None = None,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
) -> Iterator[Text]:
    """Yield the texts of a file, or of the files of a folder, without empty ones.

    options (Optional[Options]): Such as `encoding`, `sep`, `sheet` and `member`.
    text_column (Optional[str]): Column, or key of JSON records; None to detect it.
    id_column (Optional[str]): Column, or key of JSON records.
    RAISES UserError: If a file cannot be read, or has no such column.
    """
    options = options or Options()
    for content in read_contents([path], member=options.member):
        if content.raw.startswith(ZIP):
            yield from _from_table(make_sheet(content, options), text_column, id_column)
            continue
        content = decode(content, options)
        start = content.text.lstrip()
        if start.startswith(("[", "{")):
            yield from _from_records(content, text_column, id_column)
        elif _has_column(content, options, text_column):
            table, _ = make_table(content, options)
            yield from _from_table(table, text_column, id_column)
        else:
            for line, text in enumerate(content.text.split("\n"), 1):
                if text.strip():
                    yield Text(line, text.strip())


def _has_column(content: Content, options: Options, text_column: str | None) -> bool:
    """Return whether the first line is a header with the column of texts."""
    lines = sample_lines(content.text)
    separator = options.sep or find_separator(lines)
    names = [name.strip('" ') for name in lines[0].split(separator)]
    return bool(text_column) or (len(names) > 1 and best_name("word", names) is not None)


def _from_table(table: Table, text_column: str | None, id_column: str | None) -> Iterator[Text]:
    name = text_column or best_name("word", table.names)
    for column in filter(None, [name or "text", id_column]):
        if column not in table.names:
            raise UserError(
                f"{table.name}: there is no column {column!r}. Columns: {', '.join(table.names)}. "
                "Say which one has the texts: --text-column NAME"
            )
    ids = table[id_column] if id_column else [None] * len(table.lines)
    for line, text, text_id in zip(table.lines, table[str(name)], ids, strict=True):
        if text:
            yield Text(line, text, text_id)


def _from_records(
    content: Content, text_column: str | None, id_column: str | None
) -> Iterator[Text]:
    key = text_column or "text"
    for line, record in _records(content):
        if isinstance(record, str):
            record = {key: record}
        text = record.get(key) if isinstance(record, dict) else None
        if not isinstance(text, str):
            raise UserError(
                f"{content.name}, line {line}: expected a record with a text as {key!r}. Say which "
                "key has the texts: --text-column NAME"
            )
        if text.strip():
            yield Text(line, text, str(record[id_column]) if id_column in record else None)


def _records(content: Content) -> Iterator[tuple[int, Any]]:
    """Yield the records of a JSON array or of JSON Lines."""
    is_array = content.text.lstrip().startswith("[")
    values = [content.text] if is_array else content.text.split("\n")
    for line, value in enumerate(values, 1):
        if not value.strip():
            continue
        try:
            record = json.loads(value)
        except (json.JSONDecodeError, RecursionError) as error:
            raise UserError(
                f"{content.name}, line {line}: expected a record such as "
                f'{{"text": "…"}}, or an array of these, but it is not JSON ({error}).'
            ) from error
        yield from enumerate(record, 1) if is_array else [(line, record)]
