"""Publish a run's figures in metrics/, and fill the tables of README.md and metrics/README.md from there.

    python -m scripts.research.tables                             fill the tables
    python -m scripts.research.tables --publish FOLDER COMMAND    first publish the figures in training/NAME/CONFIG

A table stands below a line such as `<!-- scores: gmb_bilstm.json gmb_tutorial.json -->`: the kind of table, and files
in metrics/, with * for any letters.
"""

import argparse
import re
from pathlib import Path
from statistics import mean, median
from typing import Any

import srsly

from spacy_bilstm_ner.errors import UserError, reading, save, save_json
from spacy_bilstm_ner.quality.pages import percent
from spacy_bilstm_ner.quality.scores import percents
from spacy_bilstm_ner.system.processes import run

PAGES = ("README.md", "metrics/README.md")
MARKED = re.compile(r"(?P<mark><!-- (?P<kind>[a-z]+): (?P<names>.+?) -->\n)(?:\|.*\n)*")
# What a table calls a figure → where the json has it. Precision, recall and F are shown in per cent.
FIGURES = {
    "P": "raw_text.micro.p",
    "R": "raw_text.micro.r",
    "F": "raw_text.micro.f",
    "F, mean of labels": "raw_text.macro.f",
    "F, gold tokens": "gold_tokens.micro.f",
    "F, documents of forty sentences": "variants.forty.f",
    "F, all lower case": "variants.lower.f",
    "F, ALL CAPS": "variants.upper.f",
    "F, curly quotes and dashes": "variants.curly.f",
    "recall of new mentions": "mentions.unseen.r",
    "calibration error": "calibration.ece",
    "AUC, right against wrong": "calibration.auc",
    "size, MB zipped": "size.zip_mb",
    "training, s": "training_seconds",
}
# The rows of a benchmark: a part of it, and a figure there. README.md shows the first four.
BENCHMARK = {
    "single sentences, words/s": "sentences.words_per_second",
    "documents of forty sentences, words/s": "documents.words_per_second",
    "one sentence at a time, ms": "one.milliseconds",
    "peak memory, single sentences, MB": "sentences.peak_mb",
    "peak memory, documents of forty, MB": "documents.peak_mb",
    "loading, s": "loading.seconds",
}
Figures = dict[str, Any]


def publish(folder: Path, command: str, *, metrics: Path) -> None:
    """Copy the figures in training/NAME/CONFIG to the folder in git: what `evaluate`, `experiment` and `benchmark`
    wrote. `command` makes the run, for a file that does not say so itself. A UserError if figures are of the bundled
    sample or older than the model, or there are none."""
    name, config = folder.parent.name, folder.name
    # Another config than bilstm becomes part of the names
    name = name if config == "bilstm" else f"{name.removesuffix('_bilstm')}_{config}"
    names = {
        "metrics": name,
        "dev": f"{name}_dev",
        "test": f"{name}_test",
        "benchmark": "benchmark",
    }
    found = {}
    for path in filter(Path.is_file, [folder / f"{stem}.json" for stem in names]):
        with reading(path, maker="spacy project run evaluate"):
            found[metrics / f"{names[path.stem]}.json"] = figures = {
                "command": command,
                **srsly.read_json(path),
            }
            kind = (figures["data"] or {}).get("kind", "sample")
        if kind == "sample":
            raise UserError(
                f"{path} is of the bundled sample or of unknown data: train on a corpus, then publish"
            )
        if path.stat().st_mtime < (folder / "model-best" / "meta.json").stat().st_mtime:
            raise UserError(f"{path} is older than the model beside it: measure again")
    if not found:
        raise UserError(f"{folder} has no figures: run `spacy project run evaluate` first")
    for target, figures in found.items():
        save_json(target, figures)
        print(f"Published {target}")


def fill(text: str, *, metrics: Path) -> str:
    """Put published numbers into the marked tables of a Markdown text; a UserError if a file is missing."""

    def replace(match: re.Match[str]) -> str:
        files: dict[str, Figures] = {}
        for pattern in match["names"].split():
            if not (paths := sorted(metrics.glob(pattern))):
                raise UserError(
                    f"a table quotes {metrics / pattern}, which is not there: publish it first"
                )
            files |= {path.stem: srsly.read_json(path) for path in paths}
        return match["mark"] + table(match["kind"], files)

    return MARKED.sub(replace, text)


def table(kind: str, files: dict[str, Figures]) -> str:
    """Make a table of a kind from figures by the names of their files."""
    named = {f"`{name}`": each for name, each in files.items()}
    if kind == "scores":
        titles = list(FIGURES)[:5]
        return markdown(
            titles, {name: [cell(each, title) for title in titles] for name, each in named.items()}
        )
    if kind == "experiments":
        titles = list(FIGURES)[2:]
        return markdown(
            list(named), {title: [cell(each, title) for each in named.values()] for title in titles}
        )
    if kind == "commands":
        rows = {name: [each["version"], f"`{each['command']}`"] for name, each in named.items()}
        return markdown(["version", "command"], rows)
    (figures,) = files.values()
    if kind == "corpora":
        return corpora_table(figures["raw_text"])
    if kind == "labels":
        labels = figures["raw_text"]["labels"].items()
        rows = {f"`{label}`": [*percents(each), f"{each['gold']:,}"] for label, each in labels}
        return markdown(["P", "R", "F", "entities"], rows)
    return (
        benchmark_table(figures, list(BENCHMARK)[:4], ["spacy_ner"])
        if kind == "speed"
        else benchmark_table(figures)
    )


def corpora_table(models: dict[str, dict[str, dict[str, float]]]) -> str:
    """Each model's F on each corpus, with the mean of the labels' F in brackets; and the mean of all corpora."""
    rows = {}
    for name, found in models.items():
        rows[name] = [
            f"{each['f'] * 100:.1f} ({each['macro'] * 100:.0f})" for each in found.values()
        ]
        rows[name].append(f"{mean(each['f'] for each in found.values()) * 100:.1f}")
    return markdown([*found, "mean"], rows)


def benchmark_table(
    benchmark: Figures, titles: list[str] | None = None, others: list[str] | None = None
) -> str:
    """The medians of a benchmark, and ours divided by each other's; a row that was not measured is left out."""
    parts, rows = benchmark["figures"], {}
    others = others or sorted({name for runs in parts.values() for name in runs} - {"bilstm"})
    for title in titles or BENCHMARK:
        part, key = BENCHMARK[title].split(".")
        middle = {
            name: median(run[key] for run in runs)
            for name, runs in parts.get(part, {}).items()
            if runs
        }
        if ours := middle.get("bilstm"):
            rows[title] = [number(ours)]
            for theirs in map(middle.get, others):
                rows[title] += [number(theirs), number(theirs and ours / theirs)]
    return markdown(["bilstm", *(word for name in others for word in (name, "ratio"))], rows)


def cell(figures: Figures, title: str) -> str:
    """Show one of an experiment's FIGURES."""
    value: Any = figures
    for key in FIGURES[title].split("."):
        value = None if value is None else value[key]
    return percent(value, 2) if key in "prf" else number(value)


def number(value: float | None) -> str:
    """Show a number by three digits that mean something."""
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(titles: list[str], rows: dict[str, list[str]]) -> str:
    """Make a Markdown table of named rows; its other columns are of numbers."""
    lines = [
        ["", *titles],
        ["---", *["---:"] * len(titles)],
        *([name, *row] for name, row in rows.items()),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Publish a run's figures, and fill the tables from metrics/."
    )
    parser.add_argument(
        "--publish", nargs=2, metavar=("FOLDER", "COMMAND"), help="a run, and what makes it"
    )
    args = parser.parse_args()
    if args.publish:
        publish(Path(args.publish[0]), args.publish[1], metrics=Path("metrics"))
    for page in map(Path, PAGES):
        save(page, fill(page.read_text(encoding="utf-8"), metrics=Path("metrics")))


if __name__ == "__main__":
    run(main)
