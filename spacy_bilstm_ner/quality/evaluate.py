"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from spacy.training import Example

from ..pipe.loading import load_pipeline
from .examples import find_warnings, predict_examples, read_labelled_docs
from .mistakes import compare_entities, show_mistakes
from .reliability import compute_calibration_error, make_bins, make_curves
from .result import Result, Section
from .scores import (
    CORRECT,
    MISSED,
    TOTALS,
    WRONG,
    compute_f,
    compute_scores,
    count_entities,
    count_outcomes,
    judge_entities,
)

SAMPLE_WARNING = (
    "Trained on the small bundled sample, to show that everything works. "
    "These are not the scores of a useful recogniser."
)
# Packages that can change a score
PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")
N_MISTAKES = 50
FORMATS = {
    "P": ".2%",
    "R": ".2%",
    "F": ".2%",
    "gold": ",.0f",
    "predicted": ",.0f",
    "F, gold tokens": ".2%",
}


@dataclass(kw_only=True)
class Evaluation(Result):
    """The scores of a pipeline.

    facts (dict[str, Any]): Facts about the pipeline and its training, for the JSON file. If the
        meta of the pipeline does not have them, "data" is None, and "config", "seed" and "vectors"
        are missing.
    examples (Sequence[Example]): The sentences with their predictions on raw text.
    """

    facts: dict[str, Any]
    examples: Sequence[Example]

    @property
    def figures(self) -> dict[str, Any]:
        return self.facts | super().figures

    def sections(self) -> Iterator[Section]:
        """Show the confidences and the mistakes."""
        from .plots import draw_confidences

        judged = judge_entities(self.examples)
        if judged["confidence"].notna().any():
            bins = make_bins(judged)
            yield Section(
                "Confidences",
                "On average, confidence and precision differ by "
                f"{compute_calibration_error(bins):.1%}. The first plot divides the entities by "
                f"their confidence into {len(bins)} groups of about equal size, and shows the "
                "precision of each group. The others show precision and recall of the entities "
                "above each confidence.",
                picture=draw_confidences(bins, make_curves(judged)),
            )
        pairs = compare_entities(self.examples)
        mistakes = pairs[(pairs["kind"] != "") & (pairs["predicted"] != "")].head(N_MISTAKES)
        yield Section(
            "Mistakes",
            f"The first {len(mistakes)} wrong entities, in decreasing order of confidence.",
            table=show_mistakes(mistakes),
        )


def evaluate_pipeline(pipeline: str | Path, file: Path) -> Evaluation:
    """Score a pipeline on a labelled file.

    pipeline (Union[str, Path]): The folder or name of a pipeline.
    file (Path): The labelled file, or a folder of such files.
    RAISES UserError: If the pipeline or the file cannot be read.
    """
    nlp = load_pipeline(pipeline)
    docs = read_labelled_docs(nlp, file)
    examples = predict_examples(nlp, docs)
    meta = nlp.meta
    name = f"{meta['lang']}_{meta['name']}"
    data = meta.get("data")
    warnings = find_warnings(name, nlp, examples)
    if data and data.get("kind") == "sample":
        warnings.insert(0, SAMPLE_WARNING)
    trained_on = f", trained on {data['name']}" if data else ""
    facts = {
        "pipeline": name,
        "version": meta["version"],
        "data": data,
        **(meta.get("training") or {}),
        "sentences": len(docs),
        "versions": list_versions(),
    }
    return Evaluation(
        summary=[
            f"{name} {meta['version']}{trained_on}: {len(docs):,} test sentences",
            "Scores in per cent, on raw text and on the tokens of the file (gold tokens). An "
            "entity is correct if its boundaries and its label are.",
        ],
        table=make_table(examples, predict_examples(nlp, docs, gold_tokens=True)),
        formats=FORMATS,
        warnings=warnings,
        facts=facts,
        examples=examples,
    )


def make_table(raw_text: Sequence[Example], gold_tokens: Sequence[Example]) -> pd.DataFrame:
    """Make a table of the scores on raw text, and of F on gold tokens."""
    labels, counts = count_outcomes(raw_text, gold_tokens)
    counts_on_raw_text, counts_on_gold_tokens = counts.sum(axis=0)
    table = pd.DataFrame(compute_scores(counts_on_raw_text), columns=["P", "R", "F"])
    table.insert(0, "label", [*labels, *TOTALS])
    table["gold"] = count_entities(counts_on_raw_text, [CORRECT, MISSED])
    table["predicted"] = count_entities(counts_on_raw_text, [CORRECT, WRONG])
    table["F, gold tokens"] = compute_f(counts_on_gold_tokens)
    return table


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a score."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
