"""Compare two pipelines on a labelled file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from spacy.training import Example

from ..errors import UserError
from ..files.options import Options
from ..pipe.loading import load_pipeline
from .examples import entity_keys, find_doubts, predict_examples, read_labelled_docs
from .intervals import bootstrap, middle_interval
from .pages import Cell, Section, Table, mark_entities
from .result import Column, Result, percent
from .scores import TOTALS, compute_f, count_outcomes, name_columns

N_SENTENCES = 50


@dataclass(frozen=True)
class Comparison(Result):
    """The F scores of two pipelines, and their difference.

    pipelines (tuple[str, str]): The names of A and B.
    scores (dict[str, dict[str, float | None]]): For each label and each of TOTALS: "a", "b", the
        "difference" B - A, and its 95 % interval "low" and "high".
    examples (tuple[list[Example], list[Example]]): The file, as A and as B predict it.
    """

    pipelines: tuple[str, str]
    file: Path
    scores: dict[str, dict[str, float | None]]
    examples: tuple[list[Example], list[Example]]
    warnings: list[str]

    columns: ClassVar = {
        "label": Column("F in per cent"),
        "a": Column("A", percent),
        "b": Column("B", percent),
        "difference": Column("B - A", percent),
        "low": Column("95 % from", percent),
        "high": Column("to", percent),
    }

    @property
    def title(self) -> str:
        return "A and B compared"

    @property
    def better(self) -> str | None:
        """The better pipeline, "A" or "B"; None if the interval contains zero."""
        total = self.scores[TOTALS[0]]
        if (total["low"] or 0) > 0:
            return "B"
        return "A" if (total["high"] or 0) < 0 else None

    @property
    def verdict(self) -> str:
        """Which pipeline is better, in a sentence."""
        if self.better:
            return f"{self.better} is better."
        return f"{len(self.examples[0]):,} sentences do not show which one is better."

    def summary(self) -> list[str]:
        a, b = self.pipelines
        n_sentences = len(self.examples[0])
        return [f"A: {a}", f"B: {b}", f"{self.file}: {n_sentences:,} sentences", self.verdict]

    def rows(self) -> list[dict[str, Any]]:
        return [{"label": label, **scores} for label, scores in self.scores.items()]

    def figures(self) -> dict[str, Any]:
        return {
            "a": self.pipelines[0],
            "b": self.pipelines[1],
            "file": str(self.file),
            "sentences": len(self.examples[0]),
            "verdict": self.verdict,
            "scores": self.scores,
            "warnings": self.warnings,
        }

    def sections(self) -> Iterator[Section]:
        a, b = self.examples
        yield _show_only_correct(a, b, "A", "B")
        yield _show_only_correct(b, a, "B", "A")


def compare_pipelines(
    a: str, b: str, file: Path, *, seed: int = 0, options: Options | None = None
) -> Comparison:
    """Compare the F scores of two pipelines on a labelled file.

    a, b (str): The folders or names of the pipelines.
    seed (int): Random seed of the bootstrap.
    options (Optional[Options]): How to read the file.
    RAISES UserError: If a pipeline or the file cannot be read, or a pipeline predicts no entity.
    """
    examples = []
    warnings = []
    for name in (a, b):
        nlp = load_pipeline(name)
        predicted = predict_examples(nlp, read_labelled_docs(nlp, file, options))
        if not any(example.predicted.ents for example in predicted):
            raise UserError(f"{name} predicts no entity at all: does it have an entity recogniser?")
        examples.append(predicted)
        warnings += find_doubts(name, nlp, predicted)
    # Counted together, so that both have the same labels
    labels, counts = count_outcomes([*examples[0], *examples[1]])
    n_sentences = len(examples[0])
    # n_sentences × 2 × n_labels × 3
    paired_counts = np.stack([counts[:n_sentences], counts[n_sentences:]], axis=1)
    f_a, f_b = compute_f(paired_counts.sum(axis=0))
    draws = compute_f(bootstrap(paired_counts, seed=seed))
    low, high = middle_interval(draws[:, 1] - draws[:, 0])
    columns = np.stack([f_a, f_b, f_b - f_a, low, high], axis=1)
    rows = name_columns(("a", "b", "difference", "low", "high"), columns)
    scores = dict(zip([*labels, *TOTALS], rows, strict=True))
    return Comparison((a, b), file, scores, (examples[0], examples[1]), warnings)


def _show_only_correct(
    examples: list[Example], rivals: list[Example], name: str, rival_name: str
) -> Section:
    rows = []
    for example, rival in zip(examples, rivals, strict=True):
        gold = entity_keys(example.reference)
        is_correct = entity_keys(example.predicted) == gold
        rival_is_correct = entity_keys(rival.predicted) == gold
        if is_correct and not rival_is_correct:
            rows.append(
                [Cell(mark_entities(example.predicted)), Cell(mark_entities(rival.predicted))]
            )
    title = f"Only {name} is correct: {len(rows):,} sentences"
    if len(rows) > N_SENTENCES:
        title += f", the first {N_SENTENCES}"
    return Section(title, table=Table([name, rival_name], rows[:N_SENTENCES], has_text=True))
