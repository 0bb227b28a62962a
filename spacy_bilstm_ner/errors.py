"""Errors of the user, and texts for the terminal."""

import re


class UserError(ValueError):
    """Something that the person who runs the script can put right: the message says how."""


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
