"""Convert tags of any scheme to BIO: `O`, `B-x`, `I-x`, and `?` for unknown."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from operator import itemgetter

from .records import UNKNOWN

# Tags that mean "in no entity", in upper or lower case, the likeliest first
OUTSIDE = ("o", "other", "_", "-", "none", "")
# A label. "per|B-org" is not a label, because "B-per|B-org" is two tags. "B-per" is not a label,
# because "B-B-per" has been converted twice.
_LABEL = r"(?P<label>(?![BI]-)(?!.*[\s;|,/+]\s*[BILUESMW]-|.*[;|,]\s*O$)\S(?:.*\S)?)"
# Tags whose letter is before the label, after the label, or without a label
_PATTERNS = [
    re.compile(f"(?P<letter>[BILUESMW])[-_]{_LABEL}", re.IGNORECASE),
    re.compile(f"{_LABEL}[-_](?P<letter>[BILUESMW])", re.IGNORECASE),
    re.compile(r"(?P<letter>[BILUESMW])(?P<label>)", re.IGNORECASE),
]
# The label of entities if the tags are B, I and O alone
BARE_LABEL = "ENTITY"
# Letter of a scheme -> letter of BILUO
_LETTERS = dict(zip("BILUESMW", "BILULUIU", strict=True))
# Tags that are not labels, in a file whose tags have no letter of a scheme
_NO_LABEL = re.compile("[BI][-_].*|[LUESMW][-_]|", re.IGNORECASE)
# Characters without width, which are often copied with a text
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\xad"


def find_parts(tags: Set[str], outside: Sequence[str] | None) -> dict[str, tuple[str, str]]:
    """Divide the tags of a file into a letter and a label.

    tags (Set[str]): The different tags.
    outside (Optional[Sequence[str]]): The tags that mean "outside"; None to detect them.
    RETURNS (dict[str, tuple[str, str]]): Tag -> its letter (B, I, L, U, O or ?) and its label, ""
        if it has none. A label without a letter has "label" instead. Tags that cannot be read are
        left out. For BILUO see Ratinov and Roth (2009), "Design challenges and misconceptions in
        named entity recognition".
    """
    detected: list[str] = []
    for spelling in OUTSIDE:
        detected = detected or [tag for tag in tags if tag.casefold() == spelling]
    parts = dict.fromkeys(detected if outside is None else outside, ("O", ""))
    has_outside = bool(parts)
    parts[UNKNOWN] = (UNKNOWN, "")
    in_entities = tags - parts.keys()
    for pattern in _PATTERNS:
        lettered = {}
        for tag in in_entities:
            if match := pattern.fullmatch(tag):
                lettered[tag] = (_LETTERS[match["letter"].upper()], match["label"] or BARE_LABEL)
        letters = set(map(itemgetter(0), lettered.values()))
        # Tags without B, I or U are not a scheme: E-MAIL is a label, not the end of a "MAIL".
        if letters & {"B", "I"} or ("U" in letters and len(lettered) == len(in_entities)):
            return parts | lettered
    for tag in in_entities if has_outside else ():
        # If two tags may mean "outside", the user says which of them do.
        is_doubtful = outside is None and tag.casefold() in OUTSIDE
        if not (is_doubtful or _NO_LABEL.fullmatch(tag)):
            parts[tag] = ("label", tag)
    return parts


def describe_unread(counts: Counter[str], unread: Set[str], outside: Sequence[str] | None) -> str:
    """Return what to do about tags that cannot be read.

    outside (Optional[Sequence[str]]): The tags that mean "outside", according to the options.
    """
    remedy = "A tag must be O, B-label or I-label (or of BILUO, BIOES, BMES)."
    if unread != {"0"} and all(map(str.isdigit, unread)):
        return f"{remedy} Name the numbers from 0 on, as in --tag-names O,B-PER,I-PER."
    proposed = [tag for tag in counts if tag in (outside or ()) or tag.casefold() in OUTSIDE]
    frequent, n_frequent = counts.most_common(1)[0]
    if unread.isdisjoint(proposed) and 2 * n_frequent > counts.total():
        proposed.append(frequent)
    if not unread.isdisjoint(proposed):
        options = " ".join(f'--outside "{tag}"' for tag in proposed)
        return (
            f'{remedy} For tags that mean "in no entity", use {options}. Delete rows that are not '
            "words, such as ids of documents."
        )
    return f"{remedy} Correct it, or name another column with --tag-column."


def to_bio(
    tags: Sequence[str], parts: dict[str, tuple[str, str]]
) -> tuple[tuple[str, ...], list[int]]:
    """Convert the tags of one sentence, all of which can be read.

    RETURNS (tuple[tuple[str, ...], list[int]]): `O`, `B-x`, `I-x` or `?` for each word, and the
        positions of words whose tag is I- or L-, although an entity begins there.
    """
    bio = []
    begun = []  # positions of I- and L- that were changed to B-
    open_label = ""  # label of the entity that may continue
    for position, tag in enumerate(tags):
        letter, label = parts[tag]
        begins = letter in "BU" or open_label != label
        bio.append(f"{'B' if begins else 'I'}-{label}" if label else letter)
        if label and begins and letter in "IL":
            begun.append(position)
        open_label = "" if letter in "LU" else label
    return tuple(bio), begun


def is_tag(text: str) -> bool:
    """Return whether a value is plainly a tag: `O`, or a letter of a scheme with a label."""
    is_outside = text in ("O", "o", UNKNOWN)
    return is_outside or bool(_PATTERNS[0].fullmatch(text) or _PATTERNS[1].fullmatch(text))


def entity_labels(tags: Iterable[str]) -> list[str]:
    """Return the label of each entity of a sentence in BIO, in order."""
    return [tag[2:] for tag in tags if tag[0] == "B"]
