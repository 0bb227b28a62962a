"""Read unlabelled texts row by row: Parquet, JSON, CSV, Excel, or a text on each line."""

import csv
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UserError
from .delimited import SEPARATORS
from .encoding import detect
from .options import parse_separator

# Number of rows at the start of a file that are checked. If none has a text, the file is refused.
N_CHECKED_ROWS = 1000
# The encoding of a file is detected from this many bytes.
N_SAMPLE_BYTES = 1_000_000
# The key under which `csv` stores fields beyond those of the header
EXTRA_FIELDS = "\0"


@dataclass(frozen=True)
class TextOptions:
    """How to read texts.

    text_column (str): The column or key of the texts.
    id_column (str | None): The column or key of the ids.
    sep (str | None): The separator of CSV files; None to take it from the header.
    encoding (str | None): The encoding of text files; None to detect it.
    """

    text_column: str = "text"
    id_column: str | None = None
    sep: str | None = None
    encoding: str | None = None


class Row(NamedTuple):
    """A row of a file, numbered from 0. `text` is an error if the row cannot be read."""

    file: str
    number: int
    text: Any
    id: Any


# Records as the readers return them. A record that is not a dict is an error.
Records = Iterator[Any]


def kind_of(file: str) -> str:
    """Return the suffix of a file name, without `.gz`."""
    return Path(file.removesuffix(".gz")).suffix.lower()


def find_files(inputs: Iterable[str]) -> list[str]:
    """Return all files with texts, those of a folder in alphabetical order.

    Files whose names begin with _ or a dot are left out.

    inputs (Iterable[str]): Files and folders.
    RAISES UserError: If an input has no file that can be read.
    """
    files: list[str] = []
    for name in inputs:
        path = Path(name).resolve()
        candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
        readable = list(filter(_is_readable, candidates))
        if not readable:
            raise UserError(
                f"{name} is missing, or not a file or folder of {', '.join(READERS)} (text "
                "files also as .gz). Files whose names begin with _ or a dot are not read"
            )
        files += map(str, readable)
    return list(dict.fromkeys(files))


def _is_readable(path: Path) -> bool:
    return kind_of(path.name) in READERS and path.name[0] not in "_." and path.is_file()


def read_rows(file: str, options: TextOptions) -> Iterator[Row]:
    """Yield the rows of a file, whose name ends in one of the keys of READERS.

    RAISES UserError: If the file is damaged, lacks a column, or has no text in its first rows.
    """
    try:
        records = READERS[kind_of(file)](file, options)
        rows = (_make_row(file, number, record, options) for number, record in enumerate(records))
        first_rows = list(islice(rows, N_CHECKED_ROWS))
        problems = [text_error(row.text, sys.maxsize) for row in first_rows]
        if first_rows and None not in problems:
            raise UserError(
                f"{file} has no text in its first {len(first_rows)} rows. First row: "
                f"{problems[0]}. Name another column with --text-column, or another --encoding"
            )
        yield from chain(first_rows, rows)
    except (UserError, ImportError, MemoryError):
        raise
    except Exception as error:  # each reader has its own errors for a damaged file
        raise UserError(
            f"{file} cannot be read: {error}. If it is not damaged, give another --encoding"
        ) from error


def _make_row(file: str, number: int, record: Any, options: TextOptions) -> Row:
    if not isinstance(record, dict):
        return Row(file, number, ValueError("The line is not a JSON object"), None)
    text = record.get(options.text_column)
    if EXTRA_FIELDS in record:
        text = ValueError("The row has more fields than the header")
    return Row(file, number, text, record.get(options.id_column))


def text_error(value: Any, max_length: int) -> str | None:
    """Return why a value cannot be annotated, or None. The kind of error is before the colon."""
    if value is None:
        return "The text is null"
    if isinstance(value, Exception):
        return str(value)
    if not isinstance(value, str):
        return f"The text is not a string: {type(value).__name__}"
    if len(value) > max_length:
        return f"The text is too long: {len(value)} characters, max_length is {max_length}"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "The text has invalid characters"
    return None


def check_columns(file: str, names: Iterable[Any], options: TextOptions) -> None:
    """Check the columns of a file.

    RAISES UserError: If it lacks the column of texts or of ids.
    """
    columns = list(map(str, names))
    for name in filter(None, (options.text_column, options.id_column)):
        if name not in columns:
            raise UserError(f"{file}: there is no column {name!r}. Columns: {', '.join(columns)}")


def _open_lines(file: str, options: TextOptions) -> Iterator[str]:
    """Yield the lines of a file. Bytes that do not fit the encoding become surrogates."""
    open_file: Any = gzip.open if file.endswith(".gz") else open
    encoding = options.encoding
    if encoding is None:
        with open_file(file, "rb") as sample:
            encoding = _detect_encoding(file, sample.read(N_SAMPLE_BYTES))
    with open_file(file, "rt", encoding=encoding, errors="surrogateescape", newline="\n") as lines:
        yield from lines


def _detect_encoding(file: str, sample: bytes) -> str:
    """Return the encoding of a file. If it cannot be detected, return UTF-8."""
    whole_lines = sample.rpartition(b"\n")[0] or sample
    try:
        return detect(file, whole_lines.replace(b"\0", b""))
    except (UserError, ImportError):  # `detect` needs more packages than annotate
        return "utf-8-sig"


def _read_lines(file: str, options: TextOptions) -> Records:
    for line in _open_lines(file, options):
        yield {options.text_column: line.rstrip("\r\n")}


def _read_delimited(file: str, options: TextOptions) -> Records:
    lines = _open_lines(file, options)
    header = next(lines, "")
    separator = parse_separator(options.sep) or max(SEPARATORS, key=header.count)
    csv.field_size_limit(2**31 - 1)
    reader = csv.DictReader(
        chain([header], lines), restkey=EXTRA_FIELDS, delimiter=separator, strict=True
    )
    line = 1
    try:
        check_columns(file, reader.fieldnames or (), options)
        line = reader.line_num + 1
        for record in reader:
            yield record
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{file}, line {line}: {error}. Close or double the quotes of this row"
        ) from error


def _read_json(file: str, options: TextOptions) -> Records:
    """Read JSON Lines, or one array of objects. Empty lines are skipped."""
    lines = _open_lines(file, options)
    first_line = next(filter(str.strip, lines), "")
    if first_line.lstrip().startswith("["):
        records = _parse(first_line + "".join(lines))
        return iter([None] if records is None else records)
    return map(_parse, filter(str.strip, chain([first_line], lines)))


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_excel(file: str, options: TextOptions) -> Records:
    import pandas

    sheets = pandas.read_excel(
        file, sheet_name=None, dtype=object, na_filter=False, engine="calamine"
    )
    for sheet in sheets.values():
        if len(sheet):
            check_columns(file, sheet.columns, options)
            yield from sheet.to_dict("records")


def _read_parquet(file: str, options: TextOptions) -> Records:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(file) as parquet:
        check_columns(file, parquet.schema_arrow.names, options)
        columns = list({options.text_column, options.id_column or options.text_column})
        for batch in parquet.iter_batches(N_CHECKED_ROWS, columns=columns):
            yield from batch.to_pylist()


READERS: dict[str, Callable[[str, TextOptions], Records]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_json,
    ".json": _read_json,
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_lines,
    ".xlsx": _read_excel,
}
