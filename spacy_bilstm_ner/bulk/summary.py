"""What `annotate` has done, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .annotator import Outcome
from .rows import Row


class ErrorKind(NamedTuple):
    """Errors of one kind, with the first of them."""

    n_rows: int
    file: str
    row: int
    message: str


@dataclass
class Summary:
    """What was done: in a part, or in a run.

    errors (dict): The kinds of errors of texts that were not annotated.
    n_existing (int): Parts whose results existed already.
    given_up (list[str]): Parts that failed, and why.
    missing_inputs (list[str]): Inputs of earlier calls that no longer exist. Their results stay.
    """

    n_texts: int = 0
    n_words: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    errors: dict[str, ErrorKind] = field(default_factory=dict)
    n_existing: int = 0
    given_up: list[str] = field(default_factory=list)
    missing_inputs: list[str] = field(default_factory=list)

    @property
    def n_errors(self) -> int:
        return sum(kind.n_rows for kind in self.errors.values())

    def add(self, part: "Summary") -> None:
        """Add what was done in a part."""
        self.n_texts += part.n_texts
        self.n_words += part.n_words
        self.labels.update(part.labels)
        for name, kind in part.errors.items():
            self.add_error(name, kind)

    def add_error(self, name: str, kind: ErrorKind) -> None:
        """Add errors of a kind."""
        previous = self.errors.get(name, kind._replace(n_rows=0))
        first = min(previous, kind, key=lambda errors: (errors.file, errors.row))
        self.errors[name] = first._replace(n_rows=previous.n_rows + kind.n_rows)


def summarize(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> Summary:
    """Count what was done in a part."""
    summary = Summary(n_texts=len(rows))
    for row, outcome in zip(rows, outcomes, strict=True):
        summary.n_words += outcome.n_words
        if outcome.error is not None:
            kind = ErrorKind(1, row.file, row.number, outcome.error)
            summary.add_error(outcome.error.partition(":")[0], kind)
        summary.labels.update(entity.label for entity in outcome.entities or ())
    return summary
