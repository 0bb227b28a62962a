"""Cut inputs into parts of about a million words. The results of a part are one file."""

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import srsly
from spacy.training.batchers import minibatch_by_words

from ..system.whole import whole_file
from .annotator import Annotator, outcome_columns
from .rows import InputOptions, Row, open_input, read_rows
from .summary import Summary, summarize

# About a million English words
PART_BYTES = 6_000_000

# A file's size in bytes and the time of its last change
Stamp = list[int]
Stamps = Mapping[str, Stamp]


@dataclass(frozen=True)
class Part:
    """Some rows of the input.

    name (str): The name of the file of results, without its ending.
    rows (tuple[Row, ...]): The rows.
    size (int): About the number of bytes of the input.
    """

    name: str
    rows: tuple[Row, ...]
    size: int


def make_shares(stamps: Stamps) -> dict[str, dict[str, Stamp]]:
    """Divide files into shares. A large file is a share, and so are many small files.

    RETURNS (dict): For the name of each share, its files with their stamps.
    """
    shares: list[dict[str, Stamp]] = []
    n_free_bytes = 0
    for file, stamp in stamps.items():
        if not shares or stamp[0] > n_free_bytes:
            shares.append({})
            n_free_bytes = PART_BYTES
        shares[-1][file] = stamp
        n_free_bytes -= stamp[0]
    return {_name_share(share): share for share in shares}


def _name_share(share: dict[str, Stamp]) -> str:
    stem = Path(next(iter(share))).name.split(".")[0]
    digest = sha256(json.dumps(share).encode()).hexdigest()
    return f"{stem}-{digest[:12]}"


def parts_of(name: str, share: Stamps, options: InputOptions) -> Iterator[Part]:
    """Cut the files of a share into parts, always in the same way.

    RAISES UserError: If a file lacks a column, has no texts, or is damaged.
    """
    files = _Files(share, options)
    n_bytes = 0
    # A longer text would overtake the texts before it.
    batches = minibatch_by_words(
        files, PART_BYTES, 0, get_length=lambda row: min(PART_BYTES, len(str(row.text)) + 1)
    )
    for number, rows in enumerate(batches):
        yield Part(f"{name}-{number:05d}", tuple(rows), files.n_bytes - n_bytes)
        n_bytes = files.n_bytes


class _Files:
    """The rows of some files, and the number of bytes that have been read."""

    def __init__(self, files: Stamps, options: InputOptions) -> None:
        self.files = files
        self.options = options
        self.n_bytes = 0

    def __iter__(self) -> Iterator[Row]:
        for file in self.files:
            n_bytes = self.n_bytes
            with open_input(file) as raw:
                for row in read_rows(file, self.options, raw):
                    if raw.seekable():
                        self.n_bytes = n_bytes + raw.tell()
                    yield row


def annotate_part(
    part: Part, annotator: Annotator, out: Path, ending: str, key: pa.Field | None
) -> Summary:
    """Annotate a part and write its results.

    ending (str): "parquet" or "jsonl".
    key (pa.Field | None): The column of ids. Without one, rows have their file and number.
    """
    annotator.load()
    # The garbage collector then skips the pipeline. That is 8 % faster.
    if not gc.get_freeze_count():
        gc.freeze()
    rows = part.rows
    outcomes = annotator.annotate([row.text for row in rows])
    columns = {}
    if key:
        columns[key.name] = _make_ids(rows, key.type)
    else:
        columns["file"] = pa.array([row.file for row in rows], pa.string())
        columns["row"] = pa.array([row.number for row in rows], pa.int64())
    columns[annotator.into], columns[annotator.errors] = outcome_columns(outcomes)
    write_table(pa.table(columns), out / f"{part.name}.{ending}")
    return summarize(rows, outcomes)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet or JSON Lines, by the ending of the path."""
    with whole_file(path) as file:
        if path.suffix == ".parquet":
            pq.write_table(table, file, write_page_checksum=True)
        else:
            for record in table.to_pylist():
                file.write(srsly.json_dumps(record).encode() + b"\n")


def is_whole(path: Path, n_rows: int) -> bool:
    """Return whether a file of results exists, can be read and has so many rows."""
    try:
        if path.suffix == ".parquet":
            parquet = pq.ParquetFile(path, page_checksum_verification=True)
            with closing(parquet):
                return parquet.metadata.num_rows == n_rows == parquet.read().num_rows
        with path.open(encoding="utf-8") as lines:
            return sum(json.loads(line).keys() != set() for line in lines) == n_rows
    # Readers raise errors of many types for damaged files.
    except Exception:
        return False


def _make_ids(rows: tuple[Row, ...], id_type: pa.DataType) -> pa.Array:
    ids = [row.id for row in rows]
    if id_type == pa.string():
        ids = [_id_text(row_id) for row_id in ids]
    return pa.array(ids, id_type)


def _id_text(row_id: Any) -> str | None:
    if row_id is None:
        return None
    return str(row_id).encode(errors="backslashreplace").decode()
