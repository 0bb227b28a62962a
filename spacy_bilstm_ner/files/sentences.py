"""Rows of words and tags, from whatever format → sentences in BIO; and what is wrong with them, all of it at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from ..errors import UserError, count
from .options import Options
from .schemes import INVISIBLE, UNKNOWN, Scheme, entity_labels, holds_brackets, without_brackets

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


class Rows(NamedTuple):
    """A sentence as it stands in the file: its words, a tag and a line for each; what the file calls it and its
    document; and the labels that were annotated, None for all of them."""

    words: Sequence[str]
    tags: Sequence[str]
    lines: Sequence[int]
    id: str
    document: str = ""
    annotated: tuple[str, ...] | None = None


class FileFaults(UserError):
    """The faults of files; `lines` has a line for each."""

    def __init__(self, faults: "Faults"):
        found = [(*place, remedy) for remedy, places in faults.items() for place in places]
        self.lines = [
            f"{name}, line {line}: {what}. {remedy}" for name, line, what, remedy in found
        ]
        names = list(dict.fromkeys(name for name, *_ in found))
        message = [f"{' and '.join(names)}: {len(found):,} faults, and nothing was written:"]
        for remedy, places in faults.items():
            message.append(f"- {len(places):,} of this kind. {remedy}")
            for name, line, what in places[:SHOWN]:
                message.append(f"    {f'{name}, ' if len(names) > 1 else ''}line {line}: {what}")
            if len(places) > SHOWN:
                message.append("    and more: --report FILE lists every one")
        super().__init__(self.lines[0] if len(found) == 1 else "\n".join(message))


class Faults(dict[str, list[tuple[str, int, str]]]):
    """All that cannot be read: remedy → file, line and what is wrong there."""

    def check(self) -> None:
        """RAISES FileFaults: If there is any fault."""
        if self:
            raise FileFaults(self)


@dataclass
class Data:
    """What was read, and what was seen on the way: all readers add to it."""

    file: str = ""  # the name of the one that is being read, for messages
    options: Options = field(default_factory=Options)  # how it is to be read
    notes: list[str] = field(default_factory=list)  # what was taken for what
    warnings: dict[str, str] = field(default_factory=dict)  # one message of each kind of doubt
    doubtful: list[str] = field(
        default_factory=list
    )  # offsets of entities that were changed or could not be used
    faults: Faults = field(default_factory=Faults)
    sentences: list[Sentence] = field(default_factory=list)
    rows: int = 0  # of the files: a word, a sentence or a text each
    source: dict[str, Any] = field(
        default_factory=dict
    )  # the files, and how they were read, for stats.json

    def warn(self, kind: str, message: str) -> None:
        before = self.warnings.get(kind, message)
        self.warnings[kind] = message if before == message else f"{before}\n{message}"

    def fault(self, line: int, what: str, remedy: str) -> None:
        self.faults.setdefault(remedy, []).append((self.file, line, what))

    def add(self, sentence: Sentence, *, rows: int = 1) -> None:
        """Add a sentence that is read from so many rows. Labels that were not looked for are a fault."""
        self.sentences.append(sentence)
        self.rows += rows
        known = sentence.annotated
        if known is not None and (
            other := sorted(set(entity_labels(sentence.tags)).difference(known))
        ):
            what = (
                f"it has entities of {', '.join(other)}, but was annotated for {', '.join(known)}"
            )
            self.fault(
                sentence.origin.line, what, 'Name every label in "annotated" that was looked for.'
            )


def clean(value: str) -> str:
    """RETURNS (str): The value without white space or invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def build_sentences(
    found: list[Rows], data: Data, *, column: str = "tags", labels: bool = True
) -> None:
    """Check sentences, convert their tags to BIO, and add them, and what was seen, to the file's data. If a row cannot
    be read, its fault is added, and no sentence.

    column (str): What the column of tags is called.
    labels (bool): Whether a tag may be a label without a letter, such as "PER".
    RAISES UserError: If tags are not plain BIO, and the options ask for that.
    """
    name, options = data.file, data.options
    if not options.strict and holds_brackets({tag for one in found for tag in one.tags}):
        read = without_brackets([one.tags for one in found])
        found = [one._replace(tags=tags) for one, tags in zip(found, read, strict=True)]
        data.notes.append(f"Tags of {name}: (x* * *) = B-x I-x I-x")
    counts = Counter(chain.from_iterable(one.tags for one in found))
    scheme = Scheme(counts, labels=labels, outside=options.outside)
    wrong = scheme.wrong(column)
    words = {word for one in found for word in one.words}
    if wrong or "" in words:
        for word, tag, line in (
            row for one in found for row in zip(one.words, one.tags, one.lines, strict=True)
        ):
            if not word:
                data.fault(line, "there is no word", "Fill in the word, or delete the row.")
            elif tag in wrong:
                data.fault(line, f"the tag of {word!r} is {tag!r}{wrong[tag][0]}", wrong[tag][1])
        return
    if told := scheme.told():
        if options.strict:
            what = (
                f"--strict takes only the tags O, B-x and I-x, but {told} would have to be read so."
            )
            raise UserError(f"{name}: {what}")
        data.notes.append(f"Tags of {name}: {told}")
    prefix, *others = {word[: word.find(":") + 1] for word in words} or {""}
    if prefix and not others and len(words) > N_DIFFERENT:
        what = f"every word of {name} begins with {prefix!r}: take it away if it is not part of the words."
        data.warn("prefix", what)
    spaced = {word for word in words if len(word.split()) > 1}
    # Lines where an entity goes on that had not begun, and where a word is several
    repaired: list[int] = []
    divided: list[int] = []
    for one in found:
        tags, begun = scheme.to_bio(one.tags)
        repaired += (one.lines[i] for i in begun)
        for i in begun if options.strict else ():
            what = f"the tag {one.tags[i]!r} of the word {one.words[i]!r} follows no entity of its label"
            data.fault(
                one.lines[i],
                what,
                "Write B- there, or leave out --strict to have entities begin there.",
            )
        if one.annotated is not None:
            tags = [UNKNOWN if tag == "O" else tag for tag in tags]
        parts = list(zip(one.words, tags, strict=True))
        if not spaced.isdisjoint(one.words):
            divided += (
                line for word, line in zip(one.words, one.lines, strict=True) if word in spaced
            )
            parts = [
                (part, f"I{tag[1:]}" if i and tag[0] == "B" else tag)
                for word, tag in parts
                for i, part in enumerate(word.split())
            ]
        # Of a word a line, unless lines or words are between them that are none of its own
        step = int(one.lines[-1] - one.lines[0] == len(one.words) - 1 == len(parts) - 1)
        origin = Origin(name, one.lines[0], one.document, step)
        words_of, tags_of = zip(*parts, strict=True)
        data.add(
            Sentence(one.id, words_of, tags_of, None, one.annotated, origin), rows=len(one.words)
        )
    if repaired:
        what = f"{count(len(repaired), 'tag')} I-x without an entity of that label before it, read as B-x"
        data.warn(
            "repaired_tags",
            f"{what} (the first: {name}, line {repaired[0]}); --strict makes this an error.",
        )
    if divided:
        what = f"{count(len(divided), 'word')} with white space inside, divided there"
        data.warn("divided_words", f"{what} (the first: {name}, line {divided[0]}).")
