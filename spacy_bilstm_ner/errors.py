"""The error class for mistakes of users, and helpers for messages."""

import re


class UserError(ValueError):
    """An error in the input. The message says what was expected, what was found, and what to do."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 word", "2,000 words"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def printable(text: str) -> str:
    """Escape control characters, so that text of a corpus cannot control the terminal.

    Line breaks stay.
    """
    return re.sub(r"[\0-\x09\x0b-\x1f\x7f-\x9f]", lambda match: repr(match[0])[1:-1], text)
