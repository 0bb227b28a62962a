"""Read texts whose entities are on lines of their own: brat and PubTator."""

import re
from typing import Any

from ..errors import UserError
from .encoding import decode
from .exports import read_records
from .options import Options
from .records import Content, Records
from .report import Report

# Such as "T1\tPER 0 4\tMira", or "T2\tPER 0 4;10 14\tMira Holt" in several parts. Some tools write
# tabs for blanks.
_BRAT_ENTITY = re.compile(
    r"T\d+\t(?P<label>\S+)\s(?P<offsets>\d+\s\d+(;\d+ \d+)*)(\t(?P<text>.*))?"
)
# Such as "123|t|A title" and "123|a|An abstract"
PASSAGE = re.compile(r"(\w+)\|([ta])\|(.*)")
# Such as "123\t0\t4\tMira\tPER\tQ7". A relation has four fields. In BioRED, a
# fifth one says whether it is new.
_ENTITY = re.compile(
    r"\w+\t(?P<start>\d+)\t(?P<end>\d+)\t(?P<text>[^\t]*)\t(?P<label>[^\t]*)(?:\t.*)?"
)
_RELATION = re.compile(r"\w+\t(?!\d)[^\t]*\t[^\t]*\t[^\t]*(\t(Novel|No))?")


def read_brat(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the entities of an .ann file, and the text of the .txt file with the same name.

    RAISES UserError: If there is no .txt file, or an entity cannot be read.
    """
    path = content.path.with_suffix(".txt")
    if not path.is_file():
        raise UserError(
            f"{content.name}: its text {path} is missing. Put both files of brat into one folder, "
            "and give that folder."
        )
    # Line ends stay as they are, since offsets count their characters.
    text = decode(Content(str(path), path, path.read_bytes()), options.encoding).text
    entities = []
    for line, row in enumerate(content.text.split("\n"), 1):
        match = _BRAT_ENTITY.fullmatch(row)
        if match:
            offsets = re.findall(r"\d+", match["offsets"])
            entities.append({**match.groupdict(), "start": offsets[::2], "end": offsets[1::2]})
        elif row.startswith("T"):
            raise UserError(
                f"{content.name}, line {line}: {row[:60]!r} is not a brat entity. Expected a line "
                "such as 'T1\\tPER 0 4\\tMira'."
            )
    record = {"id": content.path.stem, "text": text, "entities": entities}
    return read_records([(1, record)], content.name, options)


def read_pubtator(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the title and abstract of each article, followed by its entities.

    Offsets refer to the title, a blank and the abstract, joined.

    RAISES UserError: If a line is not a passage, entity or relation.
    """
    records: list[tuple[int, Any]] = []
    article: dict[str, Any] = {"id": ""}
    for line, row in enumerate(content.text.split("\n"), 1):
        if passage := PASSAGE.fullmatch(row):
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
                f"{content.name}, line {line}: {row[:60]!r} is not a PubTator line. Expected an "
                "entity, such as '123\\t0\\t4\\tMira\\tPER', with tabs."
            )
    return read_records(records, content.name, options)
