"""How commands speak: a user's error is one clear message and exit code 1, never a traceback; what nobody may miss
stands in a banner. And how they read and write: files are whole, or it is said."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class UserError(ValueError):
    """Something that the person who runs the script can put right: the message says how."""


@contextmanager
def reading(path: Path, *, maker: str = "", remedy: str = "") -> Iterator[Path]:
    """Read a file that our command `maker` wrote.

    remedy (str): What to do with a damaged one; by default, to delete it and have it made again.
    RAISES UserError: If the file is missing, or whatever is done here fails, since then the file is damaged.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: run `{maker}` first")
    try:
        yield path
    except (
        Exception
    ) as error:  # json, zlib, msgpack and a missing key each have errors of their own
        reason = f"{type(error).__name__}: {error}"
        remedy = remedy or f"delete it and run `{maker}` again"
        raise UserError(f"{path} is damaged: {reason}; {remedy}") from error


def save(path: Path, text: str) -> None:
    """Write a text file and its folder. RAISES UserError: If it cannot be; nothing half-written stays then."""
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            beside.unlink()


def save_json(path: Path, content: Any) -> None:
    save(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def writable_folder(path: Path) -> None:
    """Make a folder, before the work rather than after it; UserError if nothing can be written to it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(f"{path} is no folder that can be written to: {error.strerror}") from error


def count(number: int, noun: str) -> str:
    """RETURNS (str): A number and what it counts, in the singular if it is one: "1 word", "2,000 words"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def printable(text: str) -> str:
    """A text for the terminal, in which words and labels of a corpus command nothing: ESC becomes the letters \\x1b."""
    return re.sub(r"[\0-\x09\x0b-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)


def banner(*paragraphs: str) -> str:
    """Frame a text so that nobody can miss it, with an empty line between two paragraphs."""
    line = "!" * 88
    body = "\n!!\n".join(f"!!  {paragraph}".replace("\n", "\n!!  ") for paragraph in paragraphs)
    return f"\n{line}\n!!\n{body}\n!!\n{line}\n"
