"""Read brat: the entities of an .ann file, and the text of the .txt file with the same name."""

import re

from ..errors import UserError
from .exports import read_records
from .options import Options
from .records import Content, Records
from .report import Report

# Such as "T1\tPER 0 4\tMira", or "T2\tPER 0 4;10 14\tMira Holt" in several parts
_ENTITY = re.compile(r"T\d+\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")


def read_brat(content: Content, options: Options) -> tuple[Records, Report]:
    """Read the entities of one text. Relations, events, attributes and notes are not read.

    RAISES UserError: If there is no .txt file, or an entity cannot be read.
    """
    path = content.path.with_suffix(".txt")
    try:
        # Line ends stay as they are, since offsets count them.
        encoding = "utf-8-sig" if options.encoding == "auto" else options.encoding
        text = path.read_bytes().decode(encoding)
    except (OSError, UnicodeDecodeError, LookupError) as error:
        raise UserError(
            f"{content.name}: its text {path} cannot be read ({error}). Put both files of brat "
            "into one folder and give that folder; or say the encoding: --encoding cp1252."
        ) from error
    entities = []
    for line, row in enumerate(content.text.split("\n"), 1):
        if not row.startswith("T"):
            continue
        match = _ENTITY.fullmatch(row)
        if match is None:
            raise UserError(
                f"{content.name}, line {line}: {row[:60]!r} is no entity of brat. Expected a line "
                "such as 'T1\\tPER 0 4\\tMira'."
            )
        label, parts, own_text = match.groups()
        offsets = re.findall(r"\d+", parts)
        entity = {"label": label, "start": offsets[::2], "end": offsets[1::2], "text": own_text}
        entities.append(entity)
    record = {"id": content.path.stem, "text": text, "entities": entities}
    return read_records([(1, record)], content.name, options)
