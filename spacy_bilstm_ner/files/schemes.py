"""Tags as people write them → BIO: `O`, `B-x`, `I-x`, and `?` where nobody knows."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

UNKNOWN = "?"
# What people write for "outside", in any case. An empty cell counts only if nothing else is used.
OUTSIDE = ("o", "other", "_", "-", "none", "")
# The letter of a tag, and its label: after it, before it, or none.
_PATTERNS = [
    re.compile(r"(?P<letter>[BILUESMW])[-_](?P<label>\S(?:.*\S)?)", re.IGNORECASE),
    re.compile(r"(?P<label>\S(?:.*\S)?)[-_](?P<letter>[BILUESMW])", re.IGNORECASE),
    re.compile(r"(?P<letter>[BILUESMW])(?P<label>)", re.IGNORECASE),
]
# The label of entities in a file whose tags are B, I and O alone.
BARE_LABEL = "ENTITY"
# Letters of a scheme → those of BILUO.
_LETTERS = {"E": "L", "S": "U", "W": "U", "M": "I"}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_HOMOGLYPHS = str.maketrans("АВЕКМНОРСТХІасеорхуіΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTXIaceopxyiABEZHIKMNOPTYX")


class Scheme:
    """How the tags of a file are to be read.

    tags (Collection[str]): The different tags of the file.
    labels (bool): Whether a tag may be a label without a letter, such as "PER".
    outside (Optional[Sequence[str]]): The tags that mean "outside"; None to find them, none if that is open.

    `parts` tells the letter of a tag (B, I, L, U, O, ?; P for a label without a letter) and its label, which is "" for
    O and ?; what cannot be read is not in it. `rest` has the tags that are neither outside nor unknown.
    """

    def __init__(self, tags: Collection[str], *, labels: bool = False, outside: Sequence[str] | None = None):
        if outside is None:
            candidates = [tag for tag in tags if tag.casefold() in OUTSIDE]
            plain = [tag for tag in candidates if tag in ("O", "o")]
            outside = plain or [tag for tag in candidates if tag] or candidates
            # Two ways to write it leave open which of them is meant
            outside = outside if len({tag.casefold() for tag in outside}) == 1 else []
        self.outside = list(outside)
        self.parts = dict.fromkeys(self.outside, ("O", "")) | {UNKNOWN: ("?", "")}
        self.rest = [tag for tag in tags if tag not in self.parts]
        for pattern in _PATTERNS:
            read = {}
            for tag in self.rest:
                if match := pattern.fullmatch(tag):
                    letter = match["letter"].upper()
                    read[tag] = (_LETTERS.get(letter, letter), match["label"] or BARE_LABEL)
            letters = {letter for letter, _ in read.values()}
            # E-MAIL is a label, not the end of an entity: a scheme has beginnings.
            if letters & {"B", "I"} or ("U" in letters and len(read) == len(self.rest)):
                self.parts.update(read)
                return
        if labels and self.outside:
            self.parts.update({tag: ("P", tag) for tag in self.rest if tag.casefold() not in ("_", "-", "", "none")})

    def told(self) -> str:
        """RETURNS (str): What was taken for what, an example of each letter; "" if all of it is plain BIO."""
        shown = {f"O {tag}": f"{tag!r} = O" for tag in self.outside if tag != "O"}
        for tag in self.rest:
            letter, label = self.parts[tag]
            bio = {"L": f"I-{label}", "U": f"B-{label}", "P": f"B-{label} I-{label} …"}.get(letter, f"{letter}-{label}")
            if bio != tag:
                shown.setdefault(letter, f"{tag!r} = {bio}")
        return ", ".join(shown.values())

    def to_bio(self, tags: Sequence[str]) -> tuple[list[str], list[int]]:
        """Convert the tags of one sentence, all of which can be read, to `O`, `B-x`, `I-x` or `?`; and tell where an
        entity was continued that had not begun: it begins there."""
        result: list[str] = []
        repaired: list[int] = []
        # The label of the entity that may go on
        goes_on = ""
        for position, tag in enumerate(tags):
            letter, label = self.parts[tag]
            begins = letter in "BU" or goes_on != label
            result.append(f"{'B' if begins else 'I'}-{label}" if label else letter)
            if label and begins and letter in "IL":
                repaired.append(position)
            goes_on = label if letter in "BIP" else ""
        return result, repaired


def is_tag(text: str) -> bool:
    """RETURNS (bool): Whether a value is plainly a tag: `O`, or a letter of a scheme with a label."""
    return text in ("O", "o", UNKNOWN) or any(pattern.fullmatch(text) for pattern in _PATTERNS[:2])


def looks_like(tag: str) -> str:
    """RETURNS (str): What the tag looks like, if a character of it is another than it seems; else the tag itself."""
    if tag in ("0", "О", "Ο", "Ｏ"):
        return "O"
    other = re.sub(rf"^(\w)[{_DASHES}](?=.)", r"\1-", tag)
    if not _PATTERNS[0].fullmatch(other):
        other = re.sub(rf"(?<=.)[{_DASHES}](?=[BILUESMW]$)", "-", other)
    if re.match("[ВІΒΙ][-_]", other) or re.search("[A-Za-z]", other[2:]):
        other = other.translate(_HOMOGLYPHS)
    return other


def difference(tag: str, other: str) -> str:
    """RETURNS (str): The character of a tag that is not what it seems."""
    char, seems = next((a, b) for a, b in zip(tag, other, strict=True) if a != b)
    name = "zero" if char == "0" else unicodedata.name(char).lower()
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name}, not {f'the letter {seems}' if seems.isalpha() else 'a hyphen'}"


def entity_labels(tags: Iterable[str]) -> list[str]:
    """RETURNS (list[str]): The label of each entity of a sentence in BIO, in order."""
    return [tag[2:] for tag in tags if tag[0] == "B"]
