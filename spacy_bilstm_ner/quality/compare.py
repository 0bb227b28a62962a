"""Compare two pipelines on a labelled file."""

from pathlib import Path

import pandas as pd

from ..files.reading import read_docs
from ..pipe.loading import load_pipeline
from .examples import find_warnings, predict_examples
from .intervals import bootstrap, percentile_interval
from .result import Result
from .scores import ALL, TOTALS, compute_f, count_outcomes


def compare_pipelines(a: str, b: str, file: Path) -> Result:
    """Compare the F scores of two pipelines on a labelled file.

    a, b (str): The folders or names of the pipelines.
    RAISES UserError: If a pipeline or the file cannot be read.
    """
    predictions = []
    warnings = []
    for name in (a, b):
        nlp = load_pipeline(name)
        examples = predict_examples(nlp, read_docs(file, nlp))
        predictions.append(examples)
        warnings += find_warnings(name, nlp, examples)
    labels, counts = count_outcomes(*predictions)
    f_a, f_b = compute_f(counts.sum(axis=0))
    draws = compute_f(bootstrap(counts))
    low, high = percentile_interval(draws[:, 1] - draws[:, 0])
    names = [*labels, *TOTALS]
    columns = {"label": names, "A": f_a, "B": f_b, "B - A": f_b - f_a, "95 % from": low, "to": high}
    size = f"{len(counts):,} sentences"
    verdict = f"{size} do not show which one is better."
    if low[ALL] > 0:
        verdict = "B is better."
    if high[ALL] < 0:
        verdict = "A is better."
    return Result(
        summary=[f"A: {a}", f"B: {b}", f"F on {file} ({size})", verdict],
        table=pd.DataFrame(columns),
        warnings=warnings,
    )
