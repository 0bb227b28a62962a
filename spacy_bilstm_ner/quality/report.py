"""Write one HTML file about a run: curves, scores, confidences, confusions, the surest mistakes, drawn sentences."""

import argparse
import json
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

import spacy
from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from spacy.training import Example

from .reliability import calibrate
from ..errors import UserError, run
from .curves import draw
from .mistakes import (
    BOUNDARY,
    MISSED,
    SPURIOUS,
    Entity,
    Mistake,
    confusion,
    entities,
    surest_mistakes,
)
from .evaluate import predict
from .scatter import draw_calibration, draw_models
from scripts.research.tables import percents
from ..displacy_colors import COLORS

MISTAKES = 50
SENTENCES = 30
# For labels that neither spaCy nor we have a colour for
PALETTE = ("#a9d6e5", "#f6c6a7", "#cfe8a9", "#e3c1ee", "#f4e285", "#f2b5c4", "#b8d8be", "#c4c9f0")

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
p { margin: .4rem 0; } .note { color: #666; font-size: .9rem; }
.warning { background: #b00020; color: #fff; padding: .8rem 1rem; border-radius: .4rem;
          font-weight: bold; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #eee; text-align: right; }
th { font-weight: 600; color: #555; }
th:first-child, td:first-child, .text td, .text th { text-align: left; vertical-align: top; }
tr.sum td { border-top: 2px solid #ccc; font-weight: 600; }
.zero { color: #ccc; } .scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; }
mark.wrong { background: #ffd6d6; border-bottom: 2px solid #c0392b; padding: 0 .1rem; }
.label { white-space: nowrap; border-radius: .3rem; padding: .05rem .4rem; font-size: .85em; }
.sentence { border-bottom: 1px solid #eee; padding: .3rem 0; }
.sentence mark.entity { padding: .2em .4em !important; }
"""


def label_colors(labels: list[str]) -> dict[str, str]:
    """Choose a colour for each label.

    labels (list[str]): The labels.
    RETURNS (dict[str, str]): Ours, or else spaCy's, or else one of a palette.
    """
    known = {**DEFAULT_LABEL_COLORS, **{key.upper(): color for key, color in COLORS.items()}}
    unknown = [label for label in labels if label.upper() not in known]
    extra = {label: PALETTE[i % len(PALETTE)] for i, label in enumerate(unknown)}
    return {label: known.get(label.upper()) or extra[label] for label in labels}


def scores_table(metrics: dict[str, Any]) -> str:
    """Show precision, recall and F per label, on raw text and on gold tokens.

    metrics (dict[str, Any]): The run's metrics.
    RETURNS (str): HTML.
    """
    raw, gold = metrics["raw_text"], metrics["gold_tokens"]
    rows = []
    for label, scores in raw["labels"].items():
        counts = [number(scores["gold"]), number(scores["predicted"])]
        on_gold = percents(gold["labels"].get(label, dict.fromkeys("prf")))
        rows.append([escape(label), *percents(scores), *counts, *on_gold])
    total = ["all", *percents(raw["micro"]), number(raw["gold"]), number(raw["predicted"])]
    total += percents(gold["micro"])
    mean = ["mean of labels", *percents(raw["macro"]), "", "", *percents(gold["macro"])]
    head = ["", "P", "R", "F", "gold", "predicted", "P, gold tokens", "R", "F"]
    return table(head, rows, sums=[total, mean])


def confusion_table(counts: Counter[tuple[str, str]], *, labels: list[str]) -> str:
    """Show what became of the gold entities (rows) and where predicted ones come from (columns).

    counts (Counter[tuple[str, str]]): Numbers by (gold, predicted).
    labels (list[str]): The labels.
    RETURNS (str): HTML.
    """
    highest = max(counts.values(), default=1)
    columns = [*labels, BOUNDARY, MISSED]
    rows = []
    for gold in [*labels, BOUNDARY, SPURIOUS]:
        cells = [f"<td>{escape(gold)}</td>"]
        for predicted in columns:
            if gold not in labels and predicted not in labels:
                cells.append("<td></td>")
                continue
            count = counts[gold, predicted]
            # The root makes the rare confusions visible beside the many right ones
            strength = (count / highest) ** 0.5 * 0.7
            hue = "46, 125, 50" if gold == predicted else "192, 57, 43"
            style = f"background: rgba({hue}, {strength:.3f})" if count else ""
            cells.append(f'<td style="{style}">{number(count)}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in ["gold \\ predicted", *columns])
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def mistakes_table(mistakes: list[Mistake], *, colors: dict[str, str]) -> str:
    """Show wrong entities, each in its sentence.

    mistakes (list[Mistake]): The mistakes.
    colors (dict[str, str]): The labels' colours.
    RETURNS (str): HTML.
    """
    rows = []
    for mistake in mistakes:
        entity, text = mistake.entity, mistake.text
        confidence = "-" if entity.confidence is None else f"{entity.confidence:.3f}"
        gold = "<br>".join(named(text, other, colors=colors) for other in mistake.gold)
        kind = mistake.kind if mistake.kind in (BOUNDARY, SPURIOUS) else "wrong label"
        sentence = (
            f'{escape(text[: entity.start])}<mark class="wrong">'
            f"{escape(text[entity.start : entity.end])}</mark>{escape(text[entity.end :])}"
        )
        predicted = named(text, entity, colors=colors)
        rows.append([confidence, predicted, kind, gold or "no entity", sentence])
    return table(["confidence", "predicted", "mistake", "gold", "sentence"], rows, kind="text")


def named(text: str, entity: Entity, *, colors: dict[str, str]) -> str:
    """Show an entity with its label.

    text (str): The text it stands in.
    entity (Entity): The entity.
    colors (dict[str, str]): The labels' colours.
    RETURNS (str): HTML.
    """
    color = colors.get(entity.label, "#ddd")
    label = f'<span class="label" style="background: {color}">{escape(entity.label)}</span>'
    return f"{escape(text[entity.start : entity.end])} {label}"


def sentences(examples: list[Example], *, colors: dict[str, str]) -> str:
    """Let displaCy draw test sentences, spread over the whole set.

    examples (list[Example]): Predicted examples.
    colors (dict[str, str]): The labels' colours.
    RETURNS (str): HTML.
    """
    step = max(len(examples) // SENTENCES, 1)
    drawn = []
    for example in examples[::step][:SENTENCES]:
        predicted, gold = entities(example.predicted), entities(example.reference)
        # displaCy escapes the text, but not the labels
        ents = [{"start": e.start, "end": e.end, "label": escape(e.label)} for e in predicted]
        text = example.reference.text
        html = displacy.render(
            {"text": text, "ents": ents},
            style="ent",
            manual=True,
            jupyter=False,
            options={"colors": {escape(label): color for label, color in colors.items()}},
        )
        right = {(e.start, e.end, e.label) for e in predicted}
        other = [e for e in gold if (e.start, e.end, e.label) not in right]
        note = ", ".join(named(text, e, colors=colors) for e in other)
        note = f'<p class="note">not found: {note}</p>' if note else ""
        drawn.append(f'<div class="sentence">{html}{note}</div>')
    return "".join(drawn)


def number(count: int) -> str:
    """Show a count.

    count (int): The count.
    RETURNS (str): HTML: a nought is pale.
    """
    return f"{count:,}" if count else '<span class="zero">0</span>'


def table(head: list[str], rows: list[list[str]], *, sums: list[list[str]] | None = None, kind: str = "") -> str:
    """Make a table.

    head (list[str]): The columns' names.
    rows (list[list[str]]): The cells, HTML.
    sums (list[list[str]] | None): The last rows, set off from the others.
    kind (str): The table's CSS class.
    RETURNS (str): HTML.
    """
    lines = [f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr>"]
    lines += [f"<tr>{cells(row)}</tr>" for row in rows]
    lines += [f'<tr class="sum">{cells(row)}</tr>' for row in sums or []]
    return f'<div class="scroll"><table class="{kind}">{"".join(lines)}</table></div>'


def cells(row: list[str]) -> str:
    """Make a table's row.

    row (list[str]): The cells, HTML.
    RETURNS (str): HTML.
    """
    return "".join(f"<td>{cell}</td>" for cell in row)


def confidence_section(calibration: dict[str, Any] | None) -> str:
    """Show what confidences are worth.

    calibration (dict[str, Any] | None): What `calibrate` returns.
    RETURNS (str): HTML; empty for a pipeline without confidences.
    """
    if calibration is None:
        return ""
    auc = calibration["auc"]
    ranks = "" if auc is None else f" A right entity has more than a wrong one in {auc * 100:.0f} of 100 pairs."
    return (
        '<h2>Confidences on the development set</h2><p class="note">Left: entities in '
        f"{len(calibration['bins'])} groups of one size, by their confidence, and the share of each that is right. On "
        f"the mean they are {calibration['ece'] * 100:.1f} points apart.{ranks} Right: the precision of the surest "
        f"entities, if the others are left out.</p>{draw_calibration(calibration)}"
    )


def models_section(experiments: dict[str, dict[str, Any]]) -> str:
    """Show how accurate and how fast models of the same data are.

    experiments (dict[str, dict[str, Any]]): Experiments on dev by their names.
    RETURNS (str): HTML; empty if they are few.
    """
    drawn = draw_models(experiments)
    return f"<h2>Accuracy and speed of the models tried</h2>{drawn}" if drawn else ""


def read_experiments(folder: Path, *, sha256: str) -> dict[str, dict[str, Any]]:
    """Find the published experiments on the same data.

    folder (Path): A folder of json files.
    sha256 (str): The data's checksum.
    RETURNS (dict[str, dict[str, Any]]): Those on the development set, by their names.
    """
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    return {
        name: found for name, found in files.items() if found.get("part") == "dev" and found["data"]["sha256"] == sha256
    }


def page(
    metrics: dict[str, Any],
    log: list[dict[str, Any]],
    examples: list[Example],
    *,
    calibration: dict[str, Any] | None = None,
    experiments: dict[str, dict[str, Any]] | None = None,
) -> str:
    """Put the report together.

    metrics (dict[str, Any]): The run's metrics.
    log (list[dict[str, Any]]): The training log.
    examples (list[Example]): The test set, predicted on raw text.
    calibration (dict[str, Any] | None): What the confidences on the development set are worth.
    experiments (dict[str, dict[str, Any]] | None): Experiments on the same data, by their names.
    RETURNS (str): A whole HTML page that needs no other file.
    """
    found = {ent.label for eg in examples for doc in (eg.reference, eg.predicted) for ent in entities(doc)}
    labels = sorted(found)
    colors = label_colors(labels)
    mistakes = surest_mistakes(examples, limit=MISTAKES)
    sure = any(mistake.entity.confidence is not None for mistake in mistakes)
    best = max(log, key=lambda row: row["score"])
    data = metrics["data"]
    title = f"{metrics['pipeline']} {metrics['version']}"
    sample = (
        '<div class="warning">Trained on the small bundled sample: it shows that everything works. '
        "These are not the scores of a useful recogniser.</div>"
    )
    facts = [
        ["Trained on", escape(data["name"])],
        ["Test set", f"{metrics['test']['sentences']:,} sentences"],
        ["Word vectors", escape(metrics.get("vectors") or "none")],
        ["Config, seed", f"{escape(metrics['config'])}, {metrics['seed']}"],
        ["Best model", f"after {best['step']:,} updates (epoch {best['epoch']})"],
        ["Made with", escape(", ".join(f"{k} {v}" for k, v in metrics["versions"].items()))],
    ]
    parts = [
        f"<h1>{escape(title)}</h1>",
        sample if data["kind"] == "sample" else "",
        table(["", ""], facts, kind="text"),
        "<h2>Training</h2>",
        draw(log),
        "<h2>Scores on the test set</h2>",
        '<p class="note">In per cent. An entity is right if its boundaries and its label are. '
        "Raw text: spaCy's tokenizer makes the tokens. Gold tokens: they are the annotators'.</p>",
        scores_table(metrics),
        confidence_section(calibration),
        models_section(experiments or {}),
        "<h2>Confusions</h2>",
        '<p class="note">A row adds up to the gold entities of its label, a column to the predicted '
        "ones. Labels meet where the boundaries agree.</p>",
        confusion_table(confusion(examples), labels=labels),
        f"<h2>{'The surest mistakes' if sure else 'Mistakes'}</h2>",
        f'<p class="note">{mistakes_note(mistakes, sure=sure)}</p>',
        mistakes_table(mistakes, colors=colors),
        "<h2>Test sentences</h2>",
        '<p class="note">With the predicted entities. Gold entities that are not among them are named below.</p>',
        sentences(examples, colors=colors),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n{''.join(parts)}\n</body></html>\n"
    )


def mistakes_note(mistakes: list[Mistake], *, sure: bool) -> str:
    """Say what the table of mistakes holds.

    mistakes (list[Mistake]): The mistakes.
    sure (bool): Whether they have confidences.
    RETURNS (str): A sentence.
    """
    if not mistakes:
        return "No predicted entity is wrong."
    if sure:
        return f"The {len(mistakes)} wrong entities that the pipeline was surest of."
    return f"This pipeline gives no confidences: the first {len(mistakes)} wrong entities."


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run_dir", type=Path, help="the run's folder: model, log and metrics")
    parser.add_argument("test", type=Path, help="the test set, a .spacy file")
    parser.add_argument("out", type=Path, help="the HTML file to write")
    parser.add_argument("--dev", type=Path, help="the development set, a .spacy file, for the plots of confidences")
    parser.add_argument("--experiments", type=Path, help="a folder of experiments' json files, for the plot of models")
    args = parser.parse_args()
    for path in (args.run_dir / "metrics.json", args.run_dir / "log.jsonl", args.test, *filter(None, [args.dev])):
        if not path.is_file():
            raise UserError(f"{path} is missing: run `spacy project run all`")
    metrics = json.loads((args.run_dir / "metrics.json").read_text(encoding="utf-8"))
    lines = (args.run_dir / "log.jsonl").read_text(encoding="utf-8").splitlines()
    nlp = spacy.load(args.run_dir / "model-best")
    examples = predict(nlp, args.test, gold_tokens=False)
    calibration = calibrate(predict(nlp, args.dev, gold_tokens=False)) if args.dev else None
    experiments = read_experiments(args.experiments, sha256=metrics["data"]["sha256"]) if args.experiments else None
    rows = [json.loads(line) for line in lines]
    html = page(metrics, rows, examples, calibration=calibration, experiments=experiments)
    args.out.write_text(html, encoding="utf-8")
    print(f"Report: {args.out}")


if __name__ == "__main__":
    run(main)
