"""Fill the README's tables from metrics/.

A table stands below a line such as `<!-- metrics: metrics/x.json -->`: one file makes a table of its
labels, or of its results if it is a benchmark; several (with spaces between them) one that compares them.
"""

import re
from pathlib import Path
from typing import Any

import srsly

from scripts.cli import UserError, run

MARKED = re.compile(r"(<!-- metrics: (.+?) -->\n)((?:\|.*\n)*)")


def fill(text: str, *, root: Path) -> str:
    """Put the published numbers into a text's tables.

    text (str): Markdown with marked tables.
    root (Path): The folder from which the marks name their files.
    RETURNS (str): The same with its tables up to date.
    """

    def replace(match: re.Match[str]) -> str:
        paths = [root / name for name in match[2].split()]
        for path in paths:
            if not path.is_file():
                raise UserError(f"the README quotes {path}, which is not there: publish it first")
        files = {path.stem: srsly.read_json(path) for path in paths}
        return match[1] + (table(*files.values()) if len(files) == 1 else comparison(files))

    return MARKED.sub(replace, text)


def table(metrics: dict[str, Any]) -> str:
    """Show one file.

    metrics (dict[str, Any]): A run's published scores, or a published benchmark.
    RETURNS (str): A Markdown table.
    """
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
