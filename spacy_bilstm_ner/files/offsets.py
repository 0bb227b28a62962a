"""Turn the offsets of a file into characters, and leave out the entities that do not fit."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product, repeat
from operator import itemgetter

from ..errors import UserError
from .options import Options
from .records import UNKNOWN, Reading, Span, TextWithSpans
from .report import Report
from .spacing import UNSPACED

# An entity is a misfit if it cuts a word, or differs from its own text. A file is refused if its
# share of misfits is above MAX_MISFITS. Up to MAX_FEW misfits are accepted if no other reading of
# the offsets fits better.
MAX_MISFITS = 0.1
MAX_FEW = 2
# Other readings are tried on at most this many texts.
N_TRIED = 500
UNITS = ("characters", "utf16", "words")
_LETTER_AND_LABEL = re.compile("([BI])-(.+)")
# --nested -> key by which overlapping entities are sorted; the first one stays
_ORDERS = {
    "outer": lambda span: (span.start, -span.end),
    "inner": lambda span: (span.end - span.start, span.start),
    "longest": lambda span: (span.start - span.end, span.start),
}


def make_reading(fields: Mapping[str, str]) -> Reading:
    """Return what offsets count, according to `--fields`.

    RAISES UserError: If a value is not possible.
    """
    unit, shift = fields.get("unit", "characters"), fields.get("shift", "0")
    answer = fields.get("end_inclusive", "no")
    if unit not in UNITS or answer not in ("yes", "no") or not shift.lstrip("-").isdecimal():
        raise UserError(
            f"--fields: expected unit={'|'.join(UNITS)}, end_inclusive=yes|no and shift=NUMBER, "
            f"found {unit}, {answer} and {shift}."
        )
    return Reading(unit, answer == "yes", int(shift))


def to_characters(
    texts: Sequence[TextWithSpans], options: Options, report: Report
) -> list[TextWithSpans]:
    """Return the texts of one file with offsets in characters, end exclusive, without overlaps.

    A span can still begin or end inside a word. Spans with the label "?" cover words that may
    belong to an entity which was left out. If every label of the file begins with B- or I-, these
    letters are removed.

    RAISES UserError: If more than a tenth of the entities cut words or differ from their own text,
        and `options.fields` does not say what offsets count. Also if entities overlap, and
        `options.nested` is None.
    """
    if not options.fields.keys() & {"unit", "end_inclusive", "shift"}:
        _check_reading(texts)
    labels = {span.label for text in texts for span in text.spans} - {UNKNOWN}
    have_letters = bool(labels) and all(map(_LETTER_AND_LABEL.fullmatch, labels))
    overlaps: Counter[str] = Counter()
    converted = []
    for text in texts:
        spans = _convert(text, report)
        if have_letters:
            spans = _join_continued(text, spans, report)
        spans = _drop_overlaps(text, spans, options, report, overlaps)
        converted.append(text._replace(spans=tuple(spans)))
    if overlaps and options.nested is None:
        listed = "; ".join(f"{number:,} {kind}" for kind, number in overlaps.most_common())
        raise UserError(
            f"{texts[0].origin.file}: entities overlap: {listed}. Say which of them to keep: "
            "--nested outer, --nested inner or --nested longest."
        )
    return converted


def _check_reading(texts: Sequence[TextWithSpans]) -> None:
    """Refuse a file if more than a tenth of its entities are misfits.

    RAISES UserError: The message names the reading that fits better, if there is one.
    """
    reading = texts[0].reading
    n_misfits = _count_misfits(texts, reading)
    n_spans = sum(text.n_entities for text in texts)
    if n_misfits <= MAX_MISFITS * n_spans:
        return
    tried = [text for text in texts if text.spans][:N_TRIED]
    misfits = {reading: _count_misfits(tried, reading)}
    for shift, unit, end_inclusive in product((0, -1, 1, -2, 2), UNITS, (False, True)):
        candidate = Reading(unit, end_inclusive, shift)
        misfits[candidate] = _count_misfits(tried, candidate)
    best = min(misfits, key=misfits.__getitem__)
    is_better = misfits[best] <= MAX_MISFITS * misfits[reading]
    remedy = f"No other reading fits. {reading.option()} reads the file as it is."
    if is_better:
        remedy = f"With {best.option()}, only {misfits[best]:,} do so."
    if is_better or n_misfits > MAX_FEW:
        raise UserError(
            f"{texts[0].origin.file}: {n_misfits:,} of {n_spans:,} entities cut words or differ "
            f"from their own text. {remedy}"
        )


def _count_misfits(texts: Sequence[TextWithSpans], reading: Reading) -> int:
    """Return how many entities cut words or differ from their own text."""
    n_misfits = 0
    for text in texts:
        for span, (start, end, words) in zip(text.spans, _locate(text, reading), strict=True):
            if span.text is not None:
                fits = _is_same_text(words, span.text)
            else:
                fits = not (cuts_word(text.text, start) or cuts_word(text.text, end))
            n_misfits += not (start < end and fits)
    return n_misfits


def _locate(text: TextWithSpans, reading: Reading) -> Iterator[tuple[int, int, str]]:
    """Yield the start and end of each span in characters, and the words of its parts.

    A span that is not in the text has no words.
    """
    starts, ends = _characters(text, reading.unit)
    for span in text.spans:
        places = []
        for start, end in span.parts or [(span.start, span.end)]:
            start, end = start + reading.shift, end + reading.shift + reading.end_inclusive
            is_inside = 0 <= start < end < len(ends)
            places.append((starts[start], ends[end]) if is_inside else (0, 0))
        words = " ".join(text.text[start:end] for start, end in places)
        yield places[0][0], places[-1][1], words


def _characters(text: TextWithSpans, unit: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return two lists that map an offset to a character: one for starts, and one for ends."""
    if unit == "words":
        words = text.words or [match.span() for match in re.finditer(r"\S+", text.text)]
        return [start for start, _ in words], [0, *(end for _, end in words)]
    characters: Sequence[int] = range(len(text.text) + 1)
    if unit == "utf16":
        lengths = [1 + (character > "\uffff") for character in text.text]
        characters = list(chain.from_iterable(map(repeat, characters, [*lengths, 1])))
    return characters, characters


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


def find_occurrences(text: str, own_text: str) -> list[tuple[int, int]]:
    """Return the start and end of each occurrence that does not cut a word."""
    occurrences = []
    for match in re.finditer(re.escape(own_text.strip()), text):
        start, end = match.span()
        if start < end and not (cuts_word(text, start) or cuts_word(text, end)):
            occurrences.append((start, end))
    return occurrences


def _convert(text: TextWithSpans, report: Report) -> list[Span]:
    """Return spans with offsets in characters, without repetitions and outer white space."""
    spans: dict[Span, None] = {}
    for span, (start, end, words) in zip(text.spans, _locate(text, text.reading), strict=True):
        label, covered = span.label, text.text[start:end]
        line = span.line or text.origin.line
        place = f"{text.origin.file}, line {line}: {label} {covered!r} at {span.start}:{span.end}"
        if not label:
            report.count("no_label", place)
            continue
        if not covered.strip():
            report.count("not_in_text", place)
            continue
        if "".join(words.split()) != "".join(covered.split()):
            report.count("fragments", place)
            label = UNKNOWN
        elif span.text is not None and not _is_same_text(covered, span.text):
            report.count("other_text", f"{place} instead of {span.text!r}")
            label = UNKNOWN
        elif covered != covered.strip():
            report.count("trimmed", place)
        start += len(covered) - len(covered.lstrip())
        converted = Span(start, start + len(covered.strip()), label)
        if converted in spans and label != UNKNOWN:
            report.count("repeated", place)
        spans[converted] = None
    return list(spans)


def _join_continued(text: TextWithSpans, spans: Sequence[Span], report: Report) -> list[Span]:
    """Join spans labelled I-x to the span of x before them, and remove B- and I- from labels."""
    joined: list[Span] = []
    for span in sorted(spans, key=itemgetter(0)):
        letter, label = span.label[0], span.label[2:] or span.label
        place = f"{text.origin.place()}: {span.label} {text.text[span.start : span.end]!r}"
        before = joined[-1] if joined else Span(0, 0, UNKNOWN)
        gap = text.text[before.end : span.start]
        if letter == "I" and before.label == label and not gap.strip():
            report.count("joined", place)
            joined[-1] = before._replace(end=span.end)
        else:
            report.count("begun", place, int(letter == "I"))
            joined.append(span._replace(label=label))
    return joined


def _drop_overlaps(
    text: TextWithSpans,
    spans: Sequence[Span],
    options: Options,
    report: Report,
    overlaps: Counter[str],
) -> list[Span]:
    """Return the spans that --nested keeps, and count the kinds of overlap of all others."""
    owners: dict[int, Span] = {}  # character -> the entity that it belongs to
    remaining = []
    for span in sorted(spans, key=_ORDERS[options.nested or "outer"]):
        overlapping = [owners[i] for i in range(span.start, span.end) if i in owners]
        if overlapping and span.label != UNKNOWN:
            overlaps[_describe_overlap(span, overlapping[0])] += 1
            words = text.text[span.start : span.end]
            report.count("nested", f"{text.origin.place()}: {span.label} {words!r}")
            continue
        remaining.append(span)
        if span.label != UNKNOWN:
            owners.update(dict.fromkeys(range(span.start, span.end), span))
    return sorted(remaining, key=itemgetter(0))


def _describe_overlap(span: Span, other: Span) -> str:
    if span[:2] == other[:2]:
        return "with the same words as one of another label"
    is_inside = other.start <= span.start and span.end <= other.end
    return "inside another" if is_inside else "across the edge of another"
