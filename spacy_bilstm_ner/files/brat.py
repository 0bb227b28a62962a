"""Read brat: the entities of an .ann file, and the text of the .txt file with the same name."""

import re

from ..errors import UserError
from .offsets import make_reading
from .options import Options
from .records import Content, Origin, Span, TextWithSpans
from .report import Report

# Such as "T1\tPER 0 4\tMira", or "T2\tPER 0 4;10 14\tMira Holt" in several parts
_ENTITY = re.compile(r"T\d+\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")


def read_brat(content: Content, options: Options) -> tuple[list[TextWithSpans], Report]:
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
    report = Report(rows_read=1)
    origin = Origin(content.name, 1, content.path.stem)
    spans = []
    for line, row in enumerate(content.text.split("\n"), 1):
        if not row.startswith("T"):
            continue
        match = _ENTITY.fullmatch(row)
        if match is None:
            raise UserError(
                f"{content.name}, line {line}: {row[:60]!r} is no entity of brat. Expected such as "
                "'T1\\tPER 0 4\\tMira'."
            )
        label, places, own_text = match.groups()
        report.entities_read += 1
        numbers = list(map(int, re.findall(r"\d+", places)))
        parts = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        spans.append(Span(numbers[0], numbers[-1], label, own_text, line, parts))
    reading = make_reading(options.fields)
    return [TextWithSpans(text, tuple(spans), origin=origin, reading=reading)], report
