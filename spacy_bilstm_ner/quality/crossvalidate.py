"""Estimate how good a pipeline trained on a labelled file will be, by cross-validation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .folds import PARTS, FoldedCorpus, predict_folds, train_folds
from .intervals import bootstrap, middle_interval
from .pages import Section
from .plots import draw_learning_curve
from .result import Column, Result, number, percent
from .scores import FALSE_NEGATIVE, TOTALS, TRUE_POSITIVE, compute_f, count_outcomes, name_columns

# The parts of a learning curve, the largest first
CURVE_PARTS = ("fold", "two-thirds", "third")


@dataclass(frozen=True)
class CrossValidation(Result):
    """F of sentences that were not trained on.

    scores (dict[str, dict[str, float]]): For each label and each of TOTALS: "f" with its 95 %
        interval "low" and "high", and the number of "gold" entities.
    curve (list[dict[str, float]]): F of all entities by the number of training "sentences"; empty
        if it was not measured.
    gain (tuple[float, float, float] | None): What the last third of the sentences adds to F, with
        its 95 % interval.
    """

    corpus: FoldedCorpus
    scores: dict[str, dict[str, Any]]
    curve: list[dict[str, Any]]
    gain: tuple[float, float, float] | None
    warnings: list[str]

    columns: ClassVar = {
        "label": Column(""),
        "f": Column("F", percent),
        "low": Column("95 % from", percent),
        "high": Column("to", percent),
        "gold": Column("entities", number),
    }

    @property
    def title(self) -> str:
        return f"{self.corpus.file.name} in {len(self.corpus.folds)} folds"

    def summary(self) -> list[str]:
        lines = [
            f"{self.corpus.file}: {len(self.corpus.docs):,} sentences in {len(self.corpus.folds)} "
            "folds, F in per cent on sentences not trained on"
        ]
        if self.gain:
            lines.append(describe_gain(*self.gain))
        return lines

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for label, scores in self.scores.items():
            rows.append({"label": label, **scores})
        for point in self.curve:
            label = f"all, trained on {point['sentences']:,}"
            rows.append({"label": label, "gold": None, **point})
        return rows

    def figures(self) -> dict[str, Any]:
        return {
            "file": str(self.corpus.file),
            "folds": len(self.corpus.folds),
            "seed": self.corpus.seed,
            "scores": self.scores,
            "curve": self.curve,
        }

    def sections(self) -> Iterator[Section]:
        if self.curve:
            picture = draw_learning_curve(self.curve)
            yield Section("Would more data help?", pictures=[picture])


def crossvalidate_folds(corpus: FoldedCorpus, *, with_curve: bool = True) -> CrossValidation:
    """Train the pipelines that are missing, and score each on the fold that it has not seen.

    with_curve (bool): Whether to train on a third and two thirds of the data as well.
    RAISES UserError: If a training fails.
    """
    parts = CURVE_PARTS if with_curve else CURVE_PARTS[:1]
    train_folds(corpus, parts)
    draws: dict[str, NDArray] = {}
    intervals: dict[str, list[dict[str, Any]]] = {}
    labels: list[str] = []
    for part in reversed(parts):
        labels, counts = count_outcomes(predict_folds(corpus, part))
        # The same seed draws the same sentences for each part, so that differences are paired.
        draws[part] = compute_f(bootstrap(counts, seed=corpus.seed))
        intervals[part] = compute_intervals(counts, draws[part])
    # The counts are those of the last part, "fold".
    gold = counts[..., [TRUE_POSITIVE, FALSE_NEGATIVE]].sum(axis=(0, 2))
    n_gold = int(gold.sum())
    scores = {}
    rows = zip([*labels, *TOTALS], intervals["fold"], [*gold.tolist(), n_gold, n_gold], strict=True)
    for label, interval, n_entities in rows:
        scores[label] = {**interval, "gold": n_entities}
    if not with_curve:
        return CrossValidation(corpus, scores, [], None, [])
    curve = []
    train_size = np.mean([len(fold.train) for fold in corpus.folds])
    for part in reversed(parts):
        total = intervals[part][-len(TOTALS)]
        curve.append({"sentences": round(train_size * PARTS[part]), **total})
    total_draws = draws["fold"][:, -2] - draws["two-thirds"][:, -2]
    low, high = middle_interval(total_draws)
    gain = (curve[-1]["f"] - curve[-2]["f"], float(low), float(high))
    return CrossValidation(corpus, scores, curve, gain, [])


def describe_gain(gain: float, low: float, high: float) -> str:
    """Say what the last third of the sentences adds, from the difference of F and its interval."""
    answer = "More data would help" if low > 0 else "It is not certain that more data would help"
    return (
        f"{answer}: the last third of the sentences adds {gain * 100:+.1f} points "
        f"({low * 100:+.1f} to {high * 100:+.1f})"
    )


def compute_intervals(counts: NDArray, draws: NDArray) -> list[dict[str, Any]]:
    """Compute F of each label and of TOTALS with 95 % intervals: "f", "low", "high"."""
    columns = np.stack([compute_f(counts.sum(axis=0)), *middle_interval(draws)], axis=1)
    return name_columns(("f", "low", "high"), columns)
