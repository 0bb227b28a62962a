"""Score any spaCy pipeline with entities on a labelled file."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from spacy.training import Example

from ..files.reading import read_docs
from ..pipe.loading import load_pipeline
from .curves import make_curves
from .examples import find_warnings, predict_examples
from .mistakes import compare_entities
from .result import Result
from .scores import (
    CORRECT,
    MISSED,
    TOTALS,
    WRONG,
    compute_scores,
    count_entities,
    count_outcomes,
    judge_entities,
)

# Packages that can change a score
PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


def evaluate_pipeline(pipeline: str | Path, file: Path) -> Result:
    """Score a pipeline on a labelled file.

    pipeline (str | Path): The folder or name of a pipeline.
    file (Path): The labelled file, or a folder of such files.
    RETURNS (Result): `metadata` is about the pipeline and its training. The entries on the training
        come from the meta of the pipeline. If it has none, "data" is None, and "config", "seed" and
        "vectors" are missing.
    RAISES UserError: If the pipeline or the file cannot be read.
    """
    nlp = load_pipeline(pipeline)
    docs = read_docs(file, nlp)
    examples = predict_examples(nlp, docs)
    meta = nlp.meta
    data = meta.get("data")
    trained_on = f", trained on {data['name']}" if data else ""
    judged = judge_entities(examples)
    has_confidences = judged["confidence"].notna().any()
    pairs = compare_entities(examples)
    return Result(
        summary=[
            f"{pipeline} {meta['version']}{trained_on}: {len(docs):,} test sentences",
            "Scores on raw text. An entity is correct if its boundaries and its label are.",
        ],
        table=make_table(examples),
        warnings=find_warnings(str(pipeline), nlp, examples),
        metadata={
            "pipeline": f"{meta['lang']}_{meta['name']}",
            "version": meta["version"],
            "data": data,
            **(meta.get("training") or {}),
            "sentences": len(docs),
            "versions": list_versions(),
        },
        mistakes=pairs[(pairs["kind"] != "") & (pairs["predicted"] != "")],
        curves=make_curves(judged) if has_confidences else {},
    )


def make_table(examples: Sequence[Example]) -> pd.DataFrame:
    """Make a table of the scores of each label."""
    labels, counts = count_outcomes(examples)
    totals = counts.sum(axis=(0, 1))
    table = pd.DataFrame(compute_scores(totals), columns=["P", "R", "F"])
    table.insert(0, "label", [*labels, *TOTALS])
    table["gold"] = count_entities(totals, [CORRECT, MISSED])
    table["predicted"] = count_entities(totals, [CORRECT, WRONG])
    return table


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a score."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
