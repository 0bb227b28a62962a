"""The data and the vectors that `data` finds, and writes to corpus/NAME as JSON."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """Where the labelled data comes from.

    kind (str): "real" (the GMB corpus), "sample" (the bundled sentences) or "own" (the user's).
    name (str): The name in the pipeline's meta.json, the metrics and the report.
    path (str): The file, or the zip that contains it.
    sha256 (str): The checksum of all files.
    """

    kind: str
    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class WordVectors:
    """The word vectors for training. Without a path, there are none.

    path (str): The vectors for the config: an installed package, a folder or a file.
    name (str): The name and version of their pipeline, or the name of the text file.
    reason (str): Why there are no vectors.
    source (dict[str, str]): Their url, author and license, for the meta.json of the new pipeline.
    """

    path: str = ""
    name: str = ""
    reason: str = ""
    source: dict[str, str] = field(default_factory=dict)


def checksum(*paths: Path) -> str:
    """Return the SHA-256 of the contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
