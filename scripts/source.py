"""Read and write the files in corpus/NAME that describe the data, the word vectors and the code."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import srsly

from spacy_bilstm_ner.system.whole import generated_file, save_json

PACKAGE = "spacy_bilstm_ner"
# Project command → the files of code that its result depends on
CODE = {
    "convert": f"scripts/convert.py {PACKAGE}/cli.py {PACKAGE}/errors.py {PACKAGE}/files/**/*.py",
    "train": f"configs/{{config}}.cfg setup.cfg scripts/train.py scripts/meta.py {PACKAGE}/**/*.py",
    "evaluate": f"setup.cfg {PACKAGE}/**/*.py",
    "package": "LICENSE README.md pyproject.toml setup.cfg configs/*.cfg scripts/package.py scripts/meta.py "
    f"{PACKAGE}/**/*",
}
# Parts of the package that a model does not depend on
NOT_MODEL = ("files", "quality", "bulk", "cli", "spacy_command", "__main__", "displacy_colors")


@dataclass(frozen=True)
class Source:
    """Origin of the labelled data."""

    kind: (
        str  # "real" (the GMB corpus), "sample" (the bundled sentences) or "own" (the user's files)
    )
    name: str  # its name in the model's meta, in metrics and reports
    path: str  # the file, or an archive with the file
    sha256: str  # the checksum of all files
    dev: str = ""  # the user's own files of these splits
    test: str = ""


@dataclass(frozen=True)
class WordVectors:
    """Word vectors that become part of the model. Without a path, there are none."""

    path: str = ""  # an installed package, a folder or a file, as in a config
    name: str = ""  # the pipeline's name and version
    sha256: str = ""  # the checksum of the file of vectors
    author: str = ""  # author, url and license are from the pipeline's meta.json
    url: str = ""
    license: str = ""
    reason: str = ""  # why there are none


Record = TypeVar("Record")


def checksum(*paths: Path) -> str:
    """Return the SHA-256 of the concatenated contents of files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def fingerprint(command: str, *, root: Path, config: str) -> str:
    """Return the files of code that a command depends on, one per line with checksums."""
    patterns = CODE[command].format(config=config).split()
    files = {
        path
        for pattern in patterns
        for path in root.glob(pattern)
        if path.is_file() and path.suffix != ".pyc"
    }
    names = {path.relative_to(root).as_posix(): path for path in sorted(files)}
    unneeded = tuple(f"{PACKAGE}/{name}" for name in NOT_MODEL) if command == "train" else ()
    return "".join(
        f"{checksum(path)}  {name}\n"
        for name, path in names.items()
        if not name.startswith(unneeded)
    )


def write(path: Path, record: Source | WordVectors) -> None:
    save_json(path, asdict(record))


def read_record(path: Path, kind: type[Record]) -> Record:
    """Read source.json or vectors.json.

    RAISES UserError: If the file is missing or damaged.
    """
    with generated_file(path, command="spacy project run data"):
        return kind(**srsly.read_json(path))
