"""Count what `annotate` has done."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..files.texts import Row
from .annotator import Outcome


@dataclass
class Summary:
    """Numbers of texts, entities and errors of a shard or a run.

    n_texts (int): Number of texts that were processed, including those with an error.
    labels (Counter): Number of entities of each label.
    errors (Counter): Number of texts with each kind of error. They were not annotated.
    first_errors (dict): File, row and message of the first error of each kind.
    n_existing (int): Number of texts that had results already.
    failures (list[str]): Shards that could not be annotated, with the error.
    """

    n_texts: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    first_errors: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    n_existing: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, shard_summary: "Summary") -> None:
        """Add what was done in a shard."""
        self.n_texts += shard_summary.n_texts
        self.labels.update(shard_summary.labels)
        self.errors.update(shard_summary.errors)
        for kind, error in shard_summary.first_errors.items():
            self.first_errors[kind] = min(error, self.first_errors.get(kind, error))


def summarize(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> Summary:
    """Count what was done in a shard."""
    summary = Summary(n_texts=len(rows))
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.error is not None:
            kind = outcome.error.partition(":")[0]
            summary.errors[kind] += 1
            summary.first_errors.setdefault(kind, (row.file, row.number, outcome.error))
        summary.labels.update(entity["label"] for entity in outcome.entities or ())
    return summary
