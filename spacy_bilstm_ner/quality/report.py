"""The report: one HTML page on how good a pipeline is, with plots, scores, confusions, mistakes and sentences."""

from collections import Counter
from html import escape
from typing import Any

from spacy.training import Example

from .entities import entities
from .mistakes import BOUNDARY, MISSED, SPURIOUS, Mistake, confusion, surest_mistakes
from .pages import drawn, label_colors, named, number, page, table
from .plots import Log, draw_reliability, draw_training
from .scores import percents

MISTAKES = 50
SENTENCES = 30
SAMPLE_WARNING = (
    "Trained on the small bundled sample: it shows that everything works. "
    "These are not the scores of a useful recogniser."
)


def report(
    metrics: dict[str, Any],
    examples: list[Example],
    *,
    log: Log | None = None,
    confidence: dict[str, Any] | None = None,
) -> str:
    """Put the report together: a whole HTML page.

    metrics (dict[str, Any]): The scores of the pipeline, as `evaluate` gives them.
    examples (list[Example]): The test set, predicted on raw text.
    log (Log | None): The rows of the training log, if there is one.
    confidence (dict[str, Any] | None): What `reliability.measure` says of the development set.
    """
    labels = sorted({ent.label for eg in examples for doc in (eg.reference, eg.predicted) for ent in entities(doc)})
    colors = label_colors(labels)
    mistakes = surest_mistakes(examples, limit=MISTAKES)
    sure = any(mistake.entity.confidence is not None for mistake in mistakes)
    sample = (metrics["data"] or {}).get("kind") == "sample"
    parts = [
        f'<div class="warning">{SAMPLE_WARNING}</div>' if sample else "",
        table(["", ""], facts(metrics, log), kind="text"),
        f"<h2>Training</h2>{draw_training(log)}" if log else "",
        "<h2>Scores on the test set</h2>",
        '<p class="note">In per cent. An entity is right if its boundaries and its label are. '
        "Raw text: spaCy's tokenizer makes the tokens. Gold tokens: they are the annotators'.</p>",
        scores_table(metrics),
        confidence_section(confidence),
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
    return page(f"{metrics['pipeline']} {metrics['version']}", parts)


def facts(metrics: dict[str, Any], log: Log | None) -> list[list[str]]:
    """Collect what is known of the pipeline: pairs of a name and HTML."""
    rows = [["Test set", f"{metrics['test']['sentences']:,} sentences"]]
    if metrics["data"]:
        rows.insert(0, ["Trained on", escape(metrics["data"]["name"])])
    if "config" in metrics:
        rows.append(["Word vectors", escape(metrics.get("vectors") or "none")])
        rows.append(["Config, seed", f"{escape(metrics['config'])}, {metrics['seed']}"])
    if log:
        best = max(log, key=lambda row: row["score"])
        rows.append(["Best model", f"after {best['step']:,} updates (epoch {best['epoch']})"])
    rows.append(["Made with", escape(", ".join(f"{k} {v}" for k, v in metrics["versions"].items()))])
    return rows


def scores_table(metrics: dict[str, Any]) -> str:
    """Show precision, recall and F for each label, on raw text and on gold tokens."""
    raw, gold = metrics["raw_text"], metrics["gold_tokens"]
    rows = []
    for label, scores in raw["labels"].items():
        counts = [number(scores["gold"]), number(scores["predicted"])]
        on_gold = percents(gold["labels"].get(label, dict.fromkeys("prf")))
        rows.append([escape(label), *percents(scores), *counts, *on_gold])
    total = ["all", *percents(raw["micro"]), number(raw["gold"]), number(raw["predicted"]), *percents(gold["micro"])]
    mean = ["mean of labels", *percents(raw["macro"]), "", "", *percents(gold["macro"])]
    return table(["", "P", "R", "F", "gold", "predicted", "P, gold tokens", "R", "F"], rows, sums=[total, mean])


def confidence_section(found: dict[str, Any] | None) -> str:
    """Show how far confidences can be trusted; empty for a pipeline without."""
    if found is None:
        return ""
    auc = found["auc"]
    ranks = (
        ""
        if auc is None
        else f" Of a right and a wrong entity, the right one has more in {auc * 100:.0f} of 100 pairs."
    )
    return (
        '<h2>Confidences on the development set</h2><p class="note">Left: entities in '
        f"{len(found['bins'])} groups of equal size, by their confidence, and the share of each that is right. On "
        f"average the two are {found['ece'] * 100:.1f} points apart.{ranks} Right: the precision of the surest "
        f"entities, if the others are left out.</p>{draw_reliability(found)}"
    )


def confusion_table(counts: Counter[tuple[str, str]], *, labels: list[str]) -> str:
    """Show what became of the gold entities (rows), and where predicted ones come from (columns)."""
    highest = max(counts.values(), default=1)
    columns = [*labels, BOUNDARY, MISSED]
    rows = []
    for gold in [*labels, BOUNDARY, SPURIOUS]:
        cells = []
        for predicted in columns:
            count = counts[gold, predicted]
            # The root makes the rare confusions visible beside the many right ones.
            strength = (count / highest) ** 0.5 * 0.7
            hue = "46, 125, 50" if gold == predicted else "192, 57, 43"
            possible = gold in labels or predicted in labels
            cells.append(
                f'<td style="background: rgba({hue}, {strength:.3f})">{number(count) if possible else ""}</td>'
            )
        rows.append(f"<tr><td>{escape(gold)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in ["gold \\ predicted", *columns])
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def mistakes_note(mistakes: list[Mistake], *, sure: bool) -> str:
    """Say in a sentence what the table of mistakes holds."""
    if not mistakes:
        return "No predicted entity is wrong."
    if sure:
        return f"The {len(mistakes)} wrong entities that the pipeline was surest of."
    return f"This pipeline gives no confidences: the first {len(mistakes)} wrong entities."


def mistakes_table(mistakes: list[Mistake], *, colors: dict[str, str]) -> str:
    """Show wrong entities, each in its sentence."""
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
        rows.append([confidence, named(text, entity, colors=colors), kind, gold or "no entity", sentence])
    return table(["confidence", "predicted", "mistake", "gold", "sentence"], rows, kind="text")


def sentences(examples: list[Example], *, colors: dict[str, str]) -> str:
    """Draw sentences spread over the whole test set, with their predicted entities."""
    step = max(len(examples) // SENTENCES, 1)
    parts = []
    for example in examples[::step][:SENTENCES]:
        text, predicted = example.reference.text, entities(example.predicted)
        found = {entity.key for entity in predicted}
        missed = [entity for entity in entities(example.reference) if entity.key not in found]
        note = ", ".join(named(text, entity, colors=colors) for entity in missed)
        note = f'<p class="note">not found: {note}</p>' if note else ""
        parts.append(f'<div class="sentence">{drawn(text, predicted, colors=colors)}{note}</div>')
    return "".join(parts)
