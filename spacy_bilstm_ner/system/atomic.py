"""Write files and folders atomically: they appear completely or not at all."""

import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from ..errors import UserError

# The suffix of a file that is being written. A process that is killed may leave such a file.
UNFINISHED = ".unfinished"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing. It replaces the file at `path` when the block ends without an error.

    The new file has the permissions of the old one. If `path` is a symbolic link, the file that it
    points to is replaced. A device or a named pipe is written to directly.

    YIELDS (BinaryIO): The open file.
    RAISES UserError: If the file cannot be written.
    """
    with _errors_as_user_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        is_special = path.exists() and not path.is_file()
        with path.open("wb") if is_special else _replace_when_done(path.resolve()) as file:
            yield file


@contextmanager
def _replace_when_done(path: Path) -> Iterator[BinaryIO]:
    unfinished = path.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")
    try:
        # Mode "x" fails if the path exists, so it cannot be a link that somebody has put there.
        with unfinished.open("xb") as file:
            yield file
            if path.exists():
                unfinished.chmod(stat.S_IMODE(path.stat().st_mode))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder. It replaces the folder at `path` when the block ends without an error.

    Only one process at a time may do this for a path (see `exclusive`). The next call removes the
    files of a process that was killed.

    YIELDS (Path): The folder to write to, in the same parent folder as `path`.
    RAISES UserError: If the folder cannot be written.
    """
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with _errors_as_user_errors(path):
            unfinished.mkdir(parents=True)
        yield unfinished
        with _errors_as_user_errors(path):
            if path.exists():
                shutil.rmtree(path)
            unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _errors_as_user_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files that killed processes have left in a folder."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def save_text(path: Path, text: str) -> None:
    """Write a text file with `whole_file`. RAISES UserError: If the file cannot be written."""
    with whole_file(path) as file:
        file.write(text.encode())


def save_json(path: Path, content: Any) -> None:
    """Write a JSON file with `whole_file`. RAISES UserError: If the file cannot be written."""
    save_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def make_writable_folder(path: Path) -> None:
    """Make a folder if it does not exist, and check that files can be written to it.

    RAISES UserError: If the path is not a folder, or the folder is not writable.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path).close()
    except OSError as error:
        raise UserError(f"{path} is not a writable folder: {error.strerror or error}") from error
