"""Copy the scores of a run to metrics/, and fill the tables of README.md and metrics/README.md.

    python -m scripts.research.tables
    python -m scripts.research.tables training/gmb_bilstm/bilstm "spacy project run all ."

A table follows a mark such as `<!-- scores: gmb_bilstm.json gmb_tutorial.json -->`. The mark names
the kind of table, and the files in metrics/ from which it is made.
"""

import re
import sys
from pathlib import Path
from typing import Any

import srsly

METRICS = Path("metrics")
PAGES = (Path("README.md"), METRICS / "README.md")
MARK = re.compile(r"(<!-- (\w+): (.+?) -->\n)(?:\|.*\n)*")

Figures = dict[str, Any]


def publish(run: Path, command: str) -> None:
    """Copy the scores in training/NAME/CONFIG to metrics/, and add the command that made them.

    In the name of the file, CONFIG replaces "bilstm": the scores in training/gmb_bilstm/tutorial
    are copied to gmb_tutorial.json.
    """
    name = run.parent.name.replace("bilstm", run.name)
    scores = srsly.read_json(run / "metrics.json")
    srsly.write_json(METRICS / f"{name}.json", {"command": command, **scores})


def fill(text: str, metrics: Path) -> str:
    """Return a Markdown text with new tables after all its marks."""

    def replace(match: re.Match[str]) -> str:
        mark, kind, names = match.groups()
        rows = []
        for name in names.split():
            rows += ROWS[kind](Path(name).stem, srsly.read_json(metrics / name))
        return mark + markdown(rows)

    return MARK.sub(replace, text)


def rows_of_file(name: str, figures: Figures) -> list[Figures]:
    """Return the table that a script of this folder has made."""
    return figures["table"]


def scores_of_pipeline(name: str, figures: Figures) -> list[Figures]:
    """Return one row, from the file of `evaluate`."""
    *_, total, mean_of_labels = figures["table"]
    version = {"": f"`{name}`", "version": figures["version"]}
    return [version | percents(total) | {"F, mean of labels": 100 * mean_of_labels["F"]}]


def scores_of_labels(name: str, figures: Figures) -> list[Figures]:
    """Return a row for each label, from the file of `evaluate`."""
    rows = []
    for scores in figures["table"][:-2]:
        label = {"": f"`{scores['label']}`"}
        rows.append(label | percents(scores) | {"entities": int(scores["gold"])})
    return rows


ROWS = {"table": rows_of_file, "scores": scores_of_pipeline, "labels": scores_of_labels}


def percents(scores: Figures) -> dict[str, float]:
    """Return precision, recall and F in per cent."""
    return {letter: 100 * scores[letter] for letter in "PRF"}


def show(value: Any) -> str:
    """Show a text or a number. Floats below 100 have three significant digits."""
    if not isinstance(value, int | float):
        return value or "-"
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}"


def markdown(rows: list[Figures]) -> str:
    """Make a Markdown table. The first column is text, the others are numbers."""
    titles = list(rows[0])
    text = f"| {' | '.join(titles)} |\n| --- |{' ---: |' * (len(titles) - 1)}\n"
    for row in rows:
        text += f"| {' | '.join(map(show, row.values()))} |\n"
    return text


def main(*arguments: str) -> None:
    if arguments:
        run, command = arguments
        publish(Path(run), command)
    for page in PAGES:
        page.write_text(fill(page.read_text(encoding="utf-8"), METRICS), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
