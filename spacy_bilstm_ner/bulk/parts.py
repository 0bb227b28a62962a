"""Every file is cut into parts of about a million words. A part becomes one output file."""

import csv
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow.parquet as pq

from ..errors import UserError
from .annotator import decoded, values

PART_BYTES = 6_000_000  # about a million English words
KINDS = (".parquet", ".jsonl", ".csv", ".tsv", ".txt")
STDIN = "-"
Rows = tuple[list[Any], list[Any]]  # each row's text, or what stands in its place; and its id


@dataclass(frozen=True)
class Part:
    """Some rows of a file: of Parquet where to find them, of anything else the rows themselves.

    name (str): Of the output file, without its ending.
    row (int): The number of the first row in the file, from 0.
    size (int): Bytes of the file that it takes up, about.
    place (tuple[int, int, int]): Parquet's row group, the first row in it, the number of rows.
    """

    name: str
    file: str
    row: int
    size: int
    place: tuple[int, int, int] = (0, 0, 0)
    rows: Rows | None = None


def kind_of(name: str) -> str | None:
    """RETURNS (str | None): The kind of an input file by its ending, `.gz` apart; None if it cannot be read."""
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    return ".txt" if name == STDIN else suffix if suffix in KINDS else None


def find_files(inputs: Iterable[str]) -> list[str]:
    """RETURNS (list[str]): All input files, those of a folder in alphabetical order.
    RAISES UserError: There is no such file, or it cannot be read.
    """
    files: list[str] = []
    for given in inputs:
        path = Path(given).resolve()
        inside = sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []
        readable = [str(file) for file in inside if kind_of(file.name) and file.name[0] not in "_."]
        if not readable and given != STDIN:
            raise UserError(f"{given}: expected a file or folder of {', '.join(KINDS)} (.gz too), or - for lines")
        files += readable or [STDIN]
    return list(dict.fromkeys(files))


def parts_of(file: str, text: str, id_column: str | None) -> Iterator[Part]:
    """The parts of a file, always the same ones.

    file (str): A path, or - for standard input.
    text (str): The column with the texts.
    id_column (str | None): The column with ids.
    YIELDS (Part): A part.
    RAISES UserError: The file has no such column.
    """
    name = f"{Path(file).name.split('.')[0]}-{hashlib.sha256(file.encode()).hexdigest()[:8]}-{{:05d}}"
    row = number = read = 0
    if kind_of(file) == ".parquet":
        places = list(_places(file, text, id_column))
        for number, place in enumerate(places):
            yield Part(name.format(number), file, row, Path(file).stat().st_size // len(places), place)
            row += place[2]
        return
    with nullcontext() if file == STDIN else open(file, "rb") as raw:
        zipped = raw and file.endswith(".gz")
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if zipped else raw or sys.stdin.buffer
        rows: Rows = ([], [])
        size = 0
        for value, key in _rows(stream, file, text, id_column):
            rows[0].append(value)
            rows[1].append(key)
            size += len(value) if isinstance(value, str | bytes) else 0
            if size >= PART_BYTES:
                yield Part(name.format(number), file, row, (raw.tell() if raw else 0) - read, rows=rows)
                number, row, read = number + 1, row + len(rows[0]), raw.tell() if raw else 0
                rows, size = ([], []), 0
        if rows[0]:
            yield Part(name.format(number), file, row, (raw.tell() if raw else 0) - read, rows=rows)


def read_part(part: Part, text: str, id_column: str | None) -> Rows:
    """RETURNS (Rows): A part's rows."""
    if part.rows is not None:
        return part.rows
    group, start, n_rows = part.place
    columns = [text, *([id_column] if id_column else [])]
    table = pq.ParquetFile(part.file).read_row_group(group, columns=columns).slice(start, n_rows)
    texts = [value for chunk in table[text].chunks for value in values(chunk)]
    return texts, table[id_column].to_pylist() if id_column else []


def _check_columns(file: str, names: list[str], *wanted: str | None) -> None:
    if missing := [name for name in wanted if name is not None and name not in names]:
        raise UserError(f"{file}: there is no column {missing[0]!r}, but {', '.join(names)}")


def _places(file: str, text: str, id_column: str | None) -> Iterator[tuple[int, int, int]]:
    metadata = pq.read_metadata(file)
    _check_columns(file, metadata.schema.to_arrow_schema().names, text, id_column)
    for group in range(metadata.num_row_groups):
        about, n_rows = metadata.row_group(group), metadata.row_group(group).num_rows
        columns = (about.column(index) for index in range(about.num_columns))
        size = sum(column.total_uncompressed_size for column in columns if column.path_in_schema == text)
        step = -(-n_rows // (size // PART_BYTES + 1)) or 1
        yield from ((group, start, min(step, n_rows - start)) for start in range(0, n_rows, step))


def _rows(stream: BinaryIO, file: str, text: str, id_column: str | None) -> Iterator[tuple[Any, Any]]:
    # One line or field that is not UTF-8 may not spoil the others: they are decoded one by one.
    kind = kind_of(file)
    lines = (line if number else line.removeprefix(b"\xef\xbb\xbf") for number, line in enumerate(stream))
    if kind == ".txt":
        yield from ((decoded(line.removesuffix(b"\n").removesuffix(b"\r")), None) for line in lines)
    elif kind == ".jsonl":
        for row in map(_json_object, lines):
            yield (row, None) if isinstance(row, ValueError) else (row.get(text), row.get(id_column))
    else:
        csv.field_size_limit(2**31 - 1)
        latin = (line.decode("latin-1") for line in lines)
        records = ([decoded(field.encode("latin-1")) for field in record]
                   for record in csv.reader(latin, delimiter="," if kind == ".csv" else "\t") if record)  # fmt: skip
        header = [str(name) for name in next(records, [])]
        _check_columns(file, header, text, id_column)
        for record in records:
            fields = dict(zip(header, record, strict=False))
            yield fields.get(text), fields.get(id_column or "")


def _json_object(line: bytes) -> dict[str | None, Any] | ValueError:
    try:
        row = json.loads(line)
    except ValueError as error:
        return ValueError(f"The line is no JSON: {error}")
    return row if isinstance(row, dict) else ValueError(f"The line is no JSON object, but {type(row).__name__}")
