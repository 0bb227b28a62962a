"""Turn the offsets of a file into characters, and leave out the entities that do not fit."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ..errors import UserError
from .options import Options
from .records import UNKNOWN, Span, TextWithSpans
from .report import Report
from .spacing import UNSPACED

# A file is refused if more than this share of its entities cut words or differ from their own text,
# and another reading fits or there are more than this number.
MAX_MISFITS = 0.1
MAX_FEW = 2
# Other readings are tried on at most this many texts.
N_TRIED = 2000
_PART = re.compile("([BI])-(.+)")
# How two entities of a text can overlap
_SAME = "with the same words as one of another label"
_INSIDE = "inside another"
_CROSSING = "across the edge of another"


class Reading(NamedTuple):
    """What the offsets of a file count.

    unit (str): "characters", "words", "utf16" or "bytes".
    end_inclusive (bool): Whether the end is the last unit of the entity instead of the next one.
    shift (int): Number that is added to each offset.
    """

    unit: str
    end_inclusive: bool
    shift: int = 0

    def option(self) -> str:
        """Return the option that selects this reading."""
        answer = "yes" if self.end_inclusive else "no"
        shift = f",shift={self.shift}" if self.shift else ""
        return f"--fields unit={self.unit},end_inclusive={answer}{shift}"


def to_characters(
    texts: Sequence[TextWithSpans], options: Options
) -> tuple[list[TextWithSpans], Report]:
    """Return the texts of one file with offsets in characters, end exclusive, without overlaps.

    A span can still begin or end inside a word. Spans with the label "?" cover words that may
    belong to an entity which was left out. If every label of the file begins with B- or I-, these
    letters are removed.

    RAISES UserError: If more than a tenth of the entities do not fit and the options do not say
        what offsets count, or if entities overlap and `options.nested` is None.
    """
    report = Report()
    first = texts[0]
    inclusive = first.end_inclusive if options.end_inclusive is None else options.end_inclusive
    reading = Reading(options.unit or first.unit, inclusive, options.shift)
    is_stated = bool(options.unit or options.shift or options.end_inclusive is not None)
    if not is_stated:
        _check_reading(texts, reading, report)
    labels: set[str] = set()
    for text in texts:
        labels.update(span.label for span in text.spans)
    labels.discard(UNKNOWN)
    has_parts = bool(labels) and all(map(_PART.fullmatch, labels))
    converted = []
    for text in texts:
        spans = _convert(text, reading, report)
        if has_parts:
            spans = _join_parts(text, spans, report)
        converted.append(text._replace(spans=tuple(_drop_repeats(text, spans, report))))
    return _drop_overlaps(converted, options.nested, report), report


def _check_reading(texts: Sequence[TextWithSpans], reading: Reading, report: Report) -> None:
    """Refuse a file of whose entities more than a tenth do not fit.

    A warning is enough for fewer, if another reading fits better.
    """
    n_misfits = _count_misfits(texts, [reading])[reading]
    if not n_misfits:
        return
    readings = [reading]
    for unit in ("characters", "utf16", "bytes", "words"):
        readings += [Reading(unit, False), Reading(unit, True)]
    for shift in (-1, 1, -2, 2):
        readings += [Reading(reading.unit, False, shift), Reading(reading.unit, True, shift)]
    tried = [text for text in texts if text.spans][:N_TRIED]
    misfits = _count_misfits(tried, readings)
    best = min(readings, key=misfits.__getitem__)
    n_spans = sum(len(text.spans) for text in texts)
    problem = (
        f"{texts[0].origin.file}: {n_misfits:,} of {n_spans:,} entities cut words or differ from "
        "their own text"
    )
    is_better = misfits[best] <= MAX_MISFITS * misfits[reading]
    if is_better:
        remedy = f"With {best.option()}, {misfits[best]:,} do."
    else:
        remedy = f"No other reading fits. {reading.option()} reads the file as it is."
    if n_misfits > MAX_MISFITS * n_spans and (is_better or n_misfits > MAX_FEW):
        raise UserError(f"{problem}. {remedy}")
    if is_better:
        report.warnings.append(f"{problem}. {remedy}")


def _count_misfits(
    texts: Sequence[TextWithSpans], readings: Sequence[Reading]
) -> dict[Reading, int]:
    """Return for each reading how many entities cut words or differ from their own text."""
    misfits = dict.fromkeys(readings, 0)
    for text in texts:
        places: dict[str, tuple[Sequence[int], Sequence[int]]] = {}
        for reading in misfits:
            if reading.unit not in places:
                places[reading.unit] = _places(text, reading.unit)
            for span in text.spans:
                start, end = _locate(span, places[reading.unit], reading)
                is_misfit = not _fits(text.text, start, end, span.text)
                misfits[reading] += is_misfit and span.label != UNKNOWN
    return misfits


def _fits(text: str, start: int, end: int, own_text: str | None) -> bool:
    if not start < end:
        return False
    if own_text is not None:
        return _is_same_text(text[start:end], own_text)
    return not (cuts_word(text, start) or cuts_word(text, end))


def _places(text: TextWithSpans, unit: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return the characters at which an entity starts and ends, for each offset of the unit.

    Offsets that are inside a character have -1.
    """
    if unit == "characters" or (unit != "words" and text.text.isascii()):
        characters = range(len(text.text) + 1)
        return characters, characters
    if unit == "words":
        words = text.words or [match.span() for match in re.finditer(r"\S+", text.text)]
        starts, ends = zip(*words, strict=True) if words else ((), ())
        return starts, (-1, *ends)
    encoding, size = ("utf-16-le", 2) if unit == "utf16" else ("utf-8", 1)
    lengths = (len(character.encode(encoding)) // size for character in text.text)
    offsets = list(accumulate(lengths, initial=0))
    places = [-1] * (offsets[-1] + 1)
    for place, offset in enumerate(offsets):
        places[offset] = place
    return places, places


def _locate(
    span: Span, places: tuple[Sequence[int], Sequence[int]], reading: Reading
) -> tuple[int, int]:
    """Return the start and end of a span in characters; (-1, -1) if they are not in the text."""
    starts, ends = places
    start = span.start + reading.shift
    end = span.end + reading.shift + reading.end_inclusive
    if not (0 <= start < len(starts) and 0 <= end < len(ends)):
        return -1, -1
    if starts[start] == -1:
        return -1, -1
    return starts[start], ends[end]


def _is_same_text(text: str, own_text: str) -> bool:
    """Return whether texts are equal except for white space.

    In an entity's own text, a line break may be written as a backslash and an n.
    """
    return text.split() == own_text.replace("\\n", "\n").replace("\\t", "\t").split()


def cuts_word(text: str, place: int) -> bool:
    """Return whether a place in a text is between two letters or digits of one word.

    Scripts without spaces between words have no such places. A combining accent belongs to the
    letter before it.
    """
    if not 0 < place < len(text) or UNSPACED.search(text[place - 1 : place + 1]):
        return False
    is_accent = unicodedata.category(text[place])[0] == "M"
    return is_accent or (text[place - 1].isalnum() and text[place].isalnum())


def _convert(text: TextWithSpans, reading: Reading, report: Report) -> list[Span]:
    """Return spans with offsets in characters; count those that are not in the text."""
    spans = []
    places = _places(text, reading.unit)
    for span in text.spans:
        start, end = _locate(span, places, reading)
        part = text.text[start:end] if start < end else ""
        place = f"{text.origin.file}, line {span.line or text.origin.line}: {span.label} {part!r}"
        if not part.strip() and span.label == UNKNOWN:
            continue
        if not span.label.strip():
            report.count("no_label", place)
            continue
        if not part.strip():
            report.count("not_in_text", f"{place} at {span.start}:{span.end}")
            continue
        label = span.label
        if span.text is not None and not _is_same_text(part, span.text):
            report.count("other_text", f"{place} instead of {span.text!r}")
            label = UNKNOWN
        elif part != part.strip():
            report.count("trimmed", place)
        start += len(part) - len(part.lstrip())
        end -= len(part) - len(part.rstrip())
        spans.append(span._replace(start=start, end=end, label=label))
    return spans


def _join_parts(text: TextWithSpans, spans: Sequence[Span], report: Report) -> list[Span]:
    """Join spans labelled I-x to the span of x before them, and remove B- and I- from labels."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        match = _PART.fullmatch(span.label)
        if match is None:
            joined.append(span)
            continue
        letter, label = match.groups()
        before = joined[-1] if joined else span
        is_next = not text.text[before.end : span.start].strip()
        if letter == "I" and joined and before.label == label and is_next:
            report.count("joined", f"{text.origin.place()}: {text.text[before.start : span.end]!r}")
            joined[-1] = before._replace(end=span.end)
            continue
        if letter == "I":
            report.count("begun", f"{text.origin.place()}: {text.text[span.start : span.end]!r}")
        joined.append(span._replace(label=label))
    return joined


def _drop_repeats(text: TextWithSpans, spans: Sequence[Span], report: Report) -> list[Span]:
    first_spans: dict[tuple[int, int, str], Span] = {}
    for span in spans:
        key = (span.start, span.end, span.label)
        if key not in first_spans:
            first_spans[key] = span
        elif span.label != UNKNOWN:
            report.count("repeated", f"{text.origin.place()}: {span.label} {span.text!r}")
    return sorted(first_spans.values(), key=lambda span: (span.start, -span.end))


def _drop_overlaps(
    texts: Sequence[TextWithSpans], nested: str | None, report: Report
) -> list[TextWithSpans]:
    """Return the texts with the entities that the option keeps.

    RAISES UserError: If entities overlap and there is no such option.
    """
    kinds: Counter[str] = Counter()
    for text in texts:
        before: list[Span] = []
        for span in text.spans:
            if span.label == UNKNOWN:
                continue
            before = [earlier for earlier in before if earlier.end > span.start]
            if before:
                kinds[_overlap(span, before)] += 1
            before.append(span)
    if not kinds:
        return list(texts)
    if nested is None:
        listed = "; ".join(f"{number:,} {kind}" for kind, number in kinds.most_common())
        raise UserError(
            f"{texts[0].origin.file}: entities overlap: {listed}. Say which of them to keep: "
            "--nested outer, --nested inner or --nested longest."
        )
    return [_keep(text, nested, report) for text in texts]


def _overlap(span: Span, before: Sequence[Span]) -> str:
    """Return how a span overlaps with spans that begin before it and end after its start."""
    for earlier in before:
        if (earlier.start, earlier.end) == (span.start, span.end):
            return _SAME
    reach = max(before, key=lambda earlier: earlier.end).end
    return _INSIDE if span.end <= reach else _CROSSING


def _keep(text: TextWithSpans, nested: str, report: Report) -> TextWithSpans:
    """Return the text with one of several overlapping entities."""
    sort_keys = {
        "outer": lambda span: (span.start, -span.end),
        "inner": lambda span: (span.end - span.start, span.start),
        "longest": lambda span: (span.start - span.end, span.start),
    }
    remaining: list[Span] = []
    is_taken = bytearray(len(text.text))
    for span in sorted(text.spans, key=sort_keys[nested]):
        if span.label == UNKNOWN:
            remaining.append(span)
        elif not any(is_taken[span.start : span.end]):
            remaining.append(span)
            is_taken[span.start : span.end] = b"\1" * (span.end - span.start)
        else:
            words = text.text[span.start : span.end]
            report.count("nested", f"{text.origin.place()}: {span.label} {words!r}")
    return text._replace(spans=tuple(sorted(remaining, key=lambda span: span.start)))
