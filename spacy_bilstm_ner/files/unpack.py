"""Read the bytes of files, folders, zips and gzip files."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from ..errors import UserError
from .records import Content

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
SUFFIXES = (
    ".csv .tsv .tab .txt .conll .conll2002 .conll2003 .conllu .conllup .iob .bio .bioes .ner .ann "
    ".json .jsonl .ndjson .spacy .xlsx .parquet .gz .zip"
)


def read_contents(paths: Iterable[Path], *, member: str | None = None) -> Iterator[Content]:
    """Yield the files, and the labelled files of the folders, sorted by name.

    member (Optional[str]): Name of the file to read in a zip that has several.
    RAISES UserError: If a path does not exist, is not a file or a folder, or is damaged.
    """
    for path in paths:
        if not path.is_dir():
            yield read_content(path, member)
            continue
        files = sorted(file for file in path.iterdir() if file.is_file() and _is_data(file.name))
        if not files:
            raise UserError(
                f"{path} is a folder without labelled files, whose names end in {SUFFIXES}. "
                "Subfolders are not read."
            )
        for file in files:
            # In brat's folders, the text of x.ann is x.txt.
            if file.suffix != ".txt" or not file.with_suffix(".ann").exists():
                yield read_content(file, member)


def read_content(path: Path, member: str | None = None) -> Content:
    """Read one file and unpack it."""
    if not path.is_file():
        raise UserError(f"{path} is missing or not a file: give the path of a labelled file.")
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    name, raw = _unpack(packed, str(path), member)
    return Content(name, path, raw)


def _unpack(packed: bytes, name: str, member: str | None) -> tuple[str, bytes]:
    """Return the name and the bytes of an unpacked file. Excel files stay packed."""
    try:
        if packed.startswith(GZIP):
            return name, gzip.decompress(packed)
        if packed.startswith(ZIP):
            archive = zipfile.ZipFile(io.BytesIO(packed))
            # An Excel file is a zip as well.
            if "xl/workbook.xml" not in archive.namelist():
                chosen = _choose(archive.namelist(), name, member)
                return f"{name} ({chosen})", archive.read(chosen)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{name} cannot be unpacked ({error}): pack it again, or give the file itself."
        ) from error
    return name, packed


def _choose(members: list[str], name: str, member: str | None) -> str:
    """Return the name of the file to read in a zip: the one chosen, or the only labelled file."""
    if member in members:
        return str(member)
    labelled = list(filter(_is_data, members))
    if len(labelled) == 1 and member is None:
        return labelled[0]
    raise UserError(
        f"{name}: expected a zip with one labelled file, but it has "
        f"{', '.join(labelled or members)}. Say which one to read: --member NAME"
    )


def _is_data(name: str) -> bool:
    """Return whether a file can be a labelled file. Hidden files and those of macOS are not."""
    path = PurePosixPath(name)
    is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in SUFFIXES.split() and not is_hidden
