"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import argparse
import hashlib
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ..errors import UserError, banner
from . import reliability
from .pages import save
from .plots import Log
from .reading import labelled_docs, load_pipeline, predict, predict_docs
from .report import SAMPLE_WARNING, report
from .scores import percents, score

PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate` to its parser."""
    parser.description = __doc__
    parser.add_argument("pipeline", metavar="PIPELINE", help="a pipeline's folder, or an installed one's name")
    parser.add_argument("file", metavar="FILE", type=Path, help="a .spacy file, or a CSV with a tag for each word")
    parser.add_argument("--out", type=Path, metavar="JSON", help="write the scores to this file")
    parser.add_argument("--report", type=Path, metavar="HTML", help="write a report to this file")
    parser.add_argument("--log", type=Path, metavar="JSONL", help="the training log, for the report's curves")
    parser.add_argument("--dev", type=Path, metavar="FILE", help="the development set, for the plots of confidences")


def execute(args: argparse.Namespace) -> None:
    """Run `evaluate`: print the scores, and write them and the report where asked."""
    if (args.log or args.dev) and not args.report:
        raise UserError("--log and --dev are for the report: say with --report where to write it")
    log = read_log(args.log) if args.log else None
    nlp = load_pipeline(args.pipeline)
    metrics, examples = measure(nlp, args.file)
    print(summary(metrics))
    for warning in warnings(metrics):
        print(warning, file=sys.stderr)
    html = ""
    if args.report:
        confidence = reliability.measure(predict(nlp, args.dev, gold_tokens=False)) if args.dev else None
        html = report(metrics, examples, log=log, confidence=confidence)
    # Nothing is written before everything is known.
    if args.out:
        save(args.out, json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
        print(f"Scores: {args.out}")
    if args.report:
        save(args.report, html)
        print(f"Report: {args.report}")


def evaluate(pipeline: str | Path, test: Path) -> dict[str, Any]:
    """Score a pipeline, given by its folder or name, on a labelled file, see `measure`.

    RAISES UserError: if the pipeline or the file is missing or cannot be used.
    """
    return measure(load_pipeline(pipeline), test)[0]


def measure(nlp: Language, test: Path) -> tuple[dict[str, Any], list[Example]]:
    """Score a loaded pipeline on a labelled file.

    RETURNS (tuple): The scores, and the examples predicted on raw text. Where the meta of the pipeline does not have
        them, "data" is None, and "config", "seed" and "vectors" are absent.
    RAISES UserError: if the file is missing or cannot be used.
    """
    docs = labelled_docs(nlp, test)
    raw, gold = (predict_docs(nlp, docs, gold_tokens=gold_tokens) for gold_tokens in (False, True))
    meta = nlp.meta
    metrics = {
        "pipeline": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "data": meta.get("data"),
        **(meta.get("training") or {}),
        "test": {"sentences": len(docs), "sha256": hashlib.sha256(test.read_bytes()).hexdigest()},
        "raw_text": score(raw),
        "gold_tokens": score(gold),
        "versions": versions(),
    }
    return metrics, raw


def versions() -> dict[str, str]:
    """Look up the versions of Python and of the packages that can change a score."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_log(path: Path) -> Log:
    """Read the rows that spaCy's ConsoleLogger.v3 wrote; a UserError if the file is missing or something else."""
    if not path.is_file():
        raise UserError(
            f"there is no training log {path}: `spacy train` writes it if [training.logger] has output_file"
        )
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        complete = rows != [] and all({"epoch", "step", "losses", "scores", "score"} <= row.keys() for row in rows)
    except (ValueError, AttributeError):
        complete = False
    if not complete:
        raise UserError(f"{path} is no training log: expected rows with epoch, step, losses, scores and score")
    return rows


def summary(metrics: dict[str, Any]) -> str:
    """Show the main scores as a small table of text."""
    trained = f", trained on {metrics['data']['name']}" if metrics["data"] else ""
    raw = metrics["raw_text"]
    width = max(12, *(len(label) + 1 for label in raw["labels"]))
    rows = [(label, scores, scores["gold"]) for label, scores in raw["labels"].items()]
    rows += [("all", raw["micro"], raw["gold"]), ("mean", raw["macro"], "")]
    rows += [("gold tokens", metrics["gold_tokens"]["micro"], "")]
    lines = [
        f"{metrics['pipeline']} {metrics['version']}{trained}: {metrics['test']['sentences']:,} test sentences",
        f"{'':{width}}{'P':>8}{'R':>8}{'F':>8}{'gold':>8}",
    ]
    for name, scores, gold in rows:
        lines.append(f"{name:{width}}{''.join(f'{cell:>8}' for cell in percents(scores))}{gold:>8}".rstrip())
    return "\n".join(lines)


def warnings(metrics: dict[str, Any]) -> list[str]:
    """List what nobody should miss who reads these scores."""
    found = []
    if (metrics["data"] or {}).get("kind") == "sample":
        found.append(banner(SAMPLE_WARNING))
    raw = metrics["raw_text"]
    never = [label for label, scores in raw["labels"].items() if not scores["predicted"]]
    if not raw["predicted"]:
        found.append("Warning: the pipeline predicts no entity at all: does it have an entity recogniser?")
    elif never:
        found.append(f"Warning: the pipeline predicts no entity with these labels of the file: {', '.join(never)}")
    return found
