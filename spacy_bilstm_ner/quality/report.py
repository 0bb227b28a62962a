"""The report: one HTML page on how good a pipeline is, with plots, scores, confusions, mistakes and sentences."""

from collections import Counter
from html import escape
from typing import Any

from spacy.training import Example

from .entities import entities
from .mistakes import BOUNDARY, MISSED, SPURIOUS, conflicts, conflicts_table, confusion
from .pages import drawn, named, page, table
from .plots import Log, draw_curves, draw_reliability, draw_training
from .scores import TOTALS, percents

MISTAKES = 50
SENTENCES = 30
SAMPLE_WARNING = (
    "Trained on the small bundled sample: it shows that everything works. "
    "These are not the scores of a useful recogniser."
)


def report(
    metrics: dict[str, Any], examples: list[Example], *, log: Log | None, confidence: dict[str, Any] | None
) -> str:
    """Put the page together.

    metrics (dict[str, Any]): What `evaluate.measure` gives.
    examples (list[Example]): The test set, predicted on raw text.
    confidence (dict[str, Any] | None): What `reliability.measure` says of the development set.
    """
    mistakes = [each for each in conflicts(examples) if each.predicted][:MISTAKES]
    data = metrics["data"] or {}
    head, rows = score_rows(metrics)
    made = {"trained on": data.get("name"), **metrics["versions"]}
    made |= {key: metrics.get(key) for key in ("config", "seed", "vectors")}
    facts = ", ".join(f"{name} {value}" for name, value in made.items() if value is not None)
    parts = [
        f'<div class="warning">{SAMPLE_WARNING}</div>' if data.get("kind") == "sample" else "",
        f'<p class="note">{metrics["test"]["sentences"]:,} test sentences; {escape(facts)}</p>',
        f"<h2>Training</h2>{draw_training(log)}" if log else "",
        "<h2>Scores</h2>",
        '<p class="note">In per cent. An entity is right if its boundaries and its label are. '
        "Raw text: spaCy's tokenizer makes the tokens. Gold tokens: they are the annotators'.</p>",
        table(head, [[escape(cell) for cell in row] for row in rows]),
        confidence_section(confidence) if confidence else "",
        "<h2>Confusions</h2>",
        '<p class="note">A row adds up to the gold entities of its label, a column to the predicted '
        "ones. Labels meet where the boundaries agree.</p>",
        confusion_table(confusion(examples)),
        "<h2>Mistakes</h2>",
        f'<p class="note">The first {len(mistakes)} wrong entities, the surest first if the pipeline gives '
        "confidences.</p>",
        conflicts_table(mistakes),
        "<h2>Sentences</h2>",
        '<p class="note">With the predicted entities. Gold entities that are not among them are named below.</p>',
        sentences(examples),
    ]
    return page(f"{metrics['pipeline']} {metrics['version']}", parts)


def score_rows(metrics: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The names of columns and the rows of the table of scores: each label, all entities, the mean of the labels."""
    raw, gold = metrics["raw_text"], metrics["gold_tokens"]
    # What is scored → its scores on raw text, on gold tokens, and its numbers of entities
    parts = {name: (scores, gold["labels"].get(name), scores) for name, scores in raw["labels"].items()}
    parts |= zip(TOTALS, ((raw["micro"], gold["micro"], raw), (raw["macro"], gold["macro"], {})), strict=True)
    rows = []
    for name, (scores, on_gold, numbers) in parts.items():
        counts = [f"{numbers[key]:,}" if numbers else "" for key in ("gold", "predicted")]
        rows.append([name, *percents(scores), *counts, percents(on_gold or dict.fromkeys("prf"))[2]])
    return ["", "P", "R", "F", "gold", "predicted", "F, gold tokens"], rows


def confidence_section(found: dict[str, Any]) -> str:
    """Show how far confidences can be trusted."""
    auc = found["auc"]
    ranks = f" Of a right and a wrong entity, the right one has more in {auc * 100:.0f} of 100 pairs." if auc else ""
    return (
        '<h2>Confidences</h2><p class="note">Entities in '
        f"{len(found['bins'])} groups of equal size, by their confidence, and the share of each that is right. On "
        f"average the two are {found['ece'] * 100:.1f} points apart.{ranks}</p>{draw_reliability(found['bins'])}"
        '<p class="note">What is left of each label if only entities of at least some confidence are taken.</p>'
        f"{draw_curves(found['curves'])}"
    )


def confusion_table(counts: Counter[tuple[str, str]]) -> str:
    """Show what became of the gold entities (rows), and where predicted ones come from (columns)."""
    labels = sorted({name for pair in counts for name in pair} - {BOUNDARY, MISSED, SPURIOUS})
    highest = max(counts.values(), default=1)
    columns = [*labels, BOUNDARY, MISSED]
    rows = []
    for gold in [*labels, BOUNDARY, SPURIOUS]:
        cells = [escape(gold)]
        for predicted in columns:
            count = counts[gold, predicted]
            # The root makes the rare confusions visible beside the many right ones.
            strength = (count / highest) ** 0.5 * 0.7
            hue = "46, 125, 50" if gold == predicted else "192, 57, 43"
            zero = '<span class="zero">0</span>' if gold in labels or predicted in labels else ""
            cells.append(f'<td style="background: rgba({hue}, {strength:.3f})">{f"{count:,}" if count else zero}</td>')
        rows.append(cells)
    return table(["gold \\ predicted", *columns], rows)


def sentences(examples: list[Example]) -> str:
    """Draw sentences spread over the whole test set, with their predicted entities."""
    step = max(len(examples) // SENTENCES, 1)
    parts = []
    for example in examples[::step][:SENTENCES]:
        text, predicted = example.reference.text, entities(example.predicted)
        found = {entity.key for entity in predicted}
        missed = [entity for entity in entities(example.reference) if entity.key not in found]
        note = ", ".join(named(text, entity) for entity in missed)
        note = f'<p class="note">not found: {note}</p>' if note else ""
        parts.append(f'<div class="sentence">{drawn(text, predicted)}{note}</div>')
    return "".join(parts)
