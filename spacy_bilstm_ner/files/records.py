"""Types that readers return: words with tags, or texts with spans, each with its origin."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

# The tag of a word that may or may not be in an entity
UNKNOWN = "?"


class Content(NamedTuple):
    """One file, unpacked, or one data frame.

    name (str): The name in messages: the path, and for a zip the name of the file in it.
    path (Path): The path of the file, which may be in a folder that the user gave.
    raw (Union[bytes, pandas.DataFrame]): Its bytes, or the data frame.
    text (str): The bytes decoded, with "\\n" at the end of each line; "" for a binary format.
    encoding (str): Name of the encoding; "" for a binary format.
    """

    name: str
    path: Path
    raw: Any
    text: str = ""
    encoding: str = ""


class Origin(NamedTuple):
    """Where a sentence or text was read.

    file (str): Name of the file.
    line (int): Line of the first word, from 1. It is the number of the row in Excel, Parquet and
        data frames, of the record if several JSON records are on one line or inside an object, and
        of the Doc in a .spacy file that `convert` has not written. It is always 1 in brat.
    document (str): Id of the document or record, or the line on which the document begins; "" if
        it is in no document.
    step (int): Word i is on line `line + step * i`. 0 if all words are on one line.
    lines (Sequence[int]): Line of each word; empty if `step` says it.
    """

    file: str = ""
    line: int = 0
    document: str = ""
    step: int = 0
    lines: Sequence[int] = ()

    def place(self) -> str:
        """Return the file and line, for messages."""
        return f"{self.file}, line {self.line}"

    def line_of(self, word: int) -> int:
        """Return the line of a word."""
        return self.lines[word] if self.lines else self.line + self.step * word


class TaggedWords(NamedTuple):
    """A sentence of words with tags.

    Readers return the words and tags as they are in the file. `sentences.build` turns the tags into
    BIO: `O`, `B-x`, `I-x` or `?` (unknown).

    words (tuple[str, ...]): n words.
    tags (tuple[str, ...]): n tags.
    spaces (Optional[tuple[bool, ...]]): For each word, whether a space follows; None if unknown.
    annotated (Optional[tuple[str, ...]]): The labels that were looked for, see `TextWithSpans`.
    origin (Origin): Where the sentence was read.
    number (str): Id or number of the sentence; may be empty. The tutorial's split sorts by it.
    rows (int): Number of rows of the file that became this sentence.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    spaces: tuple[bool, ...] | None = None
    annotated: tuple[str, ...] | None = None
    origin: Origin = Origin()
    number: str = ""
    rows: int = 1

    def place(self, word: int) -> str:
        """Return a word with its file and line, for messages."""
        return f"{self.origin.file}, line {self.origin.line_of(word)}: {self.words[word]!r}"

    @property
    def n_words(self) -> int:
        """Number of words that are not white space."""
        return len(self.words) - sum(map(str.isspace, self.words))

    @property
    def n_entities(self) -> int:
        """Number of entities of a sentence with tags in BIO."""
        return sum(tag[0] == "B" for tag in self.tags)


class Reading(NamedTuple):
    """What the offsets of a file count.

    unit (str): "characters", "words" or "utf16" (Windows, Java, JavaScript).
    end_inclusive (bool): Whether the end is the last unit of the entity. Otherwise, it is the unit
        after it.
    shift (int): Number that is added to each offset.
    """

    unit: str
    end_inclusive: bool
    shift: int


class Span(NamedTuple):
    """An entity of a text.

    start, end (int): Offsets as they are in the file; in characters, with the end exclusive, after
        `offsets.locate`.
    label (Optional[str]): The label as it is in the file; None for an entity that was left out. The
        tags of its words are then unknown.
    text (Optional[str]): The entity's text according to the file; None if it has none.
    """

    start: int
    end: int
    label: str | None
    text: str | None


class TextWithSpans(NamedTuple):
    """A text and its entities.

    text (str): The text.
    spans (tuple[Span, ...]): Its entities, in the order of the file; they may overlap.
    annotated (Optional[tuple[str, ...]]): The labels that were looked for; None for all labels, an
        empty tuple if entities of any label may be missing (binary answers).
    origin (Origin): Where the text was read.
    rows (int): Number of records of the file that became this text.
    word_offsets (Optional[tuple[tuple[int, int], ...]]): Start and end of each word in characters.
        The text is then the words of the file, joined by blanks. None if the tokenizer finds the
        words.
    reading (Reading): What the offsets of the spans count.
    """

    text: str
    spans: tuple[Span, ...]
    annotated: tuple[str, ...] | None
    origin: Origin
    rows: int
    word_offsets: tuple[tuple[int, int], ...] | None
    reading: Reading


Records = list[TaggedWords] | list[TextWithSpans]
