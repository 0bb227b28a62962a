"""The small files in corpus/NAME that later steps depend on: which data, which word vectors, and which code.

They are written only when their content changes, so that a step runs again only when it has to.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from spacy_bilstm_ner.errors import UserError

PACKAGE = "spacy_bilstm_ner"
# Project command → the files that its result depends on besides its data. `data` writes one fingerprint for each.
CODE = {
    "convert": (
        *("scripts/convert.py", "scripts/data.py", "scripts/source.py"),
        *(f"{PACKAGE}/cli.py", f"{PACKAGE}/errors.py", f"{PACKAGE}/files/**/*.py"),
    ),
    "train": ("configs/{config}.cfg", "setup.cfg", "scripts/train.py", "scripts/meta.py", f"{PACKAGE}/**/*.py"),
    "evaluate": ("setup.cfg", f"{PACKAGE}/**/*.py"),
    "package": (
        *(
            "LICENSE",
            "README.md",
            "pyproject.toml",
            "setup.cfg",
            "configs/*.cfg",
            "scripts/package.py",
            "scripts/meta.py",
        ),
        f"{PACKAGE}/**/*",
    ),
}
# What a model does not depend on
NOT_MODEL = {
    f"{PACKAGE}/{name}"
    for name in ("files", "quality", "bulk", "cli.py", "spacy_command.py", "__main__.py", "displacy_colors.py")
}


@dataclass(frozen=True)
class Source:
    """Where the labelled data comes from.

    kind (str): "real" (the GMB corpus), "sample" (the bundled sentences) or "own" (the user's file).
    name (str): What the model's meta, the metrics and the report call the data.
    path (str): The file, or the zip that holds it.
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
    author, url, license (str): As the pipeline's meta.json has them.
    sha256 (str): The checksum of the file of vectors.
    """

    path: str
    name: str
    author: str
    url: str
    license: str
    sha256: str


Record = TypeVar("Record", Source, WordVectors)


def checksum(path: Path, *, algorithm: str = "sha256") -> str:
    """Hash a file.

    path (Path): The file.
    algorithm (str): Any name that hashlib knows.
    RETURNS (str): The digest in hexadecimal form.
    """
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def fingerprint(command: str, *, root: Path, config: str) -> str:
    """Describe the code that a project command's result depends on.

    command (str): A key of CODE.
    root (Path): The project's folder.
    config (str): The training config's name, without .cfg.
    RETURNS (str): A line for each file, with its checksum and its name.
    """
    patterns = [pattern.format(config=config) for pattern in CODE[command]]
    files = {path for pattern in patterns for path in root.glob(pattern) if path.is_file() and path.suffix != ".pyc"}
    names = {path.relative_to(root).as_posix(): path for path in files}
    if command == "train":
        names = {name: path for name, path in names.items() if not NOT_MODEL & {name, "/".join(name.split("/")[:2])}}
    return "".join(f"{checksum(path)}  {name}\n" for name, path in sorted(names.items()))


def write_if_new(path: Path, content: str) -> bool:
    """Write a text file, unless the one on disk says the same already.

    path (Path): The file.
    content (str): What it shall hold.
    RETURNS (bool): Whether it was written.
    """
    if path.is_file() and path.read_bytes() == content.encode("utf-8"):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8"))
    return True


def write_record(record: Source | WordVectors | None, path: Path) -> bool:
    """Write a source file or a vectors file, unless it says the same already; None becomes an empty record.

    RETURNS (bool): Whether it was written.
    """
    values = asdict(record) if record else {}
    return write_if_new(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """Read a source file or a vectors file.

    path (Path): The file. The step of the same name writes it.
    kind (type[Record]): Source or WordVectors.
    RETURNS (Record | None): What it holds, or None for an empty record.
    RAISES UserError: if it is missing or damaged.
    """
    step = "data" if kind is Source else "vectors"
    if not path.is_file():
        raise UserError(f"{path} is missing: run `spacy project run {step}` first")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return kind(**values) if values else None
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: delete it and run `spacy project run {step}` again") from error


def read_source(path: Path) -> Source:
    """Read a source file, which is never empty.

    path (Path): The file.
    RETURNS (Source): Where the data comes from.
    RAISES UserError: if it is missing, damaged or empty.
    """
    source = read_record(path, Source)
    if source is None:
        raise UserError(f"{path} is damaged: delete it and run `spacy project run data` again")
    return source
