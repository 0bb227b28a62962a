"""Estimate how good a pipeline trained on a labelled file will be, by cross-validation."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from .folds import PARTS, FoldedCorpus, predict_folds, train_folds
from .intervals import bootstrap, percentile_interval
from .result import Result, Section
from .scores import CORRECT, MISSED, TOTALS, compute_f, count_outcomes

FORMATS = {"F": ".1%", "95 % from": ".1%", "to": ".1%", "entities": ",.0f"}


def crossvalidate_folds(corpus: FoldedCorpus, *, with_curve: bool = True) -> Result:
    """Train the pipelines that are missing, and score each on its held-out fold.

    with_curve (bool): Whether to compute a learning curve, with pipelines that are trained on a
        third and on two thirds of the data.
    RAISES UserError: If a training fails.
    """
    parts = list(PARTS) if with_curve else ["fold"]
    train_folds(corpus, parts)
    n_train = np.mean([len(fold.train) for fold in corpus.folds])
    draws = {}
    points = []
    for part in parts:
        labels, counts = count_outcomes(predict_folds(corpus, part))
        # The same seed gives the same samples for each part, so that differences are paired.
        draws[part] = compute_f(bootstrap(counts, seed=corpus.seed))
        f, interval = compute_f(counts.sum(axis=0)), percentile_interval(draws[part])
        points.append([round(n_train * PARTS[part]), f[-2], *interval[:, -2]])
    # The last part is "fold", so these are the scores of pipelines trained on all other folds.
    n_gold = counts[..., [CORRECT, MISSED]].sum(axis=(0, 2))
    table = pd.DataFrame({"label": [*labels, *TOTALS], "F": f, "95 % from": interval[0]})
    table["to"] = interval[1]
    table["entities"] = [*n_gold, n_gold.sum(), n_gold.sum()]
    curve = pd.DataFrame(points, columns=["sentences", "f", "low", "high"])
    n_folds = len(corpus.folds)
    summary = [
        f"{corpus.file}: {len(corpus.docs):,} sentences in {n_folds} folds, F in per cent on "
        "held-out sentences"
    ]
    if with_curve:
        gains = draws["fold"][:, -2] - draws["two-thirds"][:, -2]
        low, high = percentile_interval(gains)
        summary.append(describe_gain(points[-1][1] - points[-2][1], low, high))
    return Result(
        title=f"{corpus.file.name} in {n_folds} folds",
        summary=summary,
        table=table,
        formats=FORMATS,
        sections=partial(make_sections, curve),
    )


def describe_gain(gain: float, low: float, high: float) -> str:
    """Describe how much F gains from the last third of the sentences, with the interval."""
    answer = "More data would help" if low > 0 else "It is not certain that more data would help"
    return (
        f"{answer}: the last third of the sentences adds {gain * 100:+.1f} points "
        f"({low * 100:+.1f} to {high * 100:+.1f})"
    )


def make_sections(curve: pd.DataFrame) -> Iterator[Section]:
    """Draw the learning curve, if there is more than one point."""
    from .plots import draw_learning_curve

    if len(curve) > 1:
        yield Section(
            "Would more data help?",
            pictures=[draw_learning_curve(curve)],
            table=curve.round(3),
        )
