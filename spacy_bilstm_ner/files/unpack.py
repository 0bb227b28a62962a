"""Paths → the bytes of each file, out of a folder, a zip, or a gz, bz2 or xz file."""

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..errors import UserError

# What a packed file may hold, in bytes: a small one can hold far more than any memory.
MAX_UNPACKED = 2**30
# So many names of a zip's members are told.
MAX_NAMES = 10
# A zip in a zip, say, and not much deeper: a zip may hold itself.
MAX_LAYERS = 4
ZIP = b"PK\x03\x04"
PACKED: dict[bytes, Any] = {
    ZIP: zipfile.ZipFile,
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
DATA_SUFFIXES = (
    ".csv .tsv .tab .txt .conll .conllu .iob .bio .bioes .ner .ann .json .jsonl .ndjson .spacy .xlsx .parquet"
    + " .gz .bz2 .xz .zip"
)


class Content(NamedTuple):
    """What one file holds, unpacked; its name for messages; and the checksum of the file as it was given."""

    path: Path
    name: str
    data: bytes
    sha256: str


def read_contents(paths: Iterable[Path], *, member: str | None = None) -> Iterator[Content]:
    """Read files, one at a time, and all files of folders, by name.

    member (Optional[str]): Which file of a zip to take, where it holds several.
    RAISES UserError: If there is no such file, or it is empty, damaged or too large.
    """
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(
                each for each in path.iterdir() if each.is_file() and _is_data(each.name)
            )
            if not found:
                what = "is a folder without labelled files: give one that holds CSV, CoNLL or JSON Lines."
                raise UserError(f"{path} {what}")
        for each in found:
            yield _read(each, member)


def _is_data(name: str) -> bool:
    path = PurePosixPath(name)
    # macOS packs a shadow file, `__MACOSX/._x.csv`, beside each file.
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in DATA_SUFFIXES.split() and not hidden


def _read(path: Path, member: str | None) -> Content:
    if not path.exists():
        raise UserError(f"{path} does not exist: give the path of a labelled file, such as a CSV.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    name, sha256 = str(path), hashlib.sha256(data).hexdigest()
    try:
        for _ in range(MAX_LAYERS):
            opens = next((opens for start, opens in PACKED.items() if data.startswith(start)), None)
            if opens is None:
                break
            with opens(io.BytesIO(data)) as packed:
                stream = packed
                if isinstance(packed, zipfile.ZipFile):
                    if "xl/workbook.xml" in packed.namelist():  # Excel, which stays as it is
                        check_size(sum(info.file_size for info in packed.infolist()), name)
                        break
                    found, member = _choose(packed.namelist(), name, member), None
                    name, stream = f"{name} ({found})", packed.open(found)
                data = stream.read(MAX_UNPACKED + 1)
            check_size(len(data), name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        raise UserError(
            f"{name} cannot be unpacked ({error}): pack it again, or give the file itself."
        ) from error
    if not data.strip():
        raise UserError(f"{name} is empty: expected labelled sentences.")
    return Content(path, name, data, sha256)


def _choose(members: list[str], name: str, member: str | None) -> str:
    """The one labelled file among those of a zip, or the one that was named"""
    found = [found for found in members if (found == member if member else _is_data(found))]
    if len(found) != 1:
        shown = found or members
        listed = ", ".join([*shown[:MAX_NAMES], *["…"] * (len(shown) > MAX_NAMES)]) or "nothing"
        what = f"expected a zip that holds one labelled file, but it holds {listed}"
        raise UserError(f"{name}: {what}. Say which one to read: --member NAME")
    return found[0]


def check_size(size: int, name: str) -> None:
    """RAISES UserError: If what a packed file holds takes so many bytes that it may be meant to fill the memory."""
    if size > MAX_UNPACKED:
        raise UserError(
            f"{name} takes more than {MAX_UNPACKED:,} bytes when it is unpacked: divide it; or if you trust it, give "
            f"it unpacked, as CSV or JSON Lines, for which there is no limit"
        )
