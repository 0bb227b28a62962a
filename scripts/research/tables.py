"""Copy the scores of a run to metrics/, and fill the tables of README.md and metrics/README.md.

    python -m scripts.research.tables
    python -m scripts.research.tables --publish training/gmb_bilstm/bilstm "spacy project run all ."

A table follows a mark such as `<!-- scores: gmb_bilstm.json gmb_tutorial.json -->`. The mark names
the kind of table, and the files in metrics/ from which it is made.
"""

import re
import sys
from operator import itemgetter
from pathlib import Path
from statistics import mean, median
from typing import Any

import srsly

METRICS = Path("metrics")
PAGES = (Path("README.md"), METRICS / "README.md")
MARK = re.compile(r"(<!-- (\w+): (.+?) -->\n)(?:\|.*\n)*")
BENCHMARK_ROWS = {
    "single sentences, words/s": ("sentences", "words_per_second"),
    "documents of forty sentences, words/s": ("documents", "words_per_second"),
    "one sentence at a time, ms": ("one", "milliseconds"),
    "peak memory, single sentences, MB": ("sentences", "peak_mb"),
    "loading, s": ("loading", "seconds"),
}

Figures = dict[str, Any]


def publish(run: Path, command: str) -> None:
    """Copy the scores in training/NAME/CONFIG to metrics/, and add the command that made them."""
    source = run / "metrics.json"
    scores = srsly.read_json(source)
    if scores["data"]["kind"] == "sample":
        sys.exit(f"{source} is of the bundled sample: only scores of a corpus are published")
    name = run.parent.name.replace("bilstm", run.name)
    srsly.write_json(METRICS / f"{name}.json", {"command": command, **scores})


def fill(text: str, metrics: Path) -> str:
    """Return a Markdown text with new tables after all its marks."""

    def replace(match: re.Match[str]) -> str:
        mark, kind, names = match.groups()
        figures = {Path(name).stem: srsly.read_json(metrics / name) for name in names.split()}
        return mark + TABLES[kind](figures)

    return MARK.sub(replace, text)


def scores_table(files: dict[str, Figures]) -> str:
    """Make a table with a row for each pipeline."""
    rows = []
    for name, figures in files.items():
        *_, total, mean_of_labels = figures["table"]
        f_mean = percent(mean_of_labels["F"])
        rows.append([f"`{name}`", figures["version"], *percents(total), f_mean])
    return markdown(["", "version", "P", "R", "F", "F, mean of labels"], rows)


def labels_table(files: dict[str, Figures]) -> str:
    """Make a table of one pipeline with a row for each label."""
    (figures,) = files.values()
    rows = []
    for scores in figures["table"][:-2]:
        rows.append([f"`{scores['label']}`", *percents(scores), f"{scores['gold']:,.0f}"])
    return markdown(["", "P", "R", "F", "entities"], rows)


def corpora_table(files: dict[str, Figures]) -> str:
    """Make a table of F, with a row for each config and a column for each corpus."""
    (figures,) = files.values()
    names = list(next(iter(figures["configs"].values())))
    rows = []
    for config, corpora in figures["configs"].items():
        f_scores = [corpora[name]["f"] for name in names]
        oldest = min(corpora[name]["version"] for name in names)
        rows.append([f"`{config}`", oldest, *map(percent, [*f_scores, mean(f_scores)])])
    return markdown(["", "version", *names, "mean"], rows)


def speed_table(files: dict[str, Figures]) -> str:
    """Make a table of medians of a benchmark, and of ratios: our pipeline to the other ones."""
    (benchmark,) = files.values()
    ours, *other_names = benchmark["figures"]["loading"]
    titles = ["", f"{ours} {benchmark['version']}"]
    for name in other_names:
        titles += [name, "ratio"]
    rows = []
    for title, (part, unit) in BENCHMARK_ROWS.items():
        runs = benchmark["figures"][part]
        our_median = median(map(itemgetter(unit), runs[ours]))
        row = [title, number(our_median)]
        for name in other_names:
            value = median(map(itemgetter(unit), runs[name]))
            row += [number(value), number(our_median / value)]
        rows.append(row)
    return markdown(titles, rows)


TABLES = {
    "scores": scores_table,
    "labels": labels_table,
    "corpora": corpora_table,
    "speed": speed_table,
}


def percent(score: float | None) -> str:
    """Show a score in per cent."""
    return "-" if score is None else f"{100 * score:.1f}"


def percents(scores: Figures) -> list[str]:
    """Show precision, recall and F."""
    return [percent(scores[letter]) for letter in "PRF"]


def number(value: float) -> str:
    """Show a number with three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def markdown(titles: list[str], rows: list[list[str]]) -> str:
    """Make a Markdown table. The first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(titles) - 1)]
    text = ""
    for row in [titles, rule, *rows]:
        text += f"| {' | '.join(row)} |\n"
    return text


def main(*arguments: str) -> None:
    if arguments:
        _, run, command = arguments
        publish(Path(run), command)
    for page in PAGES:
        page.write_text(fill(page.read_text(encoding="utf-8"), METRICS), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
