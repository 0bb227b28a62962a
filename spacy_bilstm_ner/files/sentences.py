"""Rows of words and tags, from whatever format → sentences in BIO."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import UserError
from .faults import Faults
from .schemes import Scheme, difference, looks_like

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


@dataclass(frozen=True)
class Options:
    """How a file is to be read. Each is an option of the commands that read files; the defaults find out."""

    format: str | None = None
    encoding: str = "auto"
    bad_bytes: str | None = None
    sep: str | None = None
    no_quotes: bool = False
    member: str | None = None
    sentence_column: Sequence[str] = ()
    word_column: str | None = None
    pos_column: str | None = None
    tag_column: str | None = None
    sentences: str | None = None
    outside: Sequence[str] | None = None
    lookalikes: bool = False
    strict: bool = False


@dataclass
class Data:
    """What was read, and what was seen on the way.

    sentences (list[Sentence]): In the order of the files.
    rows (int): Rows of the files: a word, a sentence or a text each.
    source (dict[str, Any]): The files, and how they were read, for stats.json.
    notes (list[str]): What was taken for what.
    warnings (dict[str, str]): What is doubtful: one message of each kind.
    doubtful (list[str]): Each place where an entity's offsets were changed or could not be used.
    """

    sentences: list[Sentence] = field(default_factory=list)
    rows: int = 0
    source: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)


@dataclass
class Rows:
    """A word and a tag a row, as they stand in the file.

    starts (list[int]): The first row of each sentence.
    ids (list[str]): What the file calls each sentence.
    line (Callable[[int], int]): The line of the file on which a row begins.
    labels (bool): Whether the name of the tags' column allows for labels without a letter, such as "PER".
    documents (list[str]): What the file calls the document of each sentence; empty if it does not say.
    """

    words: list[str]
    tags: list[str]
    starts: list[int]
    ids: list[str]
    line: Callable[[int], int]
    tag_column: str = "the last"
    labels: bool = True
    documents: list[str] = field(default_factory=list)


def clean(value: str) -> str:
    """RETURNS (str): The value without white space or invisible characters at its edges."""
    return value.strip().strip(_INVISIBLE).strip()


def build_sentences(rows: Rows, name: str, options: Options, data: Data) -> None:
    """Check rows, convert their tags to BIO, and add their sentences, and what was seen, to `data`.

    RAISES FileFaults: If a row cannot be read.
    """
    faults = Faults(name, rows.line)
    counts = Counter(rows.tags)
    scheme = _find_scheme(counts, rows, options, faults)
    faulty = set(scheme.faulty())
    for row, word in enumerate(rows.words):
        if not word:
            faults.add(row, "there is no word", "Fill in the word, or delete the row.")
        elif rows.tags[row] in faulty:
            faults.add(row, f"the tag of {word!r} is {rows.tags[row]!r}", _advice(rows, counts, scheme))
    faults.check()
    told = scheme.told()
    if told:
        if options.strict:
            raise UserError(
                f"{name}: --strict takes only the tags O, B-x and I-x, but {told} would have to be read so."
            )
        data.notes.append(f"Tags of {name}: {told}")
    repaired: list[int] = []
    divided: list[int] = []
    for number, start in enumerate(rows.starts):
        end = rows.starts[number + 1] if number + 1 < len(rows.starts) else len(rows.words)
        words = rows.words[start:end]
        tags, changed = scheme.to_bio(rows.tags[start:end])
        repaired += (start + position for position in changed)
        if any(len(word.split()) > 1 for word in words):
            parts = [word.split() for word in words]
            divided += (start + i for i, part in enumerate(parts) if len(part) > 1)
            tags = [t for part, tag in zip(parts, tags, strict=True) for t in _tag_parts(tag, len(part))]
            words = [word for part in parts for word in part]
        origin = Origin(name, rows.line(start), rows.documents[number] if rows.documents else "")
        data.sentences.append(Sentence(rows.ids[number], tuple(words), tuple(tags), origin=origin))
    if repaired:
        first = rows.line(repaired[0])
        if options.strict:
            raise UserError(
                f"{name}, line {first}: the tag {rows.tags[repaired[0]]!r} of the word {rows.words[repaired[0]]!r} "
                f"follows no entity of its label, as {len(repaired):,} in all do. Correct them, or leave out --strict "
                "to have entities begin there."
            )
        data.warnings["repaired_tags"] = (
            f"{len(repaired):,} tags I-x that follow no entity of their label were read as B-x "
            f"(the first: {name}, line {first}); --strict makes this an error."
        )
    if divided:
        data.warnings["divided_words"] = (
            f"{len(divided):,} words with white space inside were divided there "
            f"(the first: {name}, line {rows.line(divided[0])})."
        )
    data.rows += len(rows.words)


def _find_scheme(counts: Counter[str], rows: Rows, options: Options, faults: Faults) -> Scheme:
    """Look-alikes become faults, or what they look like."""
    scheme = Scheme(counts, labels=rows.labels, outside=options.outside)
    alike = {tag: other for tag in counts if (other := looks_like(tag)) != tag}
    if not alike or all(tag.isdigit() for tag in counts):
        return scheme
    if options.lookalikes:
        rows.tags[:] = [alike.get(tag, tag) for tag in rows.tags]
        return Scheme(Counter(rows.tags), labels=rows.labels, outside=options.outside)
    for row, tag in enumerate(rows.tags):
        if tag in alike:
            faults.add(
                row,
                f"the tag {tag!r} has {difference(tag, alike[tag])} ({counts[tag]:,} rows)",
                "Correct these tags, or say --lookalikes to have them read as what they look like.",
            )
            scheme.parts.setdefault(tag, ("O", ""))
    return scheme


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
