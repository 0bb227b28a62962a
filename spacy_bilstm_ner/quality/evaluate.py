"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from spacy.language import Language
from spacy.training import Example

from ..files.options import Options
from ..pipe.loading import load_pipeline
from .examples import find_doubts, predict_examples, read_labelled_docs
from .mistakes import compare_entities, count_confusions, show_mistakes
from .reliability import compute_auc, compute_calibration_error, make_bins, make_curves
from .result import Result, Section
from .scores import TOTALS, judge_entities, score_examples

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

    metrics (dict[str, Any]): The scores ("raw_text" and "gold_tokens", see `score_examples`), and
        facts about the pipeline and its training. If the meta of the pipeline does not have them,
        "data" is None, and "config", "seed" and "vectors" are missing.
    """

    metrics: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        return self.metrics


def evaluate_pipeline(
    pipeline: str | Path | Language,
    file: Path,
    *,
    options: Options | None = None,
) -> Evaluation:
    """Score a pipeline on a labelled file.

    pipeline (Union[str, Path, Language]): A pipeline, its folder, or the name of an installed one.
    file (Path): The labelled file, or a folder of such files.
    options (Optional[Options]): How to read the file.
    RAISES UserError: If the pipeline or the file cannot be read.
    """
    nlp = pipeline if isinstance(pipeline, Language) else load_pipeline(pipeline)
    docs = read_labelled_docs(nlp, file, options)
    examples = predict_examples(nlp, docs)
    raw_text = score_examples(examples)
    gold_tokens = score_examples(predict_examples(nlp, docs, gold_tokens=True))
    meta = nlp.meta
    name = f"{meta['lang']}_{meta['name']}"
    data = meta.get("data")
    warnings = find_doubts(name, nlp, examples)
    if data and data.get("kind") == "sample":
        warnings.insert(0, SAMPLE_WARNING)
    title = f"{name} {meta['version']}"
    trained_on = f", trained on {data['name']}" if data else ""
    metrics = {
        "pipeline": name,
        "version": meta["version"],
        "data": data,
        **(meta.get("training") or {}),
        "test": {"sentences": len(docs)},
        "raw_text": raw_text,
        "gold_tokens": gold_tokens,
        "versions": list_versions(),
        "warnings": warnings,
    }
    return Evaluation(
        title=title,
        summary=[f"{title}{trained_on}: {len(docs):,} test sentences"],
        table=make_table(raw_text, gold_tokens),
        formats=FORMATS,
        metrics=metrics,
        warnings=warnings,
        sections=partial(make_sections, metrics, examples),
    )


def make_table(raw_text: dict[str, Any], gold_tokens: dict[str, Any]) -> pd.DataFrame:
    """Make a table of the scores on raw text, and of F on gold tokens."""
    rows = []
    for label, scores in raw_text["labels"].items():
        f_gold_tokens = gold_tokens["labels"].get(label, {}).get("f")
        rows.append([label, *scores.values(), f_gold_tokens])
    for label, kind in zip(TOTALS, ("micro", "macro"), strict=True):
        numbers = (raw_text["gold"], raw_text["predicted"]) if kind == "micro" else (None, None)
        rows.append([label, *raw_text[kind].values(), *numbers, gold_tokens[kind]["f"]])
    return pd.DataFrame(rows, columns=["label", *FORMATS])


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a score."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def make_sections(metrics: dict[str, Any], examples: Sequence[Example]) -> Iterator[Section]:
    """Make the parts of the page below the table of scores."""
    from .plots import draw_curves, draw_reliability

    versions = ", ".join(f"{name} {value}" for name, value in metrics["versions"].items())
    yield Section(
        "About the scores",
        note="Scores are in per cent. An entity is correct if its boundaries and its label are. "
        "P, R and F are on raw text, which spaCy's tokenizer splits. Gold tokens are those of the "
        f"file. Made with {versions}.",
    )
    judged = judge_entities(examples)
    curves = make_curves(judged)
    if curves:
        bins = make_bins(judged)
        error = compute_calibration_error(bins)
        note = f"On average, confidence and precision differ by {error:.1%}. "
        auc = compute_auc(judged)
        if auc:
            note += f"In {auc:.0%} of pairs, the correct entity is surer than the wrong one (AUC). "
        note += (
            f"The first plot shows the precision of {len(bins)} groups of equal size, the others "
            "precision and recall of the entities above a confidence."
        )
        pictures = [draw_reliability(bins), draw_curves(curves)]
        yield Section("Confidences", note=note, pictures=pictures)
    pairs = compare_entities(examples)
    yield Section(
        "Confusions",
        note="For each annotated label (rows): the predicted label of the same or overlapping "
        "words (columns).",
        table=count_confusions(pairs),
    )
    mistakes = pairs[(pairs["kind"] != "") & (pairs["predicted"] != "")].head(N_MISTAKES)
    yield Section(
        "Mistakes",
        note=f"The first {len(mistakes)} wrong entities, in decreasing order of confidence.",
        table=show_mistakes(mistakes),
    )
