"""Score any spaCy pipeline with entities on a labelled file, on raw text and on gold tokens."""

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import srsly
from spacy.language import Language
from spacy.training import Example

from ..files.options import Options
from ..pipe.loading import load_pipeline
from ..system.whole import generated_file
from .examples import find_doubts, predict_examples, read_labelled_docs
from .pages import Section
from .plots import Log
from .report import make_sections
from .result import Column, Result, number, precise_percent
from .scores import TOTALS, score_examples

SAMPLE_WARNING = (
    "Trained on the small bundled sample: it shows that everything works. "
    "These are not the scores of a useful recogniser."
)
PACKAGES = ("spacy-bilstm-ner", "spacy", "thinc", "torch", "numpy")


@dataclass(frozen=True)
class Evaluation(Result):
    """The scores of a pipeline.

    metrics (dict[str, Any]): The scores ("raw_text", "gold_tokens"; see `score_examples`) and what
        they are of. "data" is None, and "config", "seed" and "vectors" are absent, if the
        pipeline's meta does not have them.
    examples (list[Example]): The file, predicted on raw text.
    dev_examples (list[Example]): The examples from which the reliability is measured.
    log (Log | None): The training log.
    """

    metrics: dict[str, Any]
    examples: list[Example]
    dev_examples: list[Example]
    log: Log | None

    columns: ClassVar = {
        "label": Column(""),
        "p": Column("P", precise_percent),
        "r": Column("R", precise_percent),
        "f": Column("F", precise_percent),
        "gold": Column("gold", number),
        "predicted": Column("predicted", number),
        "f_gold_tokens": Column("F, gold tokens", precise_percent),
    }

    @property
    def title(self) -> str:
        return f"{self.metrics['pipeline']} {self.metrics['version']}"

    @property
    def warnings(self) -> list[str]:  # type: ignore[override]
        return self.metrics["warnings"]

    def summary(self) -> list[str]:
        data = self.metrics["data"]
        trained_on = f", trained on {data['name']}" if data else ""
        n_sentences = self.metrics["test"]["sentences"]
        return [f"{self.title}{trained_on}: {n_sentences:,} test sentences"]

    def rows(self) -> list[dict[str, Any]]:
        raw = self.metrics["raw_text"]
        gold_tokens = self.metrics["gold_tokens"]
        rows = []
        for label, scores in raw["labels"].items():
            scores_on_gold = gold_tokens["labels"].get(label, {})
            rows.append({"label": label, **scores, "f_gold_tokens": scores_on_gold.get("f")})
        numbers = {"gold": raw["gold"], "predicted": raw["predicted"]}
        no_numbers = {"gold": None, "predicted": None}
        for label, kind, counts in zip(
            TOTALS, ("micro", "macro"), (numbers, no_numbers), strict=True
        ):
            f_gold_tokens = gold_tokens[kind]["f"]
            rows.append({"label": label, **raw[kind], **counts, "f_gold_tokens": f_gold_tokens})
        return rows

    def figures(self) -> dict[str, Any]:
        return self.metrics

    def sections(self) -> Iterator[Section]:
        return make_sections(
            self.metrics, self.examples, dev_examples=self.dev_examples, log=self.log
        )


def evaluate_pipeline(
    pipeline: str | Path | Language,
    file: Path,
    *,
    dev: Path | None = None,
    log: Path | None = None,
    options: Options | None = None,
) -> Evaluation:
    """Score a pipeline on a labelled file.

    pipeline (Union[str, Path, Language]): A pipeline, its folder, or the name of an installed one.
    file (Path): The labelled file, or a folder of such files.
    dev (Optional[Path]): A labelled file for the page's confidences; None uses `file`.
    log (Optional[Path]): The log of the training, for the page's curves.
    options (Optional[Options]): How to read the files.
    RAISES UserError: If the pipeline or a file cannot be read.
    """
    training_log = read_training_log(log) if log else None
    nlp = pipeline if isinstance(pipeline, Language) else load_pipeline(pipeline)
    docs = read_labelled_docs(nlp, file, options)
    examples = predict_examples(nlp, docs)
    examples_on_gold = predict_examples(nlp, docs, gold_tokens=True)
    dev_examples = examples
    if dev:
        dev_examples = predict_examples(nlp, read_labelled_docs(nlp, dev, options))
    meta = nlp.meta
    name = f"{meta['lang']}_{meta['name']}"
    data = meta.get("data")
    warnings = find_doubts(name, nlp, examples)
    if data and data.get("kind") == "sample":
        warnings.insert(0, SAMPLE_WARNING)
    metrics = {
        "pipeline": name,
        "version": meta["version"],
        "data": data,
        **(meta.get("training") or {}),
        "test": {"sentences": len(docs), "sha256": compute_sha256(file)},
        "raw_text": score_examples(examples),
        "gold_tokens": score_examples(examples_on_gold),
        "versions": list_versions(),
        "warnings": warnings,
    }
    return Evaluation(metrics, examples, dev_examples, training_log)


def compute_sha256(path: Path) -> str:
    """Compute the checksum of a file, or of all files of a folder in their order."""
    files = sorted(filter(Path.is_file, path.iterdir())) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a score."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        is_installed = find_spec(name.replace("-", "_")) is not None
        versions[name] = version(name) if is_installed else "not installed"
    return versions


def read_training_log(path: Path) -> Log:
    """Read the rows that spaCy's ConsoleLogger.v3 wrote.

    RAISES UserError: If the file is missing or damaged.
    """
    with generated_file(path, command="spacy train"):
        rows: Log = list(srsly.read_jsonl(path))
        required = {"step", "losses", "scores"}
        if not rows or not all(isinstance(row, dict) and required <= row.keys() for row in rows):
            raise ValueError(
                "expected rows with step, losses and scores, as output_file of [training.logger] "
                "has them"
            )
    return rows
