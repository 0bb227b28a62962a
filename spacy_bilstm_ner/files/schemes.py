"""Read the tags of any scheme as BIO: `O`, `B-x`, `I-x`, and `?` for unknown."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from .records import UNKNOWN

# Tags that mean "in no entity", in any case. The empty one does only if no other is used.
OUTSIDE = ("o", "other", "_", "-", "none", "")
# A label. "B-per|B-org" are several, and "B-per" is a label that has been tagged twice.
_LABEL = r"(?P<label>(?![BI]-)(?!.*[\s;|,/+]\s*[BILUESMW]-|.*[;|,]\s*O$)\S(?:.*\S)?)"
# The letter of a tag comes before its label, or after it, or alone.
_PATTERNS = [
    re.compile(f"(?P<letter>[BILUESMW])[-_]{_LABEL}", re.IGNORECASE),
    re.compile(f"{_LABEL}[-_](?P<letter>[BILUESMW])", re.IGNORECASE),
    re.compile(r"(?P<letter>[BILUESMW])(?P<label>)", re.IGNORECASE),
]
# The label of entities if the tags are B, I and O alone
BARE_LABEL = "ENTITY"
# Letter of a scheme -> letter of BILUO
_LETTERS = dict(zip("BILUESMW", "BILULUIU", strict=True))
# Parts of speech. A column of them is never read as labels.
_POS_TAGS = (
    "NN NNS NNP NNPS VB VBD VBZ VBG VBN VBP DT IN JJ RB CC CD PRP NOUN PROPN VERB ADJ ADV ADP DET "
    "PRON AUX CCONJ SCONJ NUM PART PUNCT ART APPR VVFIN ADJA ADJD"
)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-")
_DIGITS = str.maketrans("081", "OBI")
# Characters without width, which come along when text is copied
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\xad"
_HOMOGLYPHS = str.maketrans(
    "АВЕКМНОРСТХІасеорхуіΑΒΕΖΗΙΚΜΝΟΡΤΥΧοՕ〇○", "ABEKMHOPCTXIaceopxyiABEZHIKMNOPTYXoOOO"
)
# An entity that begins, ends, both or neither, as CoNLL-2012 writes it
_BRACKETS = re.compile(r"\([^\s()*]+\*?\)*|\*\)*")


class Scheme:
    """How the tags of a file are read.

    tags (Counter[str]): The different tags of the file, and how often each occurs.
    outside (Optional[Sequence[str]]): The tags that mean "outside"; None to detect them.

    `parts` has the letter of each tag (B, I, L, U, O, ?; P for a label without a letter) and its
    label, "" for O and ?. Tags that cannot be read are not in it. Source of BILUO: Ratinov and Roth
    (2009), "Design challenges and misconceptions in named entity recognition".
    """

    def __init__(self, tags: Counter[str], outside: Sequence[str] | None = None) -> None:
        self.counts = tags
        self.outside = _find_outside(tags) if outside is None else list(outside)
        self.parts: dict[str, tuple[str, str]] = dict.fromkeys(self.outside, ("O", ""))
        self.parts[UNKNOWN] = ("?", "")
        self.in_entities = [tag for tag in tags if tag not in self.parts]
        self.seems: dict[str, str] = {}
        if not all(map(str.isdigit, tags)):
            self.seems = {tag: looks_like(tag) for tag in tags if looks_like(tag) != tag}
        for tag in outside or ():
            self.seems.pop(tag, None)
        lettered = self._with_letters()
        if lettered:
            self.parts |= lettered
        elif self.outside and not holds_pos(self.in_entities):
            self.parts |= self._without_letters(outside)
        for tag in self.seems:
            self.parts.pop(tag, None)

    def _with_letters(self) -> dict[str, tuple[str, str]]:
        """Return the parts of tags such as B-per, per-B or B."""
        for pattern in _PATTERNS:
            parts = {}
            for tag in self.in_entities:
                if match := pattern.fullmatch(tag):
                    letter = _LETTERS[match["letter"].upper()]
                    parts[tag] = (letter, match["label"] or BARE_LABEL)
            letters = {letter for letter, _ in parts.values()}
            # E-MAIL is a label, not the end of an entity: a scheme has beginnings.
            if letters & {"B", "I"} or ("U" in letters and len(parts) == len(self.in_entities)):
                return parts
        return {}

    def _without_letters(self, outside: Sequence[str] | None) -> dict[str, tuple[str, str]]:
        """Return the parts of labels such as PER.

        A second tag that may mean "outside" is a label only if the user has said which one does.
        """
        parts = {}
        for tag in self.in_entities:
            is_doubtful = tag.casefold() in OUTSIDE and not (outside and tag.isalpha())
            is_cut = re.fullmatch("[BI][-_].*|[LUESMW][-_]", tag, re.IGNORECASE)
            if not (is_doubtful or is_cut or _BRACKETS.fullmatch(tag)):
                parts[tag] = ("P", tag)
        return parts

    def unread(self) -> dict[str, tuple[str, str]]:
        """Return for each tag that cannot be read: the fault, and the remedy."""
        remedy = self._remedy()
        unread = {tag: ("", remedy) for tag in self.counts if tag not in self.parts}
        for tag, other in self.seems.items():
            fault = f": {difference(tag, other)} (rows with it: {self.counts[tag]:,})"
            unread[tag] = (fault, "Correct these tags.")
        return unread

    def _remedy(self) -> str:
        remedy = "A tag must be O, B-label or I-label (or of BILUO, BIOES, BMES)."
        outside = [tag for tag in self.counts if tag.casefold() in OUTSIDE]
        frequent, n_frequent = self.counts.most_common(1)[0]
        if set(outside) > set(self.outside):
            listed = ", ".join(f"{tag!r} ({self.counts[tag]:,})" for tag in outside)
            options = " ".join(f'--outside "{tag}"' for tag in outside)
            return f'{remedy} If all of these mean "in no entity": {listed}, use {options}'
        if all(map(str.isdigit, self.in_entities)):
            return f"{remedy} These are numbers: name them, as in --tag-names O,B-PER,I-PER."
        if 2 * n_frequent > self.counts.total() and frequent not in self.parts:
            return f'{remedy} If {frequent!r} means "in no entity", use --outside "{frequent}"'
        return f"{remedy} Correct it, or name another column with --tag-column."

    def description(self) -> str:
        """Return how tags are read, with an example of each letter; "" if they are plain BIO."""
        examples = {f"O {tag}": f"{tag!r} = O" for tag in self.outside if tag != "O"}
        for tag in self.in_entities:
            letter, label = self.parts[tag]
            bio = {"L": f"I-{label}", "U": f"B-{label}", "P": f"B-{label} I-{label} …"}
            meaning = bio.get(letter, f"{letter}-{label}")
            if meaning != tag:
                examples.setdefault(letter, f"{tag!r} = {meaning}")
        return ", ".join(examples.values())

    def to_bio(self, tags: Sequence[str]) -> tuple[list[str], list[int]]:
        """Convert the tags of one sentence, all of which can be read.

        RETURNS (tuple[list[str], list[int]]): `O`, `B-x`, `I-x` or `?` for each word, and the words
            with an I- or L- tag at which an entity begins.
        """
        bio: list[str] = []
        begun: list[int] = []
        open_label = ""  # label of the entity that may continue
        for position, tag in enumerate(tags):
            letter, label = self.parts[tag]
            begins = letter in "BU" or open_label != label
            bio.append(f"{'B' if begins else 'I'}-{label}" if label else letter)
            if label and begins and letter in "IL":
                begun.append(position)
            open_label = label if letter in "BIP" else ""
        return bio, begun


def _find_outside(tags: Iterable[str]) -> list[str]:
    """Return the tag that means "outside"; none if two spellings are used."""
    candidates = [tag for tag in tags if tag.casefold() in OUTSIDE]
    plain = [tag for tag in candidates if tag in ("O", "o")]
    outside = plain or list(filter(None, candidates)) or candidates
    return outside if len(set(map(str.casefold, outside))) == 1 else []


def is_tag(text: str) -> bool:
    """Return whether a value is plainly a tag: `O`, or a letter of a scheme with a label."""
    if text in ("O", "o", UNKNOWN):
        return True
    return bool(_PATTERNS[0].fullmatch(text) or _PATTERNS[1].fullmatch(text))


def holds_pos(values: Iterable[str]) -> bool:
    """Return whether most values are parts of speech, or features such as Case=Nom."""
    different = set(values)
    features = [value for value in different if re.match(r"\w+=", value)]
    return len(different.intersection(_POS_TAGS.split())) + len(features) > 0.4 * len(different)


def holds_brackets(values: Iterable[str]) -> bool:
    """Return whether all values are brackets of CoNLL-2012: (PER* * *)."""
    different = set(values)
    return all(map(_BRACKETS.fullmatch, different)) and {"(", "*"} <= set("".join(different))


def without_brackets(tags: Sequence[str]) -> list[str]:
    """Return a sentence's tags (PER* * *) as B-PER I-PER I-PER. Unbalanced ones remain."""
    bio = []
    label = ""
    for position, tag in enumerate(tags):
        opened = tag.strip("()*")
        closes = tag.endswith(")")
        is_unbalanced = closes and not (opened or label)
        if is_unbalanced or (label and opened):
            bio.append(tag)
            label = ""
            continue
        inside = f"I-{label}" if label and position else "O"
        bio.append(f"B-{opened}" if opened else inside)
        label = "" if closes else opened or label
    if label and bio:
        bio[-1] = tags[-1]
    return bio


def looks_like(tag: str) -> str:
    """Return the tag that this tag looks like, or itself if its characters are what they seem."""
    visible = tag.translate(dict.fromkeys(map(ord, INVISIBLE)))
    if not is_tag(visible):
        visible = visible.translate(_DASHES)
    head = unicodedata.normalize("NFKC", visible[:2]).translate(_HOMOGLYPHS)
    if not is_tag(visible):
        head = head.translate(_DIGITS)
    label = visible[2:]
    if re.search("[A-Za-z]", label):
        label = label.translate(_HOMOGLYPHS)
    return head + label if is_tag(head + label) else tag


def difference(tag: str, other: str) -> str:
    """Return a description of the first character of a tag that is not what it seems."""
    position = 0
    while position < len(other) and tag[position] == other[position]:
        position += 1
    char = tag[position]
    names = {"0": "zero", "\u2010": "typographic hyphen"}
    name = names.get(char) or unicodedata.name(char, "other character").lower()
    if char in INVISIBLE:
        return f"it has an invisible character ({name})"
    article = "an" if name[0] in "aeiou" else "a"
    seems = other[position]
    meant = f"the letter {seems}" if seems.isalpha() else "a hyphen"
    return f"{article} {name}, not {meant}"


def entity_labels(tags: Iterable[str]) -> list[str]:
    """Return the label of each entity of a sentence in BIO, in order."""
    return [tag[2:] for tag in tags if tag[0] == "B"]
