"""How sure the recogniser is of an entity: where the number is kept and how it is read.

spaCy moves user data along when Docs are cut, joined, stored or written as JSON if its key is ("._.", name, first
character, end) and its value a plain one. So the value is a number, and what label it was given for is kept in it, too:
confidences are of single precision, and the 29 bits that a Python float has beyond that hold a checksum of the label.
"""

import struct
from collections.abc import Iterable, Sequence

from spacy.strings import hash_string
from spacy.tokens import Doc, Span

NAME = "confidence"
_N_CHECK_BITS = 29


def register() -> None:
    """Register `span._.confidence` and `doc._.confidence` with spaCy, unless that has been done."""
    if not Span.has_extension(NAME):
        Span.set_extension(NAME, getter=get_confidence, setter=_set_confidence)
        # With it, `doc.to_json(underscore=["confidence"])` works for a Doc without entities, too.
        Doc.set_extension(NAME, getter=_of_entities, setter=_ignore)


# By name, since spaCy sends extensions to other processes, and a lambda cannot be pickled.
def _of_entities(doc: Doc) -> list[float | None]:
    return [get_confidence(ent) for ent in doc.ents]


def _ignore(doc: Doc, value: object) -> None:
    """What Doc.from_json gives to a Doc, its entities say, too."""


def get_confidence(span: Span) -> float | None:
    """The probability, from 0 to 1, that exactly this span with this label is right, if a `bilstm_ner` pipe predicted
    it; else None."""
    value = span.doc.user_data.get(_key(span))
    if value is None or value != _with_label(value, span.label_):
        return None
    return _with_checksum(value, 0)


def set_confidences(doc: Doc, spans: Sequence[Span], confidences: Iterable[float]) -> None:
    """Note the confidences of a Doc's predicted entities, in single precision, and forget those of entities that it no
    longer has."""
    user_data = doc.user_data
    if user_data:
        current = {_key(ent) for ent in doc.ents if get_confidence(ent) is not None}
        for key in list(user_data):
            is_ours = (
                isinstance(key, tuple)
                and len(key) == 4
                and key[:2] == ("._.", NAME)
                and key[2] is not None
            )
            if is_ours and key not in current:
                del user_data[key]
    for span, confidence in zip(spans, confidences, strict=True):
        user_data[_key(span)] = _with_label(confidence, span.label_)


def _set_confidence(span: Span, confidence: float) -> None:
    # Doc.from_json gives a span without a label.
    label = next((ent.label_ for ent in span.doc.ents if _key(ent) == _key(span)), span.label_)
    span.doc.user_data[_key(span)] = _with_label(confidence, label)


def _with_label(value: float, label: str) -> float:
    return _with_checksum(value, hash_string(label) >> 64 - _N_CHECK_BITS)


def _with_checksum(value: float, checksum: int) -> float:
    """Replace the bits that single precision leaves unused."""
    # struct rather than numpy: many times faster for one number.
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    bits = bits >> _N_CHECK_BITS << _N_CHECK_BITS | checksum
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def _key(span: Span) -> tuple[str, str, int, int]:
    return ("._.", NAME, span.start_char, span.end_char)
