"""Rows of words and tags, from whatever format → sentences in BIO; and what is wrong with them, all of it at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import UserError
from .options import Options
from .schemes import Scheme, difference, looks_like

# So many places of each kind of fault stand in a message. `--report FILE` has all of them.
SHOWN = 3
# Characters without width, which come along when text is copied.
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"


class Origin(NamedTuple):
    """Where a sentence stands: the file; the line of its first word, from 1 (the row in Excel and Parquet, the Doc in
    .spacy); and the file's own name for the document, "" where it has none."""

    file: str = ""
    line: int = 0
    document: str = ""


@dataclass(frozen=True)
class Sentence:
    """One sentence, or one text.

    id (str): What the file calls it.
    words (tuple[str, ...]): Its words, none empty.
    tags (tuple[str, ...]): `O`, `B-x`, `I-x` or `?` (unknown) for each word; every `I-x` follows its own entity.
    spaces (Optional[tuple[bool, ...]]): Whether a space follows each word; None where the file does not say.
    annotated (Optional[tuple[str, ...]]): The labels that were annotated at all; None for all of them. Where they
        are given, what is in no entity has the tag `?`, though none of these labels can stand there.
    origin (Origin): Where it was read. Two sentences are equal wherever they stand.
    """

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    spaces: tuple[bool, ...] | None = None
    annotated: tuple[str, ...] | None = None
    origin: Origin = field(default=Origin(), compare=False)


class FileFaults(UserError):
    """The faults of files; `lines` has a line for each."""

    def __init__(self, message: str, lines: list[str]):
        super().__init__(message)
        self.lines = lines


class Faults:
    """Collects faults. Those of a kind have the same remedy."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[tuple[str, int, str]]] = {}

    def add(self, name: str, line: int, what: str, remedy: str) -> None:
        self.kinds.setdefault(remedy, []).append((name, line, what))

    def check(self) -> None:
        """RAISES FileFaults: If there is any fault."""
        lines = [
            f"{name}, line {line}: {what}. {remedy}"
            for remedy, places in self.kinds.items()
            for name, line, what in places
        ]
        if len(lines) == 1:
            raise FileFaults(lines[0], lines)
        names = list(dict.fromkeys(place[0] for places in self.kinds.values() for place in places))
        message = [f"{' and '.join(names)}: {len(lines):,} faults, and nothing was written:"]
        for remedy, places in self.kinds.items():
            message.append(f"- {len(places):,} of this kind. {remedy}")
            for name, line, what in places[:SHOWN]:
                message.append(f"    {f'{name}, ' if len(names) > 1 else ''}line {line}: {what}")
            if len(places) > SHOWN:
                message.append("    and more: --report FILE lists every one")
        if lines:
            raise FileFaults("\n".join(message), lines)


@dataclass
class Data:
    """What was read, and what was seen on the way.

    sentences (list[Sentence]): In the order of the files.
    rows (int): Rows of the files: a word, a sentence or a text each.
    source (dict[str, Any]): The files, and how they were read, for stats.json.
    notes (list[str]): What was taken for what.
    warnings (dict[str, str]): What is doubtful: one message of each kind.
    doubtful (list[str]): Each place where an entity's offsets were changed or could not be used.
    faults (Faults): What cannot be read.
    """

    sentences: list[Sentence] = field(default_factory=list)
    rows: int = 0
    source: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def warn(self, kind: str, message: str) -> None:
        """Each file that has it adds its message to those of a kind."""
        before = self.warnings.get(kind, message)
        self.warnings[kind] = message if before == message else f"{before}\n{message}"


@dataclass
class Rows:
    """A word and a tag a row, as they stand in the file.

    lines (Sequence[int]): The line of the file on which each row begins.
    starts (list[int]): The first row of each sentence.
    ids (list[str]): What the file calls each sentence.
    documents (list[str]): What it calls the document of each sentence; empty if it does not say.
    tag_column (str): The name of the tags' column.
    labels (bool): Whether tags may be labels without a letter, such as "PER".
    """

    words: list[str]
    tags: list[str]
    lines: Sequence[int]
    starts: list[int]
    ids: list[str]
    documents: list[str] = field(default_factory=list)
    tag_column: str = "tags"
    labels: bool = True


def clean(value: str) -> str:
    """RETURNS (str): The value without white space or invisible characters at its edges."""
    return value.strip().strip(_INVISIBLE).strip()


def build_sentences(rows: Rows, name: str, options: Options, data: Data) -> None:
    """Check rows, convert their tags to BIO, and add their sentences, and what was seen, to `data`. If a row cannot be
    read, its fault is added, and no sentence.

    RAISES UserError: If tags are not plain BIO, and the options ask for that.
    """
    if not rows.words:
        return
    scheme, wrong = _find_scheme(rows, options)
    if wrong or "" in rows.words:
        for word, tag, line in zip(rows.words, rows.tags, rows.lines, strict=True):
            if not word:
                data.faults.add(name, line, "there is no word", "Fill in the word, or delete the row.")
            elif tag in wrong:
                data.faults.add(name, line, f"the tag of {word!r} is {tag!r}{wrong[tag][0]}", wrong[tag][1])
        return
    if told := scheme.told():
        if options.strict:
            raise UserError(
                f"{name}: --strict takes only the tags O, B-x and I-x, but {told} would have to be read so."
            )
        data.notes.append(f"Tags of {name}: {told}")
    repaired: list[int] = []
    divided: list[int] = []
    spaced = {word for word in set(rows.words) if len(word.split()) > 1}
    for number, (start, end) in enumerate(zip(rows.starts, [*rows.starts[1:], len(rows.words)], strict=True)):
        words = rows.words[start:end]
        tags, changed = scheme.to_bio(rows.tags[start:end])
        repaired += (start + position for position in changed)
        if not spaced.isdisjoint(words):
            divided += (start + i for i, word in enumerate(words) if word in spaced)
            tags = [part for word, tag in zip(words, tags, strict=True) for part in _tag_parts(tag, len(word.split()))]
            words = " ".join(words).split()
        origin = Origin(name, rows.lines[start], rows.documents[number] if rows.documents else "")
        data.sentences.append(Sentence(rows.ids[number], tuple(words), tuple(tags), origin=origin))
    data.rows += len(rows.words)
    if options.strict:
        remedy = "Write B- there, or leave out --strict to have entities begin there."
        for row in repaired:
            what = f"the tag {rows.tags[row]!r} of the word {rows.words[row]!r} follows no entity of its label"
            data.faults.add(name, rows.lines[row], what, remedy)
    elif repaired:
        data.warn(
            "repaired_tags",
            f"{len(repaired):,} tags I-x that follow no entity of their label were read as B-x "
            f"(the first: {name}, line {rows.lines[repaired[0]]}); --strict makes this an error.",
        )
    if divided:
        data.warn(
            "divided_words",
            f"{len(divided):,} words with white space inside were divided there "
            f"(the first: {name}, line {rows.lines[divided[0]]}).",
        )


def _find_scheme(rows: Rows, options: Options) -> tuple[Scheme, dict[str, tuple[str, str]]]:
    """RETURNS (tuple[Scheme, dict[str, tuple[str, str]]]): How tags are read; and for each that cannot be read, what is
    wrong with it and what to do. Where that is asked for, tags become what they look like."""
    counts = Counter(rows.tags)
    alike = {tag: other for tag in counts if (other := looks_like(tag)) != tag}
    if all(tag.isdigit() for tag in counts):
        alike = {}
    if alike and options.lookalikes:
        rows.tags = [alike.get(tag, tag) for tag in rows.tags]
        counts, alike = Counter(rows.tags), {}
    scheme = Scheme(counts, labels=rows.labels, outside=options.outside)
    wrong = {tag: ("", _advice(rows, counts, scheme)) for tag in scheme.faulty()}
    remedy = "Correct these tags, or say --lookalikes to have them read as what they look like."
    wrong |= {tag: (f": {difference(tag, alike[tag])} (rows with it: {counts[tag]:,})", remedy) for tag in alike}
    return scheme, wrong


def _advice(rows: Rows, counts: Counter[str], scheme: Scheme) -> str:
    """RETURNS (str): What to do about tags that cannot be read."""
    outside = [tag for tag in counts if tag.casefold() in ("o", "other", "_", "-", "none", "")]
    known = f"A tag in column {rows.tag_column!r} must be O, B-label or I-label (or of BILUO, BIOES, BMES)"
    if (not scheme.outside and len(outside) > 1) or (scheme.outside and set(outside) - set(scheme.outside)):
        listed = ", ".join(f"{tag!r} ({counts[tag]:,})" for tag in outside)
        return f'{known}. Which of these mean "in no entity": {listed}? Say so with --outside, once for each.'
    if all(tag.isdigit() for tag in scheme.rest):
        return f"{known}. These are numbers: write the names that they stand for."
    return f"{known}. Correct it, or name another column with --tag-column."


def _tag_parts(tag: str, count: int) -> list[str]:
    """RETURNS (list[str]): The tags of the parts of one word."""
    return [tag] + ["I" + tag[1:] if tag[0] == "B" else tag] * (count - 1)
