"""Estimate how good a pipeline trained on a labelled file will be, by cross-validation."""

import pandas as pd

from .folds import TRAIN_SHARES, FoldedCorpus, predict_folds, train_folds
from .intervals import bootstrap, percentile_interval
from .result import Result
from .scores import ALL, CORRECT, MISSED, TOTALS, compute_f, count_entities, count_outcomes


def crossvalidate_folds(corpus: FoldedCorpus, *, with_curve: bool = True) -> Result:
    """Train the pipelines that are missing, and score each on its held-out fold.

    with_curve (bool): Whether to also train on two thirds of the data, to show whether more data
        would help.
    RAISES UserError: If a training fails.
    """
    parts = list(TRAIN_SHARES) if with_curve else ["fold"]
    train_folds(corpus, parts)
    labels, counts = count_outcomes(*(predict_folds(corpus, part) for part in parts))
    # total: n_parts × n_labels × 3. f: n_parts × (n_labels + 2)
    total = counts.sum(axis=0)
    f = compute_f(total)
    draws = compute_f(bootstrap(counts))
    low, high = percentile_interval(draws)
    # The last part is "fold", so these are the scores of pipelines trained on all other folds.
    table = pd.DataFrame({"label": [*labels, *TOTALS], "F": f[-1]})
    table["95 % from"], table["to"] = low[-1], high[-1]
    table["entities"] = count_entities(total[-1], [CORRECT, MISSED])
    summary = [
        f"{corpus.file}: {len(corpus.docs):,} sentences in {len(corpus.folds)} folds, F on "
        "held-out sentences"
    ]
    if with_curve:
        low_gain, high_gain = percentile_interval(draws[:, 1, ALL] - draws[:, 0, ALL])
        gain = f[1, ALL] - f[0, ALL]
        answer = "More data would help" if low_gain > 0 else "More data may not help"
        summary.append(
            f"{answer}: the last third of the sentences adds {100 * gain:+.1f} points "
            f"({100 * low_gain:+.1f} to {100 * high_gain:+.1f})"
        )
    return Result(summary=summary, table=table)
