"""How commands speak: a user's error is one clear message and exit code 1, never a traceback; what nobody may miss
stands in a banner."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(ValueError):
    """Something that the person who runs the script can put right: the message says how."""


def run(main: Callable[[], None]) -> None:
    """Run a main function; a user's error, and an interruption, become one line on stderr and exit code 1."""
    try:
        main()
    except UserError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit("Interrupted, nothing changed.")


@contextmanager
def reading(path: Path, *, maker: str) -> Iterator[Path]:
    """Read a file that our command `maker` wrote.

    RAISES UserError: If the file is missing, or whatever is done here fails, since then the file is damaged.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: run `{maker}` first")
    try:
        yield path
    except Exception as error:  # json, zlib, msgpack and a missing key each have errors of their own
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{path} is damaged: {reason}; delete it and run `{maker}` again") from error


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
