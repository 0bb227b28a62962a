"""Score a trained pipeline on the test set, on raw text and on gold tokens."""

import argparse
import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import spacy
import srsly
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.training import Corpus, Example

from ..errors import UserError, run
from scripts.meta import read_meta
from scripts.source import checksum

PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


def predict(nlp: Language, path: Path, *, gold_tokens: bool) -> list[Example]:
    """Read a test set and let the pipeline predict it.

    nlp (Language): The pipeline, whose tokenizer makes the tokens of raw text.
    path (Path): The .spacy file.
    gold_tokens (bool): Give the pipeline the annotators' tokens, not its own tokenizer's.
    RETURNS (list[Example]): The examples, with predictions.
    """
    return annotate(nlp, list(Corpus(path, gold_preproc=gold_tokens)(nlp)))


def annotate(nlp: Language, examples: list[Example]) -> list[Example]:
    """Let the pipeline predict examples.

    nlp (Language): The pipeline.
    examples (list[Example]): Examples whose predicted Docs have tokens only.
    RETURNS (list[Example]): The examples, with predictions.
    """
    docs = nlp.pipe([example.predicted for example in examples])
    return [Example(doc, example.reference) for doc, example in zip(docs, examples, strict=True)]


def score(nlp: Language, examples: list[Example]) -> dict[str, Any]:
    """Score the entities: one counts if its span and its label are right.

    nlp (Language): The pipeline.
    examples (list[Example]): The predicted examples.
    RETURNS (dict[str, Any]): Precision, recall and F, from 0 to 1: "micro" over all entities,
        "macro" as the labels' mean, and for each label; and the numbers of entities.
    """
    result = Scorer(nlp).score(examples)
    gold = Counter(ent.label_ for eg in examples for ent in eg.reference.ents)
    predicted = Counter(ent.label_ for eg in examples for ent in eg.predicted.ents)
    per_type: dict[str, dict[str, float]] = result["ents_per_type"] or {}
    labels = {
        label: {
            **{key: per_type[label][key] for key in "prf"},
            "gold": gold[label],
            "predicted": predicted[label],
        }
        for label in sorted(per_type)
    }
    return {
        "micro": {key: result[f"ents_{key}"] for key in "prf"},
        "macro": {key: mean([scores[key] for scores in labels.values()]) for key in "prf"},
        "labels": labels,
        "gold": gold.total(),
        "predicted": predicted.total(),
    }


def mean(values: list[float]) -> float | None:
    """Take the mean.

    values (list[float]): Numbers.
    RETURNS (float | None): Their mean, or None if there are none.
    """
    return sum(values) / len(values) if values else None


def versions() -> dict[str, str]:
    """Look up what the numbers were made with.

    RETURNS (dict[str, str]): The versions of Python and of the packages that matter.
    """
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def evaluate(pipeline: Path, test: Path) -> dict[str, Any]:
    """Score a pipeline.

    pipeline (Path): The pipeline's folder.
    test (Path): The test set, a .spacy file.
    RETURNS (dict[str, Any]): The scores, and what they were made with.
    RAISES UserError: if the pipeline or the test set is missing, or the set is empty.
    """
    meta = read_meta(pipeline)
    if not test.is_file():
        raise UserError(f"there is no test set {test}: run `spacy project run convert` first")
    nlp = spacy.load(pipeline)
    raw = predict(nlp, test, gold_tokens=False)
    if not raw:
        raise UserError(f"the test set {test} is empty: give the test split more sentences")
    gold = predict(nlp, test, gold_tokens=True)
    return {
        "pipeline": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "data": meta["data"],
        **meta["training"],
        "test": {"sentences": len(raw), "sha256": checksum(test)},
        "raw_text": score(nlp, raw),
        "gold_tokens": score(nlp, gold),
        "versions": versions(),
    }


def summary(metrics: dict[str, Any]) -> str:
    """Put the main scores in a small table.

    metrics (dict[str, Any]): What `evaluate` returns.
    RETURNS (str): Lines of text.
    """
    lines = [
        f"{metrics['pipeline']} {metrics['version']}, trained on {metrics['data']['name']}: "
        f"{metrics['test']['sentences']:,} test sentences",
        f"{'':12}{'P':>8}{'R':>8}{'F':>8}{'gold':>8}",
    ]
    raw = metrics["raw_text"]
    for label, scores in raw["labels"].items():
        lines.append(f"{label:12}{percent(scores)}{scores['gold']:8}")
    lines.append(f"{'all':12}{percent(raw['micro'])}{raw['gold']:8}")
    lines.append(f"{'mean':12}{percent(raw['macro'])}")
    lines.append(f"{'gold tokens':12}{percent(metrics['gold_tokens']['micro'])}")
    return "\n".join(lines)


def percent(scores: dict[str, Any]) -> str:
    """Show precision, recall and F.

    scores (dict[str, Any]): The scores "p", "r" and "f", from 0 to 1, or None.
    RETURNS (str): Three columns.
    """
    return "".join(f"{'-':>8}" if scores[key] is None else f"{scores[key] * 100:8.2f}" for key in "prf")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("test", type=Path)
    for name in ("out", "report", "log", "dev"):
        parser.add_argument(f"--{name}", type=Path)


def execute(args: argparse.Namespace) -> None:
    metrics = evaluate(args.pipeline, args.test)
    srsly.write_json(args.out, metrics)
    print(summary(metrics))
    from . import report
    rows = list(srsly.read_jsonl(args.log))
    nlp = spacy.load(args.pipeline)
    args.report.write_text(report.page(metrics, rows, predict(nlp, args.test, gold_tokens=False)), encoding="utf-8")
