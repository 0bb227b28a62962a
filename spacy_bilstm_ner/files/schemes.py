"""Tags as people write them → BIO: `O`, `B-x`, `I-x`, and `?` where nobody knows."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

UNKNOWN = "?"
# What people write for "outside", in any case. An empty cell counts only if nothing else is used.
OUTSIDE = ("o", "other", "_", "-", "none", "")
# A label; several of them ("B-per|B-org") are none.
_LABEL = r"(?P<label>(?!.*[\s;|,/+]\s*[BILUESMW]-|.*[;|,]\s*O$)\S(?:.*\S)?)"
# The letter of a tag, and its label: after it, before it, or none.
_PATTERNS = [
    re.compile(f"(?P<letter>[BILUESMW])[-_]{_LABEL}", re.IGNORECASE),
    re.compile(f"{_LABEL}[-_](?P<letter>[BILUESMW])", re.IGNORECASE),
    re.compile(r"(?P<letter>[BILUESMW])(?P<label>)", re.IGNORECASE),
]
# The label of entities in a file whose tags are B, I and O alone.
BARE_LABEL = "ENTITY"
# Letters of a scheme → those of BILUO.
_LETTERS = {"E": "L", "S": "U", "W": "U", "M": "I"}
# "A column of parts of speech never becomes labels": these show that a column holds them.
_POS_VALUES = (
    "NN NNS NNP NNPS VB VBD VBZ VBG VBN VBP DT IN JJ RB CC CD PRP NOUN PROPN VERB ADJ ADV ADP DET PRON AUX CCONJ SCONJ "
    "NUM PART PUNCT ART APPR VVFIN ADJA ADJD"
)
_DASH = "[\u2010-\u2015\u2212\ufe58\ufe63]"
# Characters without width, which come along when text is copied
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\xad"
_HOMOGLYPHS = str.maketrans("АВЕКМНОРСТХІасеорхуіΑΒΕΖΗΙΚΜΝΟΡΤΥΧοՕ〇○", "ABEKMHOPCTXIaceopxyiABEZHIKMNOPTYXoOOO")
_FULL_WIDTH = {0xFEE0 + code: code for code in range(0x21, 0x7F)}


# An entity that begins, ends, both or neither, as CoNLL-2012 writes it
_BRACKETS = re.compile(r"\([^\s()*]+\*?\)*|\*\)*")


class Scheme:
    """How the tags of a file are to be read.

    tags (Collection[str]): The different tags of the file.
    labels (bool): Whether a tag may be a label without a letter, such as "PER".
    outside (Optional[Sequence[str]]): The tags that mean "outside"; None to find them, none if that is open.

    `parts` tells the letter of a tag (B, I, L, U, O, ?; P for a label without a letter) and its label, which is "" for
    O and ?; what cannot be read is not in it. `rest` has the tags that are neither outside nor unknown.
    """

    def __init__(self, tags: Collection[str], *, labels: bool = False, outside: Sequence[str] | None = None):
        said = outside is not None
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
        if labels and self.outside and not holds_pos(self.rest):
            # What may mean "outside" as well is a label only if the user has said what does.
            no_label = {tag for tag in self.rest if tag.casefold() in OUTSIDE and (not said or not tag.isalpha())}
            no_label |= {tag for tag in self.rest if re.fullmatch("[BI][-_].*|[LUESMW][-_]", tag, re.IGNORECASE)}
            self.parts.update({tag: ("P", tag) for tag in self.rest if tag not in no_label})

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


def holds_pos(values: Collection[str]) -> bool:
    """RETURNS (bool): Whether the values are parts of speech, or features such as SpaceAfter=No."""
    different = set(values)
    features = sum(re.match(r"\w+=", value) is not None for value in different)
    return len(different.intersection(_POS_VALUES.split())) + features > 0.4 * len(different)


def holds_brackets(values: Collection[str]) -> bool:
    """RETURNS (bool): Whether the values are like those of CoNLL-2012: (PER* * *)"""
    different = set(values)
    return all(map(_BRACKETS.fullmatch, different)) and {"(", "*"} <= set("".join(different))


def without_brackets(tags: Sequence[str], starts: Collection[int]) -> list[str]:
    """RETURNS (list[str]): (PER* * *) as B-PER I-PER I-PER, where sentences start at these tags. A tag whose brackets
    are wrong stays as it is."""
    result: list[str] = []
    label = ""
    for place, tag in enumerate(tags):
        opened, closed = tag.strip("()*"), tag.endswith(")")
        if (label and (opened or place in starts)) or (closed and not (opened or label)):
            result.append(tag)
            label = ""
            continue
        result.append(f"B-{opened}" if opened else f"I-{label}" if label else "O")
        label = "" if closed else opened or label
    return result


def looks_like(tag: str) -> str:
    """RETURNS (str): What the tag looks like, if a character of it is another than it seems; else the tag itself."""
    other = re.sub(f"[{INVISIBLE}]", "", tag)
    if re.match(".?[\uff01-\uff5e]", other):
        other = other.translate(_FULL_WIDTH)
    if len(other) == 1:
        seems = other.translate(_HOMOGLYPHS | {ord("0"): "O"})
        return seems if seems in "Oo" else other
    if match := re.match(rf"(\w)(?:{_DASH}|[-_])(?=.)", other):
        first = match[1].translate(_HOMOGLYPHS | {ord("8"): "B", ord("1"): "I"})
        if re.match("[BILUESMW]", first, re.IGNORECASE):
            other = first + ("_" if other[1] == "_" else "-") + other[2:]
    if not is_tag(other):
        other = re.sub(f"(?<=.){_DASH}(?=[BILUESMW]$)", "-", other)
    return other[:2] + other[2:].translate(_HOMOGLYPHS) if re.search("[A-Za-z]", other[2:]) else other


def difference(tag: str, other: str) -> str:
    """RETURNS (str): The character of a tag that is not what it seems."""
    char, seems = next(((a, b) for a, b in zip(tag, other, strict=False) if a != b), (tag[-1], ""))
    name = {"0": "zero", "\u2010": "typographic hyphen"}.get(char) or unicodedata.name(char, "other character").lower()
    if char in INVISIBLE:
        return f"there is an invisible character in it ({name})"
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name}, not {f'the letter {seems}' if seems.isalpha() else 'a hyphen'}"


def entity_labels(tags: Iterable[str]) -> list[str]:
    """RETURNS (list[str]): The label of each entity of a sentence in BIO, in order."""
    return [tag[2:] for tag in tags if tag[0] == "B"]
