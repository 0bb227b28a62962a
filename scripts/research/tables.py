"""Fill the README's tables from metrics/.

A table stands below a line such as `<!-- metrics: metrics/x.json -->`: one file makes a table of its
labels, or of its results if it is a benchmark; several (with spaces between them) one that compares them.
Of experiments, `metrics:` compares all figures, `mean:` takes the mean as well, and `ablation:` shows a change a row.
"""

import re
from pathlib import Path
from typing import Any

import srsly

from spacy_bilstm_ner.errors import UserError, run

MARKED = re.compile(r"(?P<mark><!-- (?P<kind>metrics|mean|ablation): (?P<names>.+?) -->\n)(?:\|.*\n)*")


def fill(text: str, *, root: Path) -> str:
    """Put the published numbers into a text's tables.

    text (str): Markdown with marked tables.
    root (Path): The folder from which the marks name their files.
    RETURNS (str): The same with its tables up to date.
    """

    def replace(match: re.Match[str]) -> str:
        paths = [root / name for name in match["names"].split()]
        for path in paths:
            if not path.is_file():
                raise UserError(f"the README quotes {path}, which is not there: publish it first")
        files = {path.stem: srsly.read_json(path) for path in paths}
        return match["mark"] + table(files, kind=match["kind"])

    return MARKED.sub(replace, text)


def table(files: dict[str, dict[str, Any]], *, kind: str) -> str:
    """Show files.

    files (dict[str, dict[str, Any]]): Published scores, experiments or a benchmark, by their names.
    kind (str): The mark: "metrics", "mean" or "ablation".
    RETURNS (str): A Markdown table.
    RAISES UserError: if they are not all of what the mark takes.
    """
    experiments = [name for name, metrics in files.items() if "part" in metrics]
    others = [name for name in files if name not in experiments]
    if others and (experiments or kind != "metrics"):
        raise UserError(f"a table of experiments can show no other files: leave out {', '.join(others)}")
    if kind == "ablation":
        return ablation_table(files)
    if experiments:
        return experiments_table(files, mean=kind == "mean")
    if len(files) > 1:
        return comparison(files)
    (metrics,) = files.values()
    return benchmark_table(metrics) if "results" in metrics else labels_table(metrics)


def labels_table(metrics: dict[str, Any]) -> str:
    """Show one run's scores, per label and overall, on raw text.

    metrics (dict[str, Any]): The published metrics.
    RETURNS (str): A Markdown table.
    """
    raw, gold = metrics["raw_text"], metrics["gold_tokens"]
    rows = [[f"`{label}`", *percents(scores), f"{scores['gold']:,}"] for label, scores in raw["labels"].items()]
    rows.append(["all", *percents(raw["micro"]), f"{raw['gold']:,}"])
    rows.append(["mean of the labels", *percents(raw["macro"]), ""])
    rows.append(["all, on gold tokens", *percents(gold["micro"]), f"{gold['gold']:,}"])
    return markdown(["", "P", "R", "F", "entities"], rows)


def comparison(files: dict[str, dict[str, Any]]) -> str:
    """Show several runs beside each other.

    files (dict[str, dict[str, Any]]): Published metrics by their names.
    RETURNS (str): A Markdown table.
    """
    rows = []
    for name, metrics in files.items():
        raw, gold = metrics["raw_text"], metrics["gold_tokens"]
        f_scores = [percents(scores)[2] for scores in (raw["macro"], gold["micro"])]
        rows.append([f"`{name}`", *percents(raw["micro"]), *f_scores])
    return markdown(["", "P", "R", "F", "F, mean of labels", "F, gold tokens"], rows)


def experiment_figures(metrics: dict[str, Any]) -> dict[str, float | None]:
    """Choose what the tables show of an experiment.

    metrics (dict[str, Any]): The experiment.
    RETURNS (dict[str, float | None]): The figures by their names: in per cent, but for the calibration.
    """
    raw, variants = metrics["raw_text"], metrics["variants"]
    calibration = metrics["calibration"] or {"ece": None, "auc": None}
    shares = {
        "F": raw["micro"]["f"],
        "F, mean of labels": raw["macro"]["f"],
        "F, gold tokens": metrics["gold_tokens"]["micro"]["f"],
        "F, documents of forty sentences": variants["forty"]["f"],
        "F, all lower case": variants["lower"]["f"],
        "F, ALL CAPS": variants["upper"]["f"],
        "F, curly quotes and dashes": variants["curly"]["f"],
        "recall of unseen mentions": metrics["mentions"]["unseen"]["r"],
    }
    return {
        **{name: None if share is None else share * 100 for name, share in shares.items()},
        "calibration error": calibration["ece"],
        "AUC, right against wrong": calibration["auc"],
        "size, MB zipped": metrics["size"]["zip_mb"],
        "speed, of the tokenizer's": metrics["speed"]["ratio"],
    }


# Per cent with two decimals, else three
DECIMALS = {"calibration error": 3, "AUC, right against wrong": 3, "speed, of the tokenizer's": 3}


def experiment_cells(figures: dict[str, float | None]) -> dict[str, str]:
    """RETURNS (dict[str, str]): An experiment's figures, as a table shows them."""
    return {name: "-" if value is None else f"{value:.{DECIMALS.get(name, 2)}f}" for name, value in figures.items()}


def experiments_table(files: dict[str, dict[str, Any]], *, mean: bool) -> str:
    """Show experiments beside each other, a column each.

    files (dict[str, dict[str, Any]]): The experiments by their names.
    mean (bool): Whether to add a column of means.
    RETURNS (str): A Markdown table.
    """
    parts = {metrics["part"] for metrics in files.values()}
    if len(parts) > 1:
        raise UserError(f"a table shows experiments on dev or on test, not both: {', '.join(files)}")
    columns = {f"`{name}`": experiment_figures(metrics) for name, metrics in files.items()}
    if mean:
        columns["mean"] = means(list(columns.values()))
    shown = {name: experiment_cells(figures) for name, figures in columns.items()}
    (part,) = parts
    names = next(iter(shown.values()))
    return markdown([f"on {part}", *shown], [[name, *(cells[name] for cells in shown.values())] for name in names])


def means(found: list[dict[str, float | None]]) -> dict[str, float | None]:
    """RETURNS (dict[str, float | None]): The mean of each figure; None if one is missing."""
    merged: dict[str, float | None] = {}
    for name in found[0]:
        values = [figures[name] for figures in found]
        known = [value for value in values if value is not None]
        merged[name] = sum(known) / len(known) if len(known) == len(values) else None
    return merged


def ablation_table(files: dict[str, dict[str, Any]]) -> str:
    """Show experiments on dev below each other, with what is new in each.

    files (dict[str, dict[str, Any]]): The experiments, in the rows' order.
    RETURNS (str): A Markdown table.
    """
    rows = []
    for name, metrics in files.items():
        if metrics["part"] != "dev":
            raise UserError(f"ablations are of dev, but {name} is of {metrics['part']}")
        raw, seconds = metrics["raw_text"], metrics["training"]["cpu_seconds"]
        f_scores = [percents(scores)[2] for scores in (raw["micro"], raw["macro"])]
        ratio = f"{metrics['speed']['ratio']:.3f}"
        rows.append([metrics["change"] or f"`{name}`", *f_scores, "-" if seconds is None else f"{seconds:,.0f}", ratio])
    return markdown(["", "F", "F, mean of labels", "training, CPU s", "speed, of the tokenizer's"], rows)


def benchmark_table(metrics: dict[str, Any]) -> str:
    """Show what a benchmark found.

    metrics (dict[str, Any]): The published figures.
    RETURNS (str): A Markdown table.
    """
    rows = []
    for row in metrics["results"]:
        name = f"{row['name']}, {row['unit']}" if row["unit"] else row["name"]
        other = "" if row["other"] is None else f"{figure(row['other'])} ({NEIGHBOURS[row['beside']]})"
        ratio = "" if row["ratio"] is None else figure(row["ratio"])
        rows.append([name, figure(row["ours"]), other, ratio, row["aim"]])
    return markdown(["", "ours", "beside", "ratio", "aim"], rows)


NEIGHBOURS = {"spacy": "spaCy's ner", "blank": "tokenizer alone", "one": "one process"}


def figure(value: float) -> str:
    """Show a number.

    value (float): The number.
    RETURNS (str): Three digits that mean something, or all before the decimal point.
    """
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percents(scores: dict[str, float | None]) -> list[str]:
    """Show precision, recall and F.

    scores (dict[str, float | None]): "p", "r" and "f", from 0 to 1.
    RETURNS (list[str]): Per cent, with two decimals.
    """
    return ["-" if (value := scores[key]) is None else f"{value * 100:.2f}" for key in "prf"]


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Make a Markdown table: the first column is of names, the others of numbers.

    head (list[str]): The columns' names.
    rows (list[list[str]]): The cells.
    RETURNS (str): The table.
    """
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, rule, *rows])


def main() -> None:
    readme = Path("README.md")
    text = readme.read_text(encoding="utf-8")
    filled = fill(text, root=Path.cwd())
    readme.write_text(filled, encoding="utf-8")
    print("README.md is up to date already" if filled == text else "README.md: tables filled")


if __name__ == "__main__":
    run(main)
