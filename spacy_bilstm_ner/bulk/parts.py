"""Every file is cut into parts of about a million words. A part becomes one file of results."""

import csv
import gc
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import srsly
from spacy.training.batchers import minibatch_by_words

from ..errors import UserError
from ..system.whole import whole_file
from .annotator import Annotator, values

PART_BYTES = 6_000_000  # about a million English words
MAX_LINE = 2**28  # characters: a small .gz can hold a line of any length
KINDS = (".parquet", ".jsonl", ".csv", ".tsv", ".txt")
STDIN = "-"
Counts = tuple[Counter[str], Counter[str]]  # texts, words and errors; entities of each label
Row = tuple[Any, Any]  # the text, or what stands in its place; the id


@dataclass(frozen=True)
class Part:
    """Some rows of a file: of Parquet where to find them, of anything else the rows themselves."""

    name: str  # of the output file, without its ending
    file: str
    row: int  # the number of the first row in the file, from 0
    size: int  # bytes of the file that it takes up, about
    place: tuple[int, int, int] = (
        0,
        0,
        0,
    )  # Parquet's row group, the first row in it, the number of rows
    rows: tuple[Row, ...] = ()


def find_files(inputs: Iterable[str]) -> list[str]:
    """All input files, those of a folder in alphabetical order. RAISES UserError: There is no such file."""
    files: list[str] = []
    for given in inputs:
        path = Path(given).resolve()
        inside = sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []
        readable = [
            str(file) for file in inside if _kind(file.name) in KINDS and file.name[0] not in "_."
        ]
        if not readable and given != STDIN:
            raise UserError(
                f"{given}: expected a file or folder of {', '.join(KINDS)} (.gz too), or - for lines"
            )
        files += readable or [STDIN]
    return list(dict.fromkeys(files))


def parts_of(file: str, text: str, id_column: str | None) -> Iterator[Part]:
    """Cut a file, or standard input, into parts, always the same ones.

    RAISES UserError: The file lacks the column with texts or with ids, or is damaged.
    """
    name = f"{Path(file).name.split('.')[0]}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"
    places = (_of_parquet if _kind(file) == ".parquet" else _of_text)(file, text, id_column)
    try:
        for number, place in enumerate(places):
            yield Part(f"{name}-{number:05d}", file, **place)
    except (pa.ArrowInvalid, gzip.BadGzipFile, zlib.error, EOFError, csv.Error) as error:
        raise UserError(f"{file} is damaged: {error}") from error


def annotate_part(
    part: Part, annotator: Annotator, out: Path, ending: str, key: pa.Field | None
) -> Counts:
    """Annotate a part. Its file gets its name when it is whole. Without a `key`, rows have their file and number."""
    annotator.load()
    if not gc.get_freeze_count():
        gc.freeze()  # Python's garbage collector need not walk through the pipeline again and again: 8 % faster
    texts, ids = _read(part, annotator.text, key and key.name)
    entities, errors, n_words = annotator.columns(texts)
    rows = pa.array(range(part.row, part.row + len(texts)), pa.int64())
    names = (
        {key.name: ids.cast(key.type)}
        if key
        else {"file": pa.repeat(part.file, len(texts)), "row": rows}
    )
    table = pa.table({**names, annotator.into: entities, annotator.errors: errors})
    with whole_file(out / f"{part.name}.{ending}") as file:
        if ending == "parquet":
            pq.write_table(table, file)
        else:
            for row in table.to_pylist():
                file.write(srsly.json_dumps(row).encode() + b"\n")
    numbers = Counter(
        {"texts": len(texts), "words": n_words, "errors": len(texts) - errors.null_count}
    )
    return numbers, Counter(entities.flatten().field("label").to_pylist())


def is_whole(path: Path) -> bool:
    """Whether a file of results has its end: a disk or a machine that failed may have cut it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return file.read().endswith(b"PAR1" if path.suffix == ".parquet" else b"\n")


def _read(
    part: Part, text: str, id_column: str | None
) -> tuple[list[Any], pa.Array | pa.ChunkedArray]:
    if part.rows:
        texts, ids = zip(*part.rows, strict=True)
        encoded = [
            None if value is None else str(value).encode(errors="backslashreplace") for value in ids
        ]
        return list(texts), pa.array(encoded, pa.binary()).cast(pa.string())
    group, start, n_rows = part.place
    table = (
        pq.ParquetFile(part.file)
        .read_row_group(group, columns=[text, id_column or text])
        .slice(start, n_rows)
    )
    return list(chain.from_iterable(map(values, table[text].chunks))), table[id_column or text]


def _kind(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix.lower()


def _check_columns(file: str, names: list[str], *wanted: str | None) -> None:
    if missing := [name for name in wanted if name is not None and name not in names]:
        raise UserError(f"{file}: there is no column {missing[0]!r}, but {', '.join(names)}")


def _of_parquet(file: str, text: str, id_column: str | None) -> Iterator[dict[str, Any]]:
    metadata = pq.read_metadata(file)
    _check_columns(file, metadata.schema.to_arrow_schema().names, text, id_column)
    first, n_bytes = 0, Path(file).stat().st_size
    for group in range(metadata.num_row_groups):
        about = metadata.row_group(group)
        columns = map(about.column, range(about.num_columns))
        size = sum(
            column.total_uncompressed_size for column in columns if column.path_in_schema == text
        )
        step = -(-about.num_rows // (size // PART_BYTES + 1)) or 1
        for start in range(0, about.num_rows, step):
            n = min(step, about.num_rows - start)
            yield {
                "row": first + start,
                "size": n_bytes * n // metadata.num_rows,
                "place": (group, start, n),
            }
        first += about.num_rows


def _of_text(file: str, text: str, id_column: str | None) -> Iterator[dict[str, Any]]:
    with open(0 if file == STDIN else file, "rb", closefd=file != STDIN) as raw:
        plain: Any = gzip.GzipFile(fileobj=raw) if file.endswith(".gz") else raw
        lines = io.TextIOWrapper(plain, "utf-8-sig", "surrogateescape", "\n")
        first = read = 0
        rows = _rows(_bounded(lines, file), file, text, id_column)
        # A row counts for a part at most: a larger one would overtake those before it.
        batches = minibatch_by_words(
            rows, PART_BYTES, 0, get_length=lambda row: min(PART_BYTES, len(str(row[0])) + 1)
        )
        for batch in batches:
            here = raw.tell() if raw.seekable() else 0
            yield {"row": first, "size": here - read, "rows": tuple(batch)}
            first, read = first + len(batch), here


def _bounded(lines: io.TextIOWrapper, file: str) -> Iterator[str]:
    """The lines, none of which fills the memory."""
    while line := lines.readline(MAX_LINE):
        if len(line) == MAX_LINE and line[-1] != "\n":
            raise UserError(
                f"{file} has a line of more than {MAX_LINE:,} characters: divide it into several texts"
            )
        yield line


def _rows(lines: Iterable[str], file: str, text: str, id_column: str | None) -> Iterator[Row]:
    kind = _kind(file)
    if kind == ".txt" or file == STDIN:
        yield from ((line.rstrip("\r\n"), None) for line in lines)
    elif kind == ".jsonl":
        for line in lines:
            try:
                row = json.loads(line)
                yield row.get(text), row.get(id_column)
            except (ValueError, AttributeError, RecursionError):
                yield ValueError("The line is no JSON object"), None
    else:
        csv.field_size_limit(2**31 - 1)
        records = csv.DictReader(lines, delimiter="," if kind == ".csv" else "\t")
        _check_columns(file, list(records.fieldnames or []), text, id_column)
        yield from ((record[text], record.get(id_column or "")) for record in records)
