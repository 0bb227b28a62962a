"""Files and folders that appear completely or not at all."""

import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UserError

# The ending of a file that is being written. A process that is killed may leave such a file behind.
UNFINISHED = ".unfinished"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing. It replaces the file at `path` when the block ends without an error.

    The new file has the mode of the file that it replaces. If `path` is a symbolic link, the file
    that it points to is replaced. A device or a FIFO is written to directly.

    YIELDS (BinaryIO): The open file.
    RAISES UserError: If the file cannot be written.
    """
    with _explained_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        is_special = path.exists() and not path.is_file()
        with path.open("wb") if is_special else _replaced(path.resolve()) as file:
            yield file


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    unfinished = path.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")
    try:
        # "x" fails if the file exists, so that nobody can place a link there.
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

    Only one process may do this for a path at a time (see `exclusive`). A later call removes what a
    process that was killed has left behind.

    YIELDS (Path): The folder to write to, in the same parent folder as `path`.
    RAISES UserError: If the folder cannot be written.
    """
    path = path.resolve()
    unfinished, previous = unfinished_folder(path), path.with_name(f".{path.name}.previous")
    _restore(path, previous)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with _explained_errors(path):
            unfinished.mkdir(parents=True)
        yield unfinished
        with _explained_errors(path):
            for file in filter(Path.is_file, unfinished.rglob("*")):
                _synchronize(file)
            if path.exists():
                path.rename(previous)
            unfinished.rename(path)
    finally:
        _restore(path, previous)
        shutil.rmtree(unfinished, ignore_errors=True)


def _restore(path: Path, previous: Path) -> None:
    """Give a folder its name back if it was to be replaced but no other one has come."""
    if path.exists():
        shutil.rmtree(previous, ignore_errors=True)
    elif previous.exists():
        previous.rename(path)


@contextmanager
def _explained_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error


def unfinished_folder(path: Path) -> Path:
    """Return the folder that `whole_folder(path)` writes to."""
    path = path.resolve()
    return path.with_name(f".{path.name}{UNFINISHED}")


def _synchronize(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove_unfinished(folder: Path) -> None:
    """Remove the files that killed processes have left in a folder while they were writing."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            path.unlink()


def save(path: Path, text: str) -> None:
    """Write a text file with `whole_file`. RAISES UserError: If the file cannot be written."""
    with whole_file(path) as file:
        file.write(text.encode())


def save_json(path: Path, content: Any) -> None:
    """Write a JSON file with `whole_file`. RAISES UserError: If the file cannot be written."""
    save(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def generated_file(path: Path, *, command: str, remedy: str = "") -> Iterator[Path]:
    """Read a file that one of our commands has written.

    Any error in the block means that the file is damaged.

    command (str): The command that writes the file.
    remedy (str): What to do about a damaged file. By default: delete it and run the command again.
    RAISES UserError: If the file is missing, cannot be read, or is damaged.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: run `{command}` first")
    try:
        yield path
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    # json, zlib, msgpack and a missing key raise errors of different types.
    except Exception as error:
        remedy = remedy or f"delete it and run `{command}` again"
        raise UserError(f"{path} is damaged: {type(error).__name__}: {error}; {remedy}") from error


def make_writable_folder(path: Path) -> None:
    """Make a folder, and check that files can be written to it, before a long computation.

    RAISES UserError: If it is no folder, or nothing can be written to it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        trial = path / f".{secrets.token_hex(8)}{UNFINISHED}"
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} is no folder that can be written to: {reason}") from error
