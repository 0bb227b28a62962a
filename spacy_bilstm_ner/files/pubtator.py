"""Read PubTator: the title and abstract of each article, followed by its entities."""

import re

from ..errors import UserError
from .offsets import make_reading
from .options import Options
from .records import Content, Origin, Span, TextWithSpans
from .report import Report

# Such as "123|t|A title" and "123|a|An abstract"
_PASSAGE = re.compile(r"(\w+)\|([ta])\|(.*)")
# Such as "123\t0\t4\tMira\tPER\tQ7"; a relation has four fields.
_ENTITY = re.compile(r"\w+\t(\d+)\t(\d+)\t([^\t]*)\t([^\t]*)(?:\t.*)?")
_RELATION = re.compile(r"\w+\t(?!\d)[^\t]*\t[^\t]*\t[^\t]*")


def is_pubtator(text: str) -> bool:
    """Return whether a file begins with the title of an article."""
    return _PASSAGE.match(text.lstrip()) is not None


def read_pubtator(content: Content, options: Options) -> tuple[list[TextWithSpans], Report]:
    """Read articles. Offsets count through the title, a blank and the abstract.

    RAISES UserError: If a line is no passage, entity or relation.
    """
    report = Report()
    texts: list[TextWithSpans] = []
    reading = make_reading(options.fields)
    for line, row in enumerate(content.text.split("\n"), 1):
        if passage := _PASSAGE.fullmatch(row):
            document, kind, text = passage.groups()
            if kind == "a" and texts and texts[-1].origin.document == document:
                texts[-1] = texts[-1]._replace(text=f"{texts[-1].text} {text}")
                continue
            report.rows_read += 1
            origin = Origin(content.name, line, document)
            texts.append(TextWithSpans(text, (), origin=origin, reading=reading))
        elif texts and (entity := _ENTITY.fullmatch(row)):
            start, end, own_text, label = entity.groups()
            report.entities_read += 1
            span = Span(int(start), int(end), label.strip(), own_text, line)
            texts[-1] = texts[-1]._replace(spans=(*texts[-1].spans, span))
        elif row.strip() and not _RELATION.fullmatch(row):
            raise UserError(
                f"{content.name}, line {line}: {row[:60]!r} is no line of PubTator. Expected an "
                "entity, such as '123\\t0\\t4\\tMira\\tPER', with tabs."
            )
    return texts, report
