"""The report: how good a pipeline is, with plots, confusions, mistakes and sentences."""

from collections.abc import Iterator
from html import escape
from typing import Any

from spacy.training import Example

from ..pipe.entities import entities
from .mistakes import conflicts, conflicts_table, confusion, confusion_table
from .pages import drawn, named, section
from .plots import Log, draw_curves, draw_reliability, draw_training
from .reliability import measure

MISTAKES = 50
SENTENCES = 30


def page_parts(
    metrics: dict[str, Any], examples: list[Example], *, dev: list[Example], log: Log | None
) -> Iterator[str]:
    """Make the parts of the page, as HTML, that stand below the table of scores.

    metrics (dict[str, Any]): What `evaluate.measure` gives.
    examples (list[Example]): The test set, predicted on raw text.
    dev (list[Example]): What is to tell how far confidences can be trusted, likewise.
    """
    made = metrics["versions"] | {key: metrics.get(key) for key in ("config", "seed", "vectors")}
    yield (
        '<p class="note">In per cent. An entity is right if its boundaries and its label are. P, R and F are on raw '
        "text, whose tokens spaCy's tokenizer makes; gold tokens are the annotators'. Made with "
        f"{escape(', '.join(f'{name} {value}' for name, value in made.items() if value is not None))}</p>"
    )
    if log:
        yield section("Training", draw_training(log))
    if confidence := measure(dev):
        yield confidence_section(confidence)
    note = "A row adds up to a label's gold entities, a column to the predicted ones. Where boundaries agree, labels meet."
    yield section("Confusions", confusion_table(confusion(examples)), note=note)
    mistakes = [each for each in conflicts(examples) if each.predicted][:MISTAKES]
    note = f"The first {len(mistakes)} wrong entities, the surest first if the pipeline gives confidences."
    yield section("Mistakes", conflicts_table(mistakes), note=note)
    yield section(
        "Sentences",
        note="With the predicted entities. Gold entities that are not among them are named below.",
    )
    # Spread over the whole test set
    for example in examples[:: max(len(examples) // SENTENCES, 1)][:SENTENCES]:
        text, predicted = example.reference.text, entities(example.predicted)
        found = {entity.key for entity in predicted}
        missed = [
            named(text, entity) for entity in entities(example.reference) if entity.key not in found
        ]
        below = f'<p class="note">not found: {", ".join(missed)}</p>' if missed else ""
        yield f'<div class="sentence">{drawn(text, predicted)}{below}</div>'


def confidence_section(found: dict[str, Any]) -> str:
    """Show how far confidences can be trusted."""
    auc = found["auc"]
    ranks = (
        f" Of a right and a wrong entity, the right one has more in {auc * 100:.0f} of 100 pairs."
        if auc
        else ""
    )
    note = (
        f"Entities in {len(found['bins'])} groups of equal size, by their confidence, and the share of each that is "
        f"right. On average the two are {found['ece'] * 100:.1f} points apart.{ranks} Below it, what is left of each "
        "label if only entities of at least some confidence are taken."
    )
    return section(
        "Confidences", draw_reliability(found["bins"]), draw_curves(found["curves"]), note=note
    )
