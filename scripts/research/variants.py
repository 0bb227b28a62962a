"""The same gold documents as other people would write them, to see what a recogniser depends on."""

import re
from collections.abc import Callable

from spacy.tokens import Doc

from scripts.research.loads import SENTENCES_PER_DOC

# After these, or at the start, a straight quote opens
OPENING = re.compile(r"(?<![^\s(\[])([\"'])(?=\S)")
CURLY = str.maketrans({'"': "”", "'": "’", "-": "–"})


def lower(text: str) -> str:
    """RETURNS (str): The text in lower case; what would change the length stays."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def upper(text: str) -> str:
    """RETURNS (str): The text in capitals; what would change the length stays."""
    return "".join(up if len(up := char.upper()) == 1 else char for char in text)


def curly(text: str) -> str:
    """RETURNS (str): The text with curly quotes for straight ones, and en dashes for hyphens."""
    return OPENING.sub(lambda match: "“" if match[1] == '"' else "‘", text).translate(CURLY)


def rewrite(gold: Doc, change: Callable[[str], str]) -> Doc:
    """Change a document's text, and keep its tokens and entities where they are.

    gold (Doc): The document.
    change (Callable[[str], str]): Gives as many characters as it gets.
    RETURNS (Doc): A new document.
    """
    text = change(gold.text)
    words = [text[token.idx : token.idx + len(token)] for token in gold]
    spaces = [bool(token.whitespace_) for token in gold]
    tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else "O" for token in gold]
    return Doc(gold.vocab, words=words, spaces=spaces, ents=tags)


def join(golds: list[Doc]) -> list[Doc]:
    """Make long documents: forty consecutive texts each, with a space between two.

    golds (list[Doc]): The documents.
    RETURNS (list[Doc]): New documents; the last may be shorter.
    """
    parts = [golds[first : first + SENTENCES_PER_DOC] for first in range(0, len(golds), SENTENCES_PER_DOC)]
    # White space is added only where a text does not end in some
    joined = [Doc.from_docs(part, ensure_whitespace=True) for part in parts]
    return [doc for doc in joined if doc is not None]


VARIANTS: dict[str, Callable[[list[Doc]], list[Doc]]] = {
    "forty": join,
    "lower": lambda golds: [rewrite(gold, lower) for gold in golds],
    "upper": lambda golds: [rewrite(gold, upper) for gold in golds],
    "curly": lambda golds: [rewrite(gold, curly) for gold in golds],
}
