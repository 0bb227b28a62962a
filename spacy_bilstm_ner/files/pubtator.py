"""Read PubTator: the title and abstract of each article, followed by its entities."""

import re
from typing import Any

from ..errors import UserError
from .exports import read_records
from .options import Options
from .records import Content, Records
from .report import Report

# Such as "123|t|A title" and "123|a|An abstract"
_PASSAGE = re.compile(r"(\w+)\|([ta])\|(.*)")
# Such as "123\t0\t4\tMira\tPER\tQ7"; a relation has four fields.
_ENTITY = re.compile(
    r"\w+\t(?P<start>\d+)\t(?P<end>\d+)\t(?P<text>[^\t]*)\t(?P<label>[^\t]*)(?:\t.*)?"
)
_RELATION = re.compile(r"\w+\t(?!\d)[^\t]*\t[^\t]*\t[^\t]*")


def is_pubtator(text: str) -> bool:
    """Return whether a file begins with the title of an article."""
    return _PASSAGE.match(text.lstrip()) is not None


def read_pubtator(content: Content, options: Options) -> tuple[Records, Report]:
    """Read articles. Offsets count through the title, a blank and the abstract.

    RAISES UserError: If a line is no passage, entity or relation.
    """
    records: list[tuple[int, Any]] = []
    article: dict[str, Any] = {"id": ""}
    for line, row in enumerate(content.text.split("\n"), 1):
        if passage := _PASSAGE.fullmatch(row):
            document, kind, text = passage.groups()
            if kind == "a" and article["id"] == document:
                article["text"] += f" {text}"
                continue
            article = {"id": document, "text": text, "entities": []}
            records.append((line, article))
        elif records and (entity := _ENTITY.fullmatch(row)):
            article["entities"].append(entity.groupdict())
        elif row.strip() and not _RELATION.fullmatch(row):
            raise UserError(
                f"{content.name}, line {line}: {row[:60]!r} is no line of PubTator. Expected an "
                "entity, such as '123\\t0\\t4\\tMira\\tPER', with tabs."
            )
    return read_records(records, content.name, options)
