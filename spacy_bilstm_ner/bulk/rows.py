"""Read the texts of a file, row by row."""

import csv
import gzip
import io
import json
import sys
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UserError
from .annotator import column_values, text_error

STDIN = "-"
# Characters of a line. A small .gz file can hold a line of any length.
MAX_LINE = 2**28
# Rows of a file in which there must be a text.
N_CHECKED_ROWS = 1000
SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class InputOptions:
    """How to read the input.

    text_column (str): The column or key of the texts.
    id_column (str | None): The column or key of the ids.
    sep (str | None): The separator of CSV files; None to take it from the header.
    encoding (str | None): The encoding of text files; None for UTF-8, or UTF-16 with its mark.
    """

    text_column: str = "text"
    id_column: str | None = None
    sep: str | None = None
    encoding: str | None = None


class Row(NamedTuple):
    """A row of a file, numbered from 0. If it has no text, `text` is what it has, or an error."""

    file: str
    number: int
    text: Any
    id: Any


Cells = Iterator[tuple[Any, Any]]


def kind_of(file: str) -> str:
    """Return the ending of a file without `.gz`; ".txt" for standard input."""
    return ".txt" if file == STDIN else Path(file.removesuffix(".gz")).suffix.lower()


def find_files(inputs: Iterable[str]) -> list[str]:
    """Return all input files, those of a folder in alphabetical order.

    RAISES UserError: If there is no such file.
    """
    files: dict[str, None] = {}
    for name in inputs:
        path = Path(name).resolve()
        candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
        readable = list(filter(_is_readable, candidates))
        if name == STDIN:
            files[STDIN] = None
        elif not readable:
            raise UserError(
                f"{name}: expected a file or folder of {', '.join(READERS)} (.gz too), "
                "or - for lines of standard input"
            )
        files |= dict.fromkeys(map(str, readable))
    return list(files)


def _is_readable(path: Path) -> bool:
    return kind_of(path.name) in READERS and path.name[0] not in "_." and path.is_file()


def open_input(file: str) -> BinaryIO:
    """Open a file, or standard input. RAISES UserError: If it cannot be opened."""
    if file == STDIN and sys.stdin is None:
        raise UserError("standard input is closed: give a file")
    try:
        return open(0 if file == STDIN else file, "rb", closefd=file != STDIN)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error


def read_rows(file: str, options: InputOptions, raw: BinaryIO) -> Iterator[Row]:
    """Yield the rows of a file.

    raw (BinaryIO): The open file. Its position shows how much has been read.
    RAISES UserError: If the file is damaged, lacks a column, or has no text in its first rows.
    """
    try:
        cells = READERS[kind_of(file)](file, options, raw)
        first_cells = list(islice(cells, N_CHECKED_ROWS))
        _check_texts(file, first_cells)
        for number, (text, row_id) in enumerate(chain(first_cells, cells)):
            yield Row(file, number, text, row_id)
    except LookupError as error:
        raise UserError(f"--encoding: {error}") from error
    except UnicodeError as error:
        raise UserError(f"{file}: {error}. Give its encoding with --encoding") from error
    except (pa.ArrowInvalid, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(f"{file} is damaged: {error}") from error


def _check_texts(file: str, cells: list[tuple[Any, Any]]) -> None:
    for text, _ in cells:
        if text_error(text, sys.maxsize) is None:
            return
    if cells:
        problem = text_error(cells[0][0], sys.maxsize)
        raise UserError(
            f"{file} has no text in its first {len(cells)} rows. First row: {problem}. Name the "
            "column of texts with --text-column, or the encoding with --encoding"
        )


def check_columns(file: str, names: list[str], options: InputOptions) -> None:
    """Check the columns of a file.

    RAISES UserError: If it lacks the column of texts or of ids.
    """
    for name in filter(None, (options.text_column, options.id_column)):
        if name not in names:
            raise UserError(f"{file}: there is no column {name!r}, but {', '.join(names)}")


def _open_lines(file: str, raw: BinaryIO, options: InputOptions) -> Iterator[str]:
    """Yield the lines of a file, none of which fills the memory."""
    plain: Any = gzip.GzipFile(fileobj=raw) if file.endswith(".gz") else raw
    has_utf16_mark = plain.peek(2)[:2] in (BOM_UTF16_BE, BOM_UTF16_LE)
    encoding = options.encoding or ("utf-16" if has_utf16_mark else "utf-8-sig")
    lines = io.TextIOWrapper(plain, encoding, "surrogateescape", newline="\n")
    while line := lines.readline(MAX_LINE):
        if len(line) == MAX_LINE and line[-1] != "\n":
            raise UserError(
                f"{file} has a line of more than {MAX_LINE:,} characters: divide the text"
            )
        yield line
    # The caller closes the file.
    lines.detach()


def _read_lines(file: str, options: InputOptions, raw: BinaryIO) -> Cells:
    for line in _open_lines(file, raw, options):
        yield line.rstrip("\r\n"), None


def _read_delimited(file: str, options: InputOptions, raw: BinaryIO) -> Cells:
    lines = _open_lines(file, raw, options)
    header_line = next(lines, "")
    separator = options.sep or max(SEPARATORS, key=header_line.count)
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(chain([header_line], lines), delimiter=separator, strict=True)
    line = 1
    try:
        header = next(reader, [])
        check_columns(file, header, options)
        line = reader.line_num + 1
        for fields in reader:
            text, row_id = _cells(dict(zip(header, fields, strict=False)), options)
            if len(fields) == len(header):
                yield text, row_id
            elif fields:
                widths = f"{len(fields)}, not {len(header)}"
                problem = "The row has another number of fields than the header"
                yield ValueError(f"{problem}: {widths}"), row_id
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{file}, line {line}: {error}. Close or double the quotes of this row"
        ) from error


def _read_json(file: str, options: InputOptions, raw: BinaryIO) -> Cells:
    """Read JSON Lines, or one array of objects."""
    lines = _open_lines(file, raw, options)
    first_line = next(lines, "")
    lines = chain([first_line], lines)
    if first_line.lstrip().startswith("["):
        yield from _read_json_array(file, options, "".join(lines))
    else:
        for line in lines:
            yield _cells(_parse(line), options)


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _read_json_array(file: str, options: InputOptions, content: str) -> Cells:
    try:
        records = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is no array of JSON objects: {error}") from error
    for record in records:
        yield _cells(record, options)


def _read_excel(file: str, options: InputOptions, raw: BinaryIO) -> Cells:
    import pandas

    sheets = pandas.read_excel(
        raw, sheet_name=None, dtype=object, na_filter=False, engine="calamine"
    )
    filled = [name for name, sheet in sheets.items() if len(sheet)]
    if len(filled) > 1:
        raise UserError(f"{file} has several sheets, {', '.join(filled)}: save one of them as CSV")
    for name in filled:
        check_columns(file, list(map(str, sheets[name].columns)), options)
        for record in sheets[name].to_dict("records"):
            yield _cells(record, options)


def _read_parquet(file: str, options: InputOptions, raw: BinaryIO) -> Cells:
    parquet = pq.ParquetFile(file)
    check_columns(file, parquet.schema_arrow.names, options)
    names = [options.text_column, options.id_column or options.text_column]
    n_bytes, n_rows = Path(file).stat().st_size, 0
    for batch in parquet.iter_batches(N_CHECKED_ROWS, columns=list(set(names))):
        texts, ids = (column_values(batch.column(name)) for name in names)
        n_rows += len(texts)
        # The position of the open file shows how much has been read.
        raw.seek(n_bytes * n_rows // parquet.metadata.num_rows)
        yield from zip(texts, ids, strict=True)


def _cells(record: Any, options: InputOptions) -> tuple[Any, Any]:
    if not isinstance(record, dict):
        return ValueError("The line is no JSON object"), None
    row_id = record.get(options.id_column) if options.id_column else None
    return record.get(options.text_column), row_id


READERS: dict[str, Callable[[str, InputOptions, BinaryIO], Cells]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_json,
    ".json": _read_json,
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_lines,
    ".xlsx": _read_excel,
}
