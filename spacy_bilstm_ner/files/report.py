"""Count what was read, written, left out and changed, each under a named reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import UserError, count
from .records import TaggedWords

# Number of places that are kept for each reason
N_PLACES = 3
# Unit -> its singular
UNITS = {"rows": "row", "words": "word", "entities": "entity"}
EFFECTS = {-1: "left out", 0: "changed", 1: "added"}


class Reason(NamedTuple):
    """Why rows, words or entities were left out or changed.

    sentence (str): What the rows, words or entities are.
    unit (str): What the reason counts first: "rows", "words" or "entities".
    effect (int): What happens to the number written: -1 left out, 0 changed, 1 added.
    """

    sentence: str
    unit: str
    effect: int = -1


# Every reason there is. Rows are lines or records that are not empty.
REASONS = {
    # Rows
    "header": Reason("names of the columns", "rows"),
    "title": Reason("titles or comments above the header", "rows"),
    "comment": Reason("comments", "rows"),
    "document": Reason("marks of a new document", "rows"),
    "range": Reason("ranges or empty nodes of CoNLL-U (1-2, 1.1)", "rows"),
    "no_text": Reason("without a text", "rows"),
    "rejected": Reason("rejected or ignored by the annotator", "rows"),
    "unfinished": Reason("not annotated", "rows"),
    "other_annotation": Reason("further annotations of a text, after the first", "rows"),
    "skip_empty": Reason("without an entity (--skip-empty)", "rows"),
    "conflict": Reason("in contradiction to an annotation of the same text (--conflicts)", "rows"),
    "united": Reason("several passes over one text, united", "rows", 0),
    # Words
    "white_space": Reason("white space, kept between the words", "words"),
    "divided": Reason("parts of a word with white space inside", "words", 1),
    "piece": Reason("pieces of a word, joined to it (--strip)", "words"),
    "stripped": Reason("with a mark, removed (--strip)", "words", 0),
    # Entities
    "begun": Reason("begin with I-, read as B-", "entities", 0),
    "joined": Reason("continue an entity (I-), joined to it", "entities"),
    "not_in_text": Reason("outside the text, or empty", "entities"),
    "other_text": Reason("with a text of their own that differs from the words there", "entities"),
    "no_occurrence": Reason("do not occur in the text", "entities"),
    "occurrence": Reason("further occurrences of an entity without offsets", "entities", 1),
    "cut": Reason("begin or end inside a word", "entities"),
    "widened": Reason("widened to whole words", "entities", 0),
    "trimmed": Reason("white space at the edges, removed", "entities", 0),
    "no_label": Reason("without a label", "entities"),
    "fragments": Reason("several parts with other words between them", "entities"),
    "repeated": Reason("repetitions of another entity of the text", "entities"),
    "nested": Reason("overlap with another entity (--nested)", "entities"),
    "dropped": Reason("of a label that is dropped (--label)", "entities"),
    "renamed": Reason("of a label that is renamed (--label)", "entities", 0),
}


class AccountError(UserError):
    """Rows, words or entities were lost without a reason: an error in this package."""


@dataclass
class Report:
    """What happened to the rows, words and entities of a source.

    Each step makes a report of its own; `merge` adds them up. White space never counts as a word.

    rows_read, words_read, entities_read (int): Counted by the readers. Words and entities of rows
        that are left out count if they were read.
    rows_written, words_written, entities_written (int): Counted in the records that became Docs.
    guesses (dict[str, str]): What was detected: name (such as "encoding") -> what it was taken for.
    warnings (list[str]): Doubts about the source, each a sentence with a remedy.
    counts (dict[str, dict[str, int]]): Reason -> unit -> number left out, changed or added.
    places (dict[str, list[str]]): Reason -> the first places, such as "x.csv, line 3: '2.5'".
    """

    rows_read: int = 0
    words_read: int = 0
    entities_read: int = 0
    rows_written: int = 0
    words_written: int = 0
    entities_written: int = 0
    guesses: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def count(self, reason: str, place: str = "", number: int = 1, **more: int) -> None:
        """Count something that was left out, changed or added.

        reason (str): A key of REASONS.
        place (str): Where, such as "x.csv, line 3: '2.5'".
        number (int): How many, in the unit of the reason.
        more (int): Further units, such as words=12, entities=2 of a row that is left out after it
            was read.
        """
        if not (number or more):
            return
        counts = self.counts.setdefault(reason, dict.fromkeys(UNITS, 0))
        counts[REASONS[reason].unit] += number
        for unit, more_of_unit in more.items():
            counts[unit] += more_of_unit
        places = self.places.setdefault(reason, [])
        if place and len(places) < N_PLACES:
            places.append(place)

    def merge(self, other: Report) -> Report:
        """Return the sum of two reports."""
        total = Report()
        for report in (self, other):
            for unit in UNITS:
                for side in ("read", "written"):
                    name = f"{unit}_{side}"
                    setattr(total, name, getattr(total, name) + getattr(report, name))
            for name, guess in report.guesses.items():
                before = total.guesses.get(name, guess)
                total.guesses[name] = before if guess in before else f"{before}; {guess}"
            for warning in report.warnings:
                if warning not in total.warnings:
                    total.warnings.append(warning)
            for reason, counts in report.counts.items():
                total.count(reason, "", 0, **counts)
                total.places[reason] += report.places.get(reason, [])
                del total.places[reason][N_PLACES:]
        return total

    def count_written(self, sentences: Sequence[TaggedWords]) -> None:
        """Count the rows, words and entities of sentences with tags in BIO."""
        for sentence in sentences:
            self.rows_written += sentence.rows
            self.words_written += sentence.n_words
            self.entities_written += sentence.n_entities

    def check(self) -> None:
        """Check that read = written + left out - added, for rows, words and entities.

        RAISES AccountError: If not.
        """
        for unit in UNITS:
            n_read = getattr(self, f"{unit}_read")
            n_written = getattr(self, f"{unit}_written")
            expected = n_read
            for reason, counts in self.counts.items():
                expected += REASONS[reason].effect * counts[unit]
            if n_written != expected:
                raise AccountError(
                    f"{unit} are lost: {n_read:,} were read, and {n_written:,} written instead of "
                    f"{expected:,}. This is an error in spacy-bilstm-ner: please report it with "
                    f"the file. {self.counts}"
                )

    def lines(self) -> list[str]:
        """Return the report as a few lines of text."""
        lines = []
        for side in ("read", "written"):
            numbers = [count(getattr(self, f"{unit}_{side}"), UNITS[unit]) for unit in UNITS]
            lines.append(f"{side.capitalize()}: {', '.join(numbers)}")
        for name, guess in self.guesses.items():
            lines.append(f"Detected {name}: {guess}")
        for reason, counts in self.counts.items():
            sentence, unit, effect = REASONS[reason]
            places = "; ".join(self.places[reason])
            number = count(counts[unit], UNITS[unit])
            lines.append(f"{EFFECTS[effect].capitalize()}: {number} ({sentence}). {places}")
        return lines

    def to_frame(self) -> Any:
        """Return a table with a row for each number: what was read and written, and each reason.

        RETURNS (pandas.DataFrame): Columns reason, rows, words, entities, effect, places.
        """
        import pandas

        table: list[dict[str, Any]] = []
        for side in ("read", "written"):
            numbers = {unit: getattr(self, f"{unit}_{side}") for unit in UNITS}
            table.append({"reason": side, **numbers, "effect": "", "places": ""})
        for reason, counts in self.counts.items():
            effect = EFFECTS[REASONS[reason].effect]
            places = "; ".join(self.places[reason])
            table.append({"reason": reason, **counts, "effect": effect, "places": places})
        return pandas.DataFrame(table)
