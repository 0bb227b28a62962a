"""What the corpus was made from: the small `source.json` on which every later step depends."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.cli import UserError

KINDS = ("real", "sample", "own")


@dataclass(frozen=True)
class Source:
    """Where the labelled data comes from.

    kind (str): "real" (the GMB corpus), "sample" (the bundled sentences) or "own" (the user's CSV).
    name (str): What to call the data in the model's meta, the metrics and the report.
    path (str): The CSV file, or the zip file that holds it.
    sha256 (str): The checksum of the file at `path`.
    """

    kind: str
    name: str
    path: str
    sha256: str


def checksum(path: Path, *, algorithm: str = "sha256") -> str:
    """Hash a file.

    path (Path): The file.
    algorithm (str): Any name that hashlib knows.
    RETURNS (str): The digest in hexadecimal form.
    """
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def write_source(source: Source, path: Path) -> bool:
    """Write a source file, unless the one on disk says the same already.

    source (Source): What to write.
    path (Path): The source file.
    RETURNS (bool): Whether the file was written.
    """
    content = json.dumps(asdict(source), indent=2, ensure_ascii=False) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return True


def read_source(path: Path) -> Source:
    """Read a source file.

    path (Path): The source file.
    RETURNS (Source): Where the data comes from.
    RAISES UserError: if there is no such file.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: run `spacy project run data` first")
    return Source(**json.loads(path.read_text(encoding="utf-8")))
