"""Tags as people write them → BIO: `O`, `B-x`, `I-x`, and `?` where nobody knows."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

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
_LETTERS = dict(zip("BILUESMW", "BILULUIU", strict=True))
# "A column of parts of speech never becomes labels": these show that a column holds them.
_POS_VALUES = (
    "NN NNS NNP NNPS VB VBD VBZ VBG VBN VBP DT IN JJ RB CC CD PRP NOUN PROPN VERB ADJ ADV ADP DET PRON AUX CCONJ SCONJ "
    "NUM PART PUNCT ART APPR VVFIN ADJA ADJD"
)
_DASH = "[\u2010-\u2015\u2212\ufe58\ufe63]"
# Characters without width, which come along when text is copied
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\xad"
_HOMOGLYPHS = str.maketrans(
    "АВЕКМНОРСТХІасеорхуіΑΒΕΖΗΙΚΜΝΟΡΤΥΧοՕ〇○", "ABEKMHOPCTXIaceopxyiABEZHIKMNOPTYXoOOO"
)
# An entity that begins, ends, both or neither, as CoNLL-2012 writes it
_BRACKETS = re.compile(r"\([^\s()*]+\*?\)*|\*\)*")


class Scheme:
    """How the tags of a file are to be read.

    tags (Counter[str]): The different tags of the file, and how often each stands there.
    labels (bool): Whether a tag may be a label without a letter, such as "PER".
    outside (Optional[Sequence[str]]): The tags that mean "outside"; None to find them, none if that is open.
    lookalikes (bool): Read tags as what they look like; else those that look like others cannot be read.

    `parts` tells the letter of a tag (B, I, L, U, O, ?; P for a label without a letter) and its label, which is "" for
    O and ?; what cannot be read is not in it. `rest` has the tags that are neither outside nor unknown.
    """

    def __init__(
        self,
        tags: Counter[str],
        *,
        labels: bool = False,
        outside: Sequence[str] | None = None,
        lookalikes: bool = False,
    ):
        clear = tags if all(map(str.isdigit, tags)) else outside or ()
        alike = {
            tag: other for tag in tags if tag not in clear and (other := looks_like(tag)) != tag
        }
        self.given, self.alike = list(tags), {} if lookalikes else alike
        self.counts = (
            Counter(alike.get(tag, tag) for tag in tags.elements()) if lookalikes else tags
        )
        self.outside = _outside(self.counts) if outside is None else list(outside)
        self.parts = dict.fromkeys(self.outside, ("O", "")) | {UNKNOWN: ("?", "")}
        self.rest = [tag for tag in self.counts if tag not in self.parts]
        for pattern in _PATTERNS:
            matches = {tag: match for tag in self.rest if (match := pattern.fullmatch(tag))}
            read = {
                tag: (_LETTERS[m["letter"].upper()], m["label"] or BARE_LABEL)
                for tag, m in matches.items()
            }
            letters = {letter for letter, _ in read.values()}
            # E-MAIL is a label, not the end of an entity: a scheme has beginnings.
            if letters & {"B", "I"} or ("U" in letters and len(read) == len(self.rest)):
                self.parts |= read
                break
        else:
            if labels and self.outside and not holds_pos(self.rest):
                # What may mean "outside" as well is a label only if the user has said what does.
                doubt = [
                    tag
                    for tag in self.rest
                    if tag.casefold() in OUTSIDE and not (outside and tag.isalpha())
                ]
                cut = re.compile("[BI][-_].*|[LUESMW][-_]", re.IGNORECASE)
                self.parts |= {
                    tag: ("P", tag)
                    for tag in self.rest
                    if tag not in doubt and not cut.fullmatch(tag)
                }
        if lookalikes:
            self.parts |= {
                tag: self.parts[other] for tag, other in alike.items() if other in self.parts
            }

    def wrong(self, column: str) -> dict[str, tuple[str, str]]:
        """RETURNS (dict[str, tuple[str, str]]): For each tag of a column that cannot be read: why, and what to do."""
        remedy = (
            f"A tag in column {column!r} must be O, B-label or I-label (or of BILUO, BIOES, BMES). "
        )
        outside = [tag for tag in self.counts if tag.casefold() in OUTSIDE]
        if set(outside) > set(self.outside):
            listed = ", ".join(f"{tag!r} ({self.counts[tag]:,})" for tag in outside)
            remedy += f'Which of these mean "in no entity": {listed}? Say so with --outside, once for each.'
        elif any(len(tag.split()) > 1 and all(map(is_tag, tag.split())) for tag in self.rest):
            remedy += (
                "Several in one cell? Give the table a line of names above, such as text and tags."
            )
        elif all(map(str.isdigit, self.rest)):
            remedy += "These are numbers: write the names that they stand for."
        else:
            remedy += "Correct it, or name another column with --tag-column."
        wrong = {tag: ("", remedy) for tag in self.given if tag not in self.parts}
        remedy = "Correct these tags."
        for tag, other in self.alike.items():
            wrong[tag] = (
                f": {difference(tag, other)} (rows with it: {self.counts[tag]:,})",
                remedy,
            )
        return wrong

    def told(self) -> str:
        """RETURNS (str): What was taken for what, an example of each letter; "" if all of it is plain BIO."""
        shown = {f"O {tag}": f"{tag!r} = O" for tag in self.outside if tag != "O"}
        for tag in self.rest:
            letter, label = self.parts[tag]
            bio = {"L": f"I-{label}", "U": f"B-{label}", "P": f"B-{label} I-{label} …"}.get(
                letter, f"{letter}-{label}"
            )
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


def _outside(tags: Iterable[str]) -> list[str]:
    """The tag that means "outside"; none where two ways to write it leave open which of them does"""
    candidates = [tag for tag in tags if tag.casefold() in OUTSIDE]
    plain = (
        [tag for tag in candidates if tag in ("O", "o")]
        or [tag for tag in candidates if tag]
        or candidates
    )
    return plain if len({tag.casefold() for tag in plain}) == 1 else []


def is_tag(text: str) -> bool:
    """RETURNS (bool): Whether a value is plainly a tag: `O`, or a letter of a scheme with a label."""
    return text in ("O", "o", UNKNOWN) or any(pattern.fullmatch(text) for pattern in _PATTERNS[:2])


def holds_pos(values: Iterable[str]) -> bool:
    """RETURNS (bool): Whether the values are parts of speech, or features such as SpaceAfter=No."""
    different = set(values)
    features = sum(re.match(r"\w+=", value) is not None for value in different)
    return len(different.intersection(_POS_VALUES.split())) + features > 0.4 * len(different)


def holds_brackets(values: Iterable[str]) -> bool:
    """RETURNS (bool): Whether the values are like those of CoNLL-2012: (PER* * *)"""
    different = set(values)
    return all(map(_BRACKETS.fullmatch, different)) and {"(", "*"} <= set("".join(different))


def without_brackets(sentences: Iterable[Sequence[str]]) -> list[list[str]]:
    """RETURNS (list[list[str]]): Sentences' tags (PER* * *) as B-PER I-PER I-PER. A tag whose brackets are wrong stays
    as it is."""
    result: list[list[str]] = []
    label = ""
    for tags in sentences:
        result.append([])
        for place, tag in enumerate(tags):
            opened, closed = tag.strip("()*"), tag.endswith(")")
            if (label and (opened or place == 0)) or (closed and not (opened or label)):
                result[-1].append(tag)
                label = ""
                continue
            result[-1].append(f"B-{opened}" if opened else f"I-{label}" if label else "O")
            label = "" if closed else opened or label
    return result


def looks_like(tag: str) -> str:
    """RETURNS (str): What the tag looks like, if a character of it is another than it seems; else the tag itself."""
    other = re.sub(f"[{INVISIBLE}]", "", tag)
    if re.match(".?[\uff01-\uff5e]", other):
        other = unicodedata.normalize("NFKC", other)
    if len(other) == 1:
        seems = other.translate(_HOMOGLYPHS | {ord("0"): "O"})
        return seems if seems in "Oo" else other
    if match := re.match(rf"(\w)(?:{_DASH}|[-_])(?=.)", other):
        first = match[1].translate(_HOMOGLYPHS | {ord("8"): "B", ord("1"): "I"})
        if re.match("[BILUESMW]", first, re.IGNORECASE):
            other = first + ("_" if other[1] == "_" else "-") + other[2:]
    if not is_tag(other):
        other = re.sub(f"(?<=.){_DASH}(?=[BILUESMW]$)", "-", other)
    return (
        other[:2] + other[2:].translate(_HOMOGLYPHS) if re.search("[A-Za-z]", other[2:]) else other
    )


def difference(tag: str, other: str) -> str:
    """RETURNS (str): The character of a tag that is not what it seems."""
    char, seems = next(((a, b) for a, b in zip(tag, other, strict=False) if a != b), (tag[-1], ""))
    name = {"0": "zero", "\u2010": "typographic hyphen"}.get(char) or unicodedata.name(
        char, "other character"
    ).lower()
    if char in INVISIBLE:
        return f"there is an invisible character in it ({name})"
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name}, not {f'the letter {seems}' if seems.isalpha() else 'a hyphen'}"


def entity_labels(tags: Iterable[str]) -> list[str]:
    """RETURNS (list[str]): The label of each entity of a sentence in BIO, in order."""
    return [tag[2:] for tag in tags if tag[0] == "B"]
