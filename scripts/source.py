"""Read and write the files in corpus/NAME that say which data and vectors `data` has found."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import srsly

from spacy_bilstm_ner.system.whole import generated_file, save_json


@dataclass(frozen=True)
class Source:
    """Where the labelled data comes from.

    kind (str): "real" (the GMB corpus), "sample" (the bundled sentences) or "own" (the user's).
    name (str): The name in the pipeline's meta.json, the metrics and the report.
    path (str): The file, or the zip that contains it.
    sha256 (str): The checksum of all files.
    dev, test (str): The user's dev and test files, if any.
    """

    kind: str
    name: str
    path: str
    sha256: str
    dev: str = ""
    test: str = ""


@dataclass(frozen=True)
class WordVectors:
    """The word vectors for training. Without a path, there are none.

    path (str): The vectors for the config: an installed package, a folder or a file.
    name (str): The name and version of their pipeline.
    author, url, license (str): As in the meta.json of their pipeline.
    reason (str): Why there are no vectors.
    """

    path: str = ""
    name: str = ""
    author: str = ""
    url: str = ""
    license: str = ""
    reason: str = ""


Record = TypeVar("Record")


def checksum(*paths: Path) -> str:
    """Return the SHA-256 of the contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write_record(path: Path, record: Source | WordVectors) -> None:
    """Write a record as JSON."""
    save_json(path, asdict(record))


def read_record(path: Path, record_type: type[Record]) -> Record:
    """Read a record. RAISES UserError: If it is missing or damaged."""
    with generated_file(path, command="spacy project run data"):
        return record_type(**srsly.read_json(path))
