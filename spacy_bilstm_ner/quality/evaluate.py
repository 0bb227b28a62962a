"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import argparse
import hashlib
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.training import Example

from ..errors import UserError
from ..files.options import Options
from ..pipe.loading import load_pipeline
from ..system.whole import generated_file
from .pages import check_outputs, percent, present
from .plots import Log
from .reading import doubts, labelled_docs, predict_docs
from .report import page_parts
from .scores import TOTALS, percents, score

SAMPLE_WARNING = (
    "Trained on the small bundled sample: it shows that everything works. "
    "These are not the scores of a useful recogniser."
)
PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


def execute(args: argparse.Namespace) -> None:
    """Run `evaluate`: print the scores, and write them and the page where asked."""
    if (args.log or args.dev) and not args.report:
        raise UserError("--log and --dev are for the report: say with --report where to write it")
    log = read_log(args.log) if args.log else None
    check_outputs(args)
    nlp = load_pipeline(args.pipeline)
    metrics, examples = measure(nlp, args.file)
    dev = predict_docs(nlp, labelled_docs(nlp, args.dev)) if args.dev else examples
    tell(
        metrics,
        parts=page_parts(metrics, examples, dev=dev, log=log),
        out=args.out,
        report=args.report,
    )


def measure(
    nlp: Language, test: Path, options: Options | None = None
) -> tuple[dict[str, Any], list[Example]]:
    """Score a loaded pipeline on a labelled file: the scores, and the examples predicted on raw text.

    Where its meta does not have them, "data" is None, and "config", "seed" and "vectors" are absent.
    """
    docs = labelled_docs(nlp, test, options)
    files = sorted(filter(Path.is_file, test.iterdir())) if test.is_dir() else [test]
    raw, meta = predict_docs(nlp, docs), nlp.meta
    name, sample = (
        f"{meta['lang']}_{meta['name']}",
        (meta.get("data") or {}).get("kind") == "sample",
    )
    metrics = {
        "pipeline": name,
        "version": meta["version"],
        "data": meta.get("data"),
        **(meta.get("training") or {}),
        "test": {
            "sentences": len(docs),
            "sha256": hashlib.sha256(b"".join(map(Path.read_bytes, files))).hexdigest(),
        },
        "raw_text": score(raw),
        "gold_tokens": score(predict_docs(nlp, docs, gold_tokens=True)),
        "versions": versions(),
        "warnings": [SAMPLE_WARNING] * sample + doubts(name, nlp, raw),
    }
    return metrics, raw


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that can change a score."""
    found = {
        name: version(name) if find_spec(name.replace("-", "_")) else "not installed"
        for name in PACKAGES
    }
    return {"python": platform.python_version(), **found}


def read_log(path: Path) -> Log:
    """Read the rows that spaCy's ConsoleLogger.v3 wrote; a UserError if the file is missing or damaged."""
    with generated_file(path, command="spacy train"):
        rows: Log = list(srsly.read_jsonl(path))
        if not rows or not all(
            isinstance(row, dict) and {"step", "losses", "scores"} <= row.keys() for row in rows
        ):
            raise ValueError(
                "expected rows with step, losses and scores, as [training.logger] output_file gets them"
            )
    return rows


def tell(
    metrics: dict[str, Any],
    *,
    lines: Sequence[str] = (),
    parts: Iterable[str] = (),
    out: Path,
    report: Path | None = None,
) -> None:
    """Show what `measure` has found, and more lines and parts of a page; see `present`."""
    raw, gold = metrics["raw_text"], metrics["gold_tokens"]
    named = [
        (label, scores, gold["labels"].get(label, {})) for label, scores in raw["labels"].items()
    ]
    named += zip(
        TOTALS, (raw | raw["micro"], raw["macro"]), (gold["micro"], gold["macro"]), strict=True
    )
    rows = []
    for label, scores, on_gold in named:
        numbers = [f"{scores[key]:,}" if key in scores else "" for key in ("gold", "predicted")]
        rows.append([label, *percents(scores), *numbers, percent(on_gold.get("f"), 2)])
    title = f"{metrics['pipeline']} {metrics['version']}"
    trained = f", trained on {metrics['data']['name']}" if metrics["data"] else ""
    present(
        title,
        [f"{title}{trained}: {metrics['test']['sentences']:,} test sentences", *lines],
        ["", "P", "R", "F", "gold", "predicted", "F, gold tokens"],
        rows,
        metrics,
        parts=parts,
        out=out,
        report=report,
    )
