"""Rows of words and tags, from whatever format → sentences in BIO; and what is wrong with them, all of it at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ..errors import UserError, count
from .options import Options
from .schemes import (
    INVISIBLE,
    OUTSIDE,
    UNKNOWN,
    Scheme,
    difference,
    entity_labels,
    holds_brackets,
    is_tag,
    looks_like,
    without_brackets,
)

# So many places of each kind of fault stand in a message. `--report FILE` has all of them.
SHOWN = 3
# From so many different words on, it is no accident if all of them begin alike.
N_DIFFERENT = 5


class Origin(NamedTuple):
    """Where a sentence stands: the file; the line of its first word, from 1 (the row in Excel and Parquet, the Doc in
    .spacy); the file's own name for the document, "" where it has none; and how many lines further down each next word
    stands, 1 or 0."""

    file: str = ""
    line: int = 0
    document: str = ""
    step: int = 0


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


class Faults(dict[str, list[tuple[str, int, str]]]):
    """All that cannot be read: remedy → file, line and what is wrong there."""

    def check(self) -> None:
        """RAISES FileFaults: If there is any fault."""
        faults = [(*place, remedy) for remedy, places in self.items() for place in places]
        lines = [f"{name}, line {line}: {what}. {remedy}" for name, line, what, remedy in faults]
        if len(lines) == 1:
            raise FileFaults(lines[0], lines)
        names = list(dict.fromkeys(name for name, *_ in faults))
        message = [f"{' and '.join(names)}: {len(lines):,} faults, and nothing was written:"]
        for remedy, places in self.items():
            message.append(f"- {len(places):,} of this kind. {remedy}")
            for name, line, what in places[:SHOWN]:
                message.append(f"    {f'{name}, ' if len(names) > 1 else ''}line {line}: {what}")
            if len(places) > SHOWN:
                message.append("    and more: --report FILE lists every one")
        if lines:
            raise FileFaults("\n".join(message), lines)


@dataclass
class Data:
    """What was read, and what was seen on the way."""

    sentences: list[Sentence] = field(default_factory=list)
    # Rows of the files: a word, a sentence or a text each
    rows: int = 0
    # The files, and how they were read, for stats.json
    source: dict[str, Any] = field(default_factory=dict)
    # What was taken for what
    notes: list[str] = field(default_factory=list)
    # One message of each kind of doubt
    warnings: dict[str, str] = field(default_factory=dict)
    # Each place where an entity's offsets were changed or could not be used
    doubtful: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def warn(self, kind: str, message: str) -> None:
        before = self.warnings.get(kind, message)
        self.warnings[kind] = message if before == message else f"{before}\n{message}"


@dataclass(frozen=True)
class File:
    """One file that is being read: its name in messages, what the user says about it, and where all goes that is found
    in it."""

    name: str
    options: Options
    data: Data

    def fault(self, line: int, what: str, remedy: str) -> None:
        self.data.faults.setdefault(remedy, []).append((self.name, line, what))


@dataclass
class Rows:
    """A word and a tag a row, as they stand in the file; and the file's line on which each row begins."""

    words: list[str]
    tags: list[str]
    lines: Sequence[int]
    # The first row of each sentence, and what the file calls it and its document
    starts: list[int]
    ids: list[str]
    documents: list[str]
    # The name of the tags' column, and whether they may be labels without a letter, such as "PER"
    tag_column: str = "tags"
    labels: bool = True
    # Where not every label was annotated: the line, and those that were
    annotated: dict[int, tuple[str, ...]] = field(default_factory=dict)


def clean(value: str) -> str:
    """RETURNS (str): The value without white space or invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def build_sentences(rows: Rows, file: File) -> None:
    """Check rows, convert their tags to BIO, and add their sentences, and what was seen, to the file's data. If a row
    cannot be read, its fault is added, and no sentence.

    RAISES UserError: If tags are not plain BIO, and the options ask for that.
    """
    name, strict, data = file.name, file.options.strict, file.data
    if not strict and holds_brackets(rows.tags):
        rows.tags = without_brackets(rows.tags, set(rows.starts))
        data.notes.append(f"Tags of {name}: (x* * *) = B-x I-x I-x")
    scheme, wrong = _find_scheme(rows, file.options)
    if wrong or "" in rows.words:
        for word, tag, line in zip(rows.words, rows.tags, rows.lines, strict=True):
            if not word:
                file.fault(line, "there is no word", "Fill in the word, or delete the row.")
            elif tag in wrong:
                file.fault(line, f"the tag of {word!r} is {tag!r}{wrong[tag][0]}", wrong[tag][1])
        return
    if told := scheme.told():
        if strict:
            what = f"--strict takes only the tags O, B-x and I-x, but {told} would have to be read so."
            raise UserError(f"{name}: {what}")
        data.notes.append(f"Tags of {name}: {told}")
    repaired: list[int] = []
    divided: list[int] = []
    different = set(rows.words)
    prefix, *others = {word[: word.find(":") + 1] for word in different} or {""}
    if prefix and not others and len(different) > N_DIFFERENT:
        what = f"every word of {name} begins with {prefix!r}: take it away if it is not part of the words."
        data.warn("prefix", what)
    spaced = {word for word in different if len(word.split()) > 1}
    spans = pairwise([*rows.starts, len(rows.words)])
    for (start, end), number, document in zip(spans, rows.ids, rows.documents, strict=True):
        words = rows.words[start:end]
        tags, changed = scheme.to_bio(rows.tags[start:end])
        repaired += (start + position for position in changed)
        if not spaced.isdisjoint(words):
            divided += (start + i for i, word in enumerate(words) if word in spaced)
            parts = [(tag, len(word.split()) - 1) for word, tag in zip(words, tags, strict=True)]
            tags = [one for tag, n in parts for one in [tag, *["I" + tag[1:] if tag[0] == "B" else tag] * n]]
            words = " ".join(words).split()
        # Of a word a line, unless lines or words are between them that are none of its own
        step = int(rows.lines[end - 1] - rows.lines[start] == end - start - 1 == len(words) - 1)
        origin = Origin(name, rows.lines[start], document, step)
        annotated = rows.annotated.get(origin.line)
        if annotated is not None:
            tags = [UNKNOWN if tag == "O" else tag for tag in tags]
            if other := set(entity_labels(tags)).difference(annotated):
                what = f"it has entities of {', '.join(sorted(other))}, but was annotated for {', '.join(annotated)}"
                file.fault(origin.line, what, 'Name every label in "annotated" that was looked for.')
        data.sentences.append(Sentence(number, tuple(words), tuple(tags), annotated=annotated, origin=origin))
    data.rows += len(rows.words)
    for row in repaired if strict else ():
        what = f"the tag {rows.tags[row]!r} of the word {rows.words[row]!r} follows no entity of its label"
        file.fault(rows.lines[row], what, "Write B- there, or leave out --strict to have entities begin there.")
    for kind, places, noun, message in (
        ("repaired_tags", repaired, "tag", "I-x without an entity of that label before it, read as B-x"),
        ("divided_words", divided, "word", "with white space inside, divided there"),
    ):
        if places:
            place = f"(the first: {name}, line {rows.lines[places[0]]})"
            more = "; --strict makes this an error" if places is repaired else ""
            data.warn(kind, f"{count(len(places), noun)} {message} {place}{more}.")


def _find_scheme(rows: Rows, options: Options) -> tuple[Scheme, dict[str, tuple[str, str]]]:
    """How tags are read; and for each that cannot be read, what is wrong with it and what to do. Where that is asked
    for, tags become what they look like."""
    counts = Counter(rows.tags)
    alike = {tag: other for tag in counts if (other := looks_like(tag)) != tag}
    for tag in counts if all(map(str.isdigit, counts)) else options.outside or ():
        alike.pop(tag, None)
    if alike and options.lookalikes:
        rows.tags = [alike.get(tag, tag) for tag in rows.tags]
        counts, alike = Counter(rows.tags), {}
    scheme = Scheme(counts, labels=rows.labels, outside=options.outside)
    remedy = f"A tag in column {rows.tag_column!r} must be O, B-label or I-label (or of BILUO, BIOES, BMES). "
    outside = [tag for tag in counts if tag.casefold() in OUTSIDE]
    if set(outside) > set(scheme.outside):
        listed = ", ".join(f"{tag!r} ({counts[tag]:,})" for tag in outside)
        remedy += f'Which of these mean "in no entity": {listed}? Say so with --outside, once for each.'
    elif any(len(tag.split()) > 1 and all(map(is_tag, tag.split())) for tag in scheme.rest):
        remedy += "Several in one cell? Give the table a line of names above, such as text and tags."
    elif all(tag.isdigit() for tag in scheme.rest):
        remedy += "These are numbers: write the names that they stand for."
    else:
        remedy += "Correct it, or name another column with --tag-column."
    wrong = {tag: ("", remedy) for tag in scheme.rest if tag not in scheme.parts}
    remedy = "Correct these tags, or say --lookalikes to have them read as what they look like."
    wrong |= {tag: (f": {difference(tag, alike[tag])} (rows with it: {counts[tag]:,})", remedy) for tag in alike}
    return scheme, wrong
