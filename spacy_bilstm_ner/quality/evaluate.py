"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import argparse
import hashlib
import json
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ..errors import UserError, banner, printable, reading
from ..files.options import Options, get_options
from ..loading import load_pipeline
from . import reliability
from .pages import add_outputs, as_text, check_outputs, write
from .plots import Log
from .reading import add_file, add_pipeline, doubts, labelled_docs, predict_docs, seen
from .report import SAMPLE_WARNING, report, score_rows
from .scores import score

PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.epilog = "example: python -m spacy_bilstm_ner evaluate en_gmb_bilstm test.csv --report report.html"
    add_pipeline(parser)
    add_file(parser)
    add_outputs(parser)
    parser.add_argument("--log", type=Path, metavar="JSONL", help="the training log, for the page's curves")
    parser.add_argument("--dev", type=Path, metavar="FILE", help="the development set, for the page's confidences")


def execute(args: argparse.Namespace) -> None:
    """Run `evaluate`: print the scores, and write them and the page where asked."""
    if (args.log or args.dev) and not args.report:
        raise UserError("--log and --dev are for the report: say with --report where to write it")
    log = read_log(args.log) if args.log else None
    check_outputs(args)
    nlp = load_pipeline(args.pipeline)
    metrics, examples = measure(nlp, args.file, get_options(args))
    print(printable(summary(metrics)))
    for warning in warnings(metrics):
        print(printable(warning), file=sys.stderr)
    html = ""
    if args.report:
        dev = predict_docs(nlp, labelled_docs(nlp, args.dev)) if args.dev else examples
        html = report(metrics, examples, log=log, confidence=reliability.measure(dev))
    write(metrics, html, args.out, args.report)


def measure(nlp: Language, test: Path, options: Options | None = None) -> tuple[dict[str, Any], list[Example]]:
    """Score a loaded pipeline on a labelled file: the scores, and the examples predicted on raw text.

    Where its meta does not have them, "data" is None, and "config", "seed" and "vectors" are absent.
    """
    docs = labelled_docs(nlp, test, options)
    files = sorted(filter(Path.is_file, test.iterdir())) if test.is_dir() else [test]
    raw, meta = predict_docs(nlp, docs), nlp.meta
    metrics = {
        "pipeline": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "data": meta.get("data"),
        **(meta.get("training") or {}),
        "test": {"sentences": len(docs), "sha256": hashlib.sha256(b"".join(map(Path.read_bytes, files))).hexdigest()},
        "seen": seen(nlp, docs),
        "raw_text": score(raw),
        "gold_tokens": score(predict_docs(nlp, docs, gold_tokens=True)),
        "versions": versions(),
    }
    return metrics, raw


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that can change a score."""
    found = {name: version(name) if find_spec(name.replace("-", "_")) else "not installed" for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def read_log(path: Path) -> Log:
    """Read the rows that spaCy's ConsoleLogger.v3 wrote; a UserError if the file is missing or damaged."""
    with reading(path, maker="spacy train"):
        rows: Log = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if not rows or not all(isinstance(row, dict) and {"step", "losses", "scores"} <= row.keys() for row in rows):
            raise ValueError("expected rows with step, losses and scores, as [training.logger] output_file gets them")
    return rows


def summary(metrics: dict[str, Any]) -> str:
    """Show the main scores as a small table."""
    trained = f", trained on {metrics['data']['name']}" if metrics["data"] else ""
    name, sentences = f"{metrics['pipeline']} {metrics['version']}", metrics["test"]["sentences"]
    return f"{name}{trained}: {sentences:,} test sentences\n{as_text(*score_rows(metrics))}"


def warnings(metrics: dict[str, Any]) -> list[str]:
    """List what nobody should miss who reads these scores."""
    found = []
    if (metrics["data"] or {}).get("kind") == "sample":
        found.append(banner(SAMPLE_WARNING))
    labels = metrics["raw_text"]["labels"]
    gold, predicted = ({label for label, each in labels.items() if each[side]} for side in ("gold", "predicted"))
    return found + doubts(metrics["pipeline"], gold=gold, predicted=predicted, share=metrics.get("seen"))
