"""Count what was read, written, left out and changed, each under a named reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import UserError, count
from .records import TaggedWords

# Number of places that are kept for each reason
N_PLACES = 3
# Number of rows that a message shows
N_SHOWN = 50
# Unit -> its singular
UNITS = {"rows": "row", "words": "word", "entities": "entity"}
_SIGNS = {"left out": -1, "changed": 0, "added": 1}


class Reason(NamedTuple):
    """Why rows, words or entities were left out, changed or added.

    meaning (str): Describes these rows, words or entities.
    unit (str): What the reason counts: "rows", "words" or "entities".
    effect (str): "left out", "changed" or "added".
    """

    meaning: str
    unit: str
    effect: str


# All reasons. Rows are lines or records that are not empty.
_MEANINGS = {
    ("rows", "left out"): {
        "header": "names of the columns",
        "comment": "comments, or titles above the header",
        "document": "marks of a new document",
        "range": "ranges or empty nodes of CoNLL-U (1-2, 1.1)",
        "no_text": "without a text",
        "rejected": "rejected or ignored by the annotator",
        "unfinished": "not annotated",
        "skip_empty": "without an entity (--skip-empty)",
        "conflict": "in conflict with another annotation of the same text (--conflicts)",
    },
    ("rows", "changed"): {"united": "several annotations of one text, merged"},
    ("words", "left out"): {"white_space": "empty, or white space, which stays in the text"},
    ("words", "changed"): {"stripped": "with a mark, replaced by a space (--strip)"},
    ("words", "added"): {"divided": "parts of a word with white space inside"},
    ("entities", "left out"): {
        "joined": "begin with I-, joined to the entity before them",
        "not_in_text": "outside the text, or empty",
        "other_text": "text given in the file differs from the words at these offsets",
        "no_occurrence": "do not occur in the text",
        "cut": "begin or end inside a word",
        "no_label": "without a label",
        "fragments": "several parts with other words between them",
        "repeated": "repetitions of another entity of the text",
        "nested": "overlap with another entity (--nested)",
        "dropped": "of a label that is dropped (--label)",
    },
    ("entities", "changed"): {
        "begun": "begin with I-, read as B-",
        "trimmed": "white space at the edges, removed",
        "renamed": "of a label that is renamed (--label)",
    },
    ("entities", "added"): {"occurrence": "further occurrences of an entity without offsets"},
}
REASONS = {
    reason: Reason(meaning, *kind)
    for kind, meanings in _MEANINGS.items()
    for reason, meaning in meanings.items()
}


@dataclass
class Report:
    """What happened to the rows, words and entities of a source.

    read (Counter[str]): Numbers of "rows", "words" and "entities" that were read.
    written (Counter[str]): The same numbers of the records that became Docs. White space does not
        count as a word.
    guesses (dict[str, str]): What was detected, such as {"encoding": "utf-8"}.
    warnings (list[str]): Signs of mistakes in the source, with what to do.
    counts (dict[str, Counter[str]]): Reason -> unit -> number left out, changed or added.
    places (dict[str, list[str]]): Reason -> the first places, such as "x.csv, line 3: '2.5'".
    """

    read: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(UNITS, 0)))
    written: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(UNITS, 0)))
    guesses: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def count(self, reason: str, place: str = "", number: int = 1, **more: int) -> None:
        """Count something that was left out, changed or added.

        reason (str): A key of REASONS.
        place (str): Where, such as "x.csv, line 3: '2.5'".
        number (int): How many, in the unit of the reason.
        more (int): Numbers of other units. For example, a row that is left out may have words=12
            and entities=2 that were counted as read.
        """
        if number or more:
            counts = self.counts.setdefault(reason, Counter())
            counts.update({REASONS[reason].unit: number} | more)
            places = self.places.setdefault(reason, [])
            if place and len(places) < N_PLACES:
                places.append(place)

    def merge(self, other: "Report") -> None:
        """Add another report to this one."""
        self.read.update(other.read)
        self.written.update(other.written)
        for name, guess in other.guesses.items():
            before = self.guesses.get(name, guess)
            self.guesses[name] = before if guess in before else f"{before}; {guess}"
        self.warnings += other.warnings
        for reason, counts in other.counts.items():
            self.count(reason, "", 0, **counts)
            self.places[reason] = (self.places[reason] + other.places[reason])[:N_PLACES]

    def finish(self, sentences: Sequence[TaggedWords]) -> None:
        """Count the sentences that are written. Check that read = written + left out - added.

        sentences (Sequence[TaggedWords]): Sentences with tags in BIO.
        RAISES UserError: If a sum is wrong, which is an error in this package.
        """
        for sentence in sentences:
            self.written["rows"] += sentence.rows
            self.written["words"] += sentence.n_words
            self.written["entities"] += sentence.n_entities
        expected = self.read.copy()
        for reason, counts in self.counts.items():
            for unit, number in counts.items():
                expected[unit] += _SIGNS[REASONS[reason].effect] * number
        if expected != self.written:
            raise UserError(
                f"rows, words or entities were lost: {self.read} read, but {self.written} written "
                f"instead of {expected}. This is an error in spacy-bilstm-ner: please report it "
                f"with the file. {self.counts}"
            )

    def lines(self) -> list[str]:
        """Return the report as a few lines of text."""
        lines = [f"Read: {_list(self.read)}", f"Written: {_list(self.written)}"]
        lines += [f"Detected {name}: {guess}" for name, guess in self.guesses.items()]
        for name, counts in self.counts.items():
            meaning, _, effect = REASONS[name]
            places = "; ".join(self.places[name])
            lines.append(f"{effect.capitalize()}: {_list(counts)} ({meaning}). {places}")
        return lines

    def to_frame(self) -> Any:
        """Return a table of what was left out, changed and added.

        RETURNS (pandas.DataFrame): A row for each reason, with the columns reason, effect, rows,
            words, entities and places.
        """
        import pandas

        rows = []
        for name, counts in self.counts.items():
            numbers = map(counts.__getitem__, UNITS)
            rows.append([name, REASONS[name].effect, *numbers, "; ".join(self.places[name])])
        return pandas.DataFrame(rows, columns=["reason", "effect", *UNITS, "places"])


def check_rows(name: str, faults: Sequence[tuple[int, str]], remedy: str) -> None:
    """Check that all rows of a file can be read.

    name (str): Name of the file.
    faults (Sequence[tuple[int, str]]): Line of each row that cannot be read, and why.
    remedy (str): What to do about them.
    RAISES UserError: If there are such rows.
    """
    if faults:
        shown = "\n".join(f"{name}, line {line}: {fault}." for line, fault in faults[:N_SHOWN])
        raise UserError(f"{shown}\n{count(len(faults), 'row')} cannot be read. {remedy}")


def _list(counts: Counter[str]) -> str:
    """Return numbers with their units: "1 row, 2 words"."""
    return ", ".join(count(number, UNITS[unit]) for unit, number in counts.items())
