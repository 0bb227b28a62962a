"""Read the bytes of files, folders, zips and gzip files."""

import gzip
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import UserError
from .records import Content

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
SUFFIXES = (
    ".csv .tsv .tab .txt .conll .conll2002 .conll2003 .conllu .conllup .iob .iob2 .bio .bioes "
    ".bmes .biluo .ner .ann .json .jsonl .ndjson .spacy .xlsx .parquet .gz .zip"
)


def read_contents(source: Any, member: str | None) -> Iterator[Content]:
    """Yield a file or data frame, or the labelled files of a folder, sorted by name.

    source (Union[str, Path, pandas.DataFrame]): A file, a folder, or a table.
    member (Optional[str]): Name of the file to read in a zip that has several.
    RAISES UserError: If a path does not exist, is not a file or a folder, or is damaged.
    """
    if hasattr(source, "itertuples"):
        yield Content("DataFrame", Path("DataFrame"), source)
        return
    path = Path(source)
    if not path.is_dir():
        yield read_content(path, member)
        return
    files = [file for file in sorted(path.iterdir()) if _is_data(file.name)]
    if not files:
        raise UserError(
            f"{path} is a folder without labelled files, whose names end in {SUFFIXES}. "
            "Subfolders are not read."
        )
    # In brat's folders, the text of x.ann is x.txt.
    annotated = {file.with_suffix(".txt") for file in files if file.suffix == ".ann"}
    for file in files:
        if not annotated or file.suffix != ".txt":
            yield read_content(file, member)
        elif file not in annotated:
            warnings.warn(f"{file} has no .ann file, so it is not read", stacklevel=2)


def read_content(path: Path, member: str | None) -> Content:
    """Read one file and unpack it. Excel files, which are zips as well, stay packed."""
    if not path.is_file():
        raise UserError(f"{path} is missing or not a file: give the path of a labelled file.")
    try:
        raw = path.read_bytes()
        if raw.startswith(GZIP):
            raw = gzip.decompress(raw)
        archive = zipfile.ZipFile(io.BytesIO(raw)) if raw.startswith(ZIP) else None
        if archive is None or "xl/workbook.xml" in archive.namelist():
            return Content(str(path), path, raw)
        names = list(filter(_is_data, archive.namelist())) or archive.namelist()
        chosen = [name for name in names if member in (None, name)]
        if len(chosen) == 1:
            return Content(f"{path} ({chosen[0]})", path, archive.read(chosen[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{path} cannot be unpacked or read ({error}): pack it again, or give the file itself."
        ) from error
    raise UserError(
        f"{path}: say which of its files is to be read, as in --member NAME. If it has brat "
        f"files, unpack it and give the folder. Files: {', '.join(names):.1000}"
    )


def _is_data(name: str) -> bool:
    """Return whether a file can be a labelled file. Hidden files and those of macOS are not."""
    path = PurePosixPath(name)
    is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in SUFFIXES.split() and not is_hidden
