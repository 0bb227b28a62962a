"""Turn the offsets of a file into characters, and check that they fit."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, product, repeat

from ..errors import UserError
from .records import Reading, Span, TextWithSpans
from .spacing import UNSPACED

# An entity is a misfit if it cuts a word, is not in the text, or differs from its own text. A file
# is refused if its share of misfits is above MAX_MISFIT_SHARE. Up to MAX_ACCEPTED_MISFITS misfits
# are accepted if no other reading of the offsets fits better.
MAX_MISFIT_SHARE = 0.1
MAX_ACCEPTED_MISFITS = 2
# Other readings are tried on at most this many texts.
N_TRIED = 500
UNITS = ("characters", "utf16", "words")


def make_reading(fields: Mapping[str, str]) -> Reading:
    """Return what offsets count, according to `--fields`.

    RAISES UserError: If a value is not possible.
    """
    unit, shift = fields.get("unit", "characters"), str(fields.get("shift", 0))
    answer = fields.get("end_inclusive", "no")
    if unit not in UNITS or answer not in ("yes", "no") or not shift.lstrip("-").isdecimal():
        raise UserError(
            f"--fields: expected unit={'|'.join(UNITS)}, end_inclusive=yes|no and shift=NUMBER, "
            f"found {unit}, {answer} and {shift}."
        )
    return Reading(unit, answer == "yes", int(shift))


def check_reading(texts: Sequence[TextWithSpans]) -> None:
    """Refuse a file if too many of its entities are misfits (see MAX_MISFIT_SHARE).

    RAISES UserError: The message names the reading that fits better, if there is one.
    """
    reading = texts[0].reading
    n_misfits = _count_misfits(texts, reading)
    n_spans = sum(len(text.spans) for text in texts)
    if n_misfits <= MAX_MISFIT_SHARE * n_spans:
        return
    tried = [text for text in texts if text.spans][:N_TRIED]
    misfits = {reading: _count_misfits(tried, reading)}
    for shift, unit, end_inclusive in product((0, -1, 1, -2, 2), UNITS, (False, True)):
        candidate = Reading(unit, end_inclusive, shift)
        misfits[candidate] = _count_misfits(tried, candidate)
    best = min(misfits, key=misfits.__getitem__)
    is_better = misfits[best] <= MAX_MISFIT_SHARE * misfits[reading]
    remedy = f"No other unit or shift fits. To read the file as it is, use {_option(reading)}."
    if is_better:
        remedy = f"Use {_option(best)}, which fits better."
    if is_better or n_misfits > MAX_ACCEPTED_MISFITS:
        raise UserError(
            f"{texts[0].origin.file}: {n_misfits:,} of {n_spans:,} entities cut words, are "
            f"not in the text, or differ from their own text. {remedy}"
        )


def _option(reading: Reading) -> str:
    """Return the option that selects a reading."""
    answer = "yes" if reading.end_inclusive else "no"
    shift = f",shift={reading.shift}" if reading.shift else ""
    return f"--fields unit={reading.unit},end_inclusive={answer}{shift}"


def _count_misfits(texts: Sequence[TextWithSpans], reading: Reading) -> int:
    """Return how many entities cut words, are not in the text, or differ from their own text."""
    n_misfits = 0
    for text in texts:
        for span in locate(text, reading):
            words = text.text[span.start : span.end]
            is_cut = cuts_word(text.text, span.start) or cuts_word(text.text, span.end)
            differs = span.text is not None and not is_same_text(words, span.text)
            n_misfits += is_cut or differs or not words
    return n_misfits


def locate(text: TextWithSpans, reading: Reading) -> Iterator[Span]:
    """Yield each span with offsets in characters, end exclusive.

    A span that is empty or not in the text gets the offsets 0 and 0. A span can begin or end inside
    a word.
    """
    units = list(_units(text, reading.unit))
    for span in text.spans:
        first = span.start + reading.shift
        last = span.end + reading.shift - (not reading.end_inclusive)
        is_inside = 0 <= first <= last < len(units)
        start, end = (units[first][0], units[last][1]) if is_inside else (0, 0)
        yield span._replace(start=start, end=end)


def _units(text: TextWithSpans, unit: str) -> Iterable[tuple[int, int]]:
    """Return the start and end in characters of each unit of a text, see `Reading`."""
    if unit == "words":
        return text.word_offsets or (match.span() for match in re.finditer(r"\S+", text.text))
    characters = pairwise(range(len(text.text) + 1))
    if unit == "characters":
        return characters
    n_units = (2 if character > "\uffff" else 1 for character in text.text)
    return chain.from_iterable(map(repeat, characters, n_units))


def is_same_text(text: str, own_text: str) -> bool:
    """Return whether texts are equal except for the kind and the length of white space.

    In an entity's own text, a line break may be written as a backslash and an n.
    """
    return text.split() == own_text.replace("\\n", "\n").replace("\\t", "\t").split()


def cuts_word(text: str, place: int) -> bool:
    """Return whether a place in a text is between two letters or digits of one word.

    A number and its unit, as in 5mg, are two words. Scripts without spaces between words have no
    such places. A combining accent belongs to the letter before it.
    """
    if not 0 < place < len(text) or UNSPACED.search(text[place - 1 : place + 1]):
        return False
    before, after = text[place - 1], text[place]
    if unicodedata.category(after)[0] == "M":
        return True
    return before.isalnum() and after.isalnum() and not (before.isdigit() and after.isalpha())


def find_occurrences(text: str, own_text: str) -> list[tuple[int, int]]:
    """Return the start and end of each occurrence that does not cut a word."""
    occurrences = []
    for match in re.finditer(re.escape(own_text.strip()), text):
        start, end = match.span()
        if start < end and not (cuts_word(text, start) or cuts_word(text, end)):
            occurrences.append((start, end))
    return occurrences
