"""What goes into a model: the small files, `source.json` and `vectors.json`, on which later steps depend."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from spacy_bilstm_ner.errors import UserError

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


@dataclass(frozen=True)
class WordVectors:
    """The pipeline whose word vectors become part of the model.

    path (str): What a config takes: an installed package, or a folder.
    name (str): The pipeline's name and version.
    author (str): Its author.
    url (str): Its web page.
    license (str): Its licence, and that of its vectors if that is another.
    sha256 (str): The checksum of the file of vectors.
    """

    path: str
    name: str
    author: str
    url: str
    license: str
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
    return _write(asdict(source), path)


def write_vectors(vectors: WordVectors | None, path: Path) -> bool:
    """Write a vectors file, unless the one on disk says the same already.

    vectors (WordVectors | None): What to write; None for a model without vectors.
    path (Path): The vectors file.
    RETURNS (bool): Whether the file was written.
    """
    return _write(asdict(vectors) if vectors else {}, path)


def _write(values: dict[str, str], path: Path) -> bool:
    content = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
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


def read_vectors(path: Path) -> WordVectors | None:
    """Read a vectors file.

    path (Path): The vectors file.
    RETURNS (WordVectors | None): The vectors, or None for a model without.
    RAISES UserError: if there is no such file.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: run `spacy project run vectors` first")
    values = json.loads(path.read_text(encoding="utf-8"))
    return WordVectors(**values) if values else None
