"""Every file is cut into parts of about a million words. A part becomes one output file."""

import csv
import gzip
import hashlib
import io
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
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Part:
    """Some rows of a file.

    name (str): Of the output file, without its ending.
    place (tuple[int, int, int]): Parquet: row group, first row in it, number of rows. Else: offset, bytes, 0.
    row (int): The number of the first row in the file, from 0.
    size (int): Bytes of the file that it takes up.
    header (tuple[str, ...]): The columns of a CSV file.
    block (bytes | None): The lines themselves, where a worker cannot seek them.
    """

    name: str
    file: str
    place: tuple[int, int, int]
    row: int
    size: int
    header: tuple[str, ...] = ()
    block: bytes | None = None


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
        found = sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []
        readable = [str(file) for file in found if kind_of(file.name) and not file.name.startswith(("_", "."))]
        if not readable and given != STDIN:
            raise UserError(f"{given}: expected a file or folder of {', '.join(KINDS)} (.gz too), or - for lines")
        files += readable or [STDIN]
    return list(dict.fromkeys(files))


def check_columns(file: str, names: Iterable[str], wanted: Iterable[str | None]) -> None:
    """RAISES UserError: A wanted column is not among a file's names."""
    for name in wanted:
        if name is not None and name not in names:
            raise UserError(f"{file}: there is no column {name!r}, but {', '.join(names)}")


def parts_of(file: str, text: str, id_column: str | None) -> Iterator[Part]:
    """The parts of a file, always the same ones.

    file (str): A path, or - for standard input.
    text (str): The column with the texts.
    id_column (str | None): The column with ids.
    YIELDS (Part): A part.
    """
    name = f"{Path(file).name.split('.')[0]}-{hashlib.sha256(file.encode()).hexdigest()[:8]}-{{:05d}}"
    if kind_of(file) == ".parquet":
        places = list(_parquet_places(file, text, id_column))
        for number, (place, row) in enumerate(places):
            yield Part(name.format(number), file, place, row, Path(file).stat().st_size // len(places))
        return
    is_gzip = file.endswith(".gz")
    with nullcontext() if file == STDIN else open(file, "rb") as raw:
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_gzip else raw or sys.stdin.buffer
        is_csv = kind_of(file) in (".csv", ".tsv")
        line = stream.readline() if is_csv else b""
        header = tuple(map(str, map(_text, next(_records([line.removeprefix(BOM)], file), []))))
        if is_csv:
            check_columns(file, header, (text, id_column))
        offset, row, read = len(line), 0, 0
        for number, (block, n_rows) in enumerate(_csv_blocks(stream, file) if is_csv else _line_blocks(stream)):
            handed_on = block if is_gzip or file == STDIN else None
            size = raw.tell() - read if raw else 0
            yield Part(name.format(number), file, (offset, len(block), 0), row, size, header, handed_on)
            offset, row, read = offset + len(block), row + n_rows, read + size


def read_part(part: Part, text: str, id_column: str | None) -> tuple[list[Any], list[Any]]:
    """RETURNS (tuple[list[Any], list[Any]]): Each row's text, or what stands in its place; and its id."""
    kind, (first, second, third) = kind_of(part.file), part.place
    if kind == ".parquet":
        columns = [text, *([id_column] if id_column else [])]
        table = pq.ParquetFile(part.file).read_row_group(first, columns=columns).slice(second, third)
        texts = [value for chunk in table[text].chunks for value in values(chunk)]
        return texts, table[id_column].to_pylist() if id_column else []
    block = part.block
    if block is None:
        with open(part.file, "rb") as stream:
            stream.seek(first)
            block = stream.read(second)
    if kind in (".csv", ".tsv"):
        records = _records(io.BytesIO(block), part.file)
        rows: list[Any] = [dict(zip(part.header, map(_text, record), strict=False)) for record in records]
    else:
        lines = block.removeprefix(b"" if part.row else BOM).removesuffix(b"\n").split(b"\n")
        if kind == ".txt":
            return [decoded(line.removesuffix(b"\r")) for line in lines], []
        rows = [_json_object(line) for line in lines]
    texts = [row.get(text) if isinstance(row, dict) else row for row in rows]
    return texts, [row.get(id_column) if isinstance(row, dict) else None for row in rows]


def _parquet_places(file: str, text: str, id_column: str | None) -> Iterator[tuple[tuple[int, int, int], int]]:
    metadata = pq.read_metadata(file)
    check_columns(file, metadata.schema.to_arrow_schema().names, (text, id_column))
    row = 0
    for group in range(metadata.num_row_groups):
        about, n_rows = metadata.row_group(group), metadata.row_group(group).num_rows
        columns = (about.column(index) for index in range(about.num_columns))
        size = sum(column.total_uncompressed_size for column in columns if column.path_in_schema == text)
        step = -(-n_rows // (size // PART_BYTES + 1)) or 1
        for start in range(0, n_rows, step):
            yield (group, start, min(step, n_rows - start)), row + start
        row += n_rows


def _line_blocks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    while block := stream.read(PART_BYTES) + stream.readline():
        yield block, block.count(b"\n") + (not block.endswith(b"\n"))


def _csv_blocks(stream: BinaryIO, file: str) -> Iterator[tuple[bytes, int]]:
    # A quoted field may have line breaks: only reading it tells where a row ends.
    taken, n_rows = io.BytesIO(), 0
    for _ in _records((line for line in stream if taken.write(line)), file):
        n_rows += 1
        if taken.tell() >= PART_BYTES:
            yield taken.getvalue(), n_rows
            taken.seek(0)
            taken.truncate()
            n_rows = 0
    if n_rows:
        yield taken.getvalue(), n_rows


def _records(lines: Iterable[bytes], file: str) -> Iterator[list[str]]:
    # As latin-1 every byte is a character, so that one field that is not UTF-8 spoils no other.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader((line.decode("latin-1") for line in lines), delimiter="\t" if ".tsv" in file else ",")
    return (record for record in reader if record)


def _text(field: str) -> str | bytes:
    return decoded(field.encode("latin-1"))


def _json_object(line: bytes) -> dict[str, Any] | ValueError:
    try:
        row = json.loads(line)
    except ValueError as error:
        return ValueError(f"The line is no JSON: {error}")
    return row if isinstance(row, dict) else ValueError(f"The line is no JSON object, but {type(row).__name__}")
