"""The parts of the page that `evaluate` writes."""

from collections.abc import Iterator, Sequence
from typing import Any

from spacy.training import Example

from ..pipe.entities import entities
from .examples import entity_keys
from .mistakes import (
    count_confusions,
    find_conflicts,
    tabulate_conflicts,
    tabulate_confusions,
)
from .pages import Section, Segment, mark_entities, name_entity
from .plots import Log, draw_curves, draw_reliability, draw_training
from .reliability import Reliability, measure_reliability

N_MISTAKES = 50
N_SENTENCES = 30


def make_sections(
    metrics: dict[str, Any],
    examples: Sequence[Example],
    *,
    dev_examples: Sequence[Example],
    log: Log | None,
) -> Iterator[Section]:
    """Make the parts of the page below the table of scores.

    metrics (dict[str, Any]): The metrics of an Evaluation.
    examples (Sequence[Example]): The test set, predicted on raw text.
    dev_examples (Sequence[Example]): The examples from which the reliability is measured.
    """
    yield _describe_metrics(metrics)
    if log:
        yield Section("Training", pictures=[draw_training(log)])
    reliability = measure_reliability(dev_examples)
    if reliability:
        yield _describe_confidences(reliability)
    yield Section(
        "Confusions",
        note="A row adds up to the gold entities of a label, a column to the predicted ones. "
        "Labels meet where boundaries agree.",
        table=tabulate_confusions(count_confusions(examples)),
    )
    mistakes = [conflict for conflict in find_conflicts(examples) if conflict.predicted]
    mistakes = mistakes[:N_MISTAKES]
    yield Section(
        "Mistakes",
        note=f"The first {len(mistakes)} wrong entities, in decreasing order of confidence.",
        table=tabulate_conflicts(mistakes),
    )
    yield _show_sentences(examples)


def _describe_metrics(metrics: dict[str, Any]) -> Section:
    versions = dict(metrics["versions"])
    for key in ("config", "seed", "vectors"):
        if metrics.get(key) is not None:
            versions[key] = metrics[key]
    made_with = ", ".join(f"{name} {value}" for name, value in versions.items())
    return Section(
        "About the scores",
        note="Scores are in per cent. An entity is correct if its boundaries and its label are. "
        "P, R and F are on raw text, which spaCy's tokenizer splits. Gold tokens are those of the "
        f"file. Made with {made_with}.",
    )


def _describe_confidences(reliability: Reliability) -> Section:
    note = (
        f"Entities are sorted by confidence into {len(reliability.bins.confidence)} groups of "
        "equal size. The first plot shows the precision of each group. On average, confidence and "
        f"precision differ by {reliability.calibration_error * 100:.1f} points. "
    )
    if reliability.auc:
        note += (
            f"In {reliability.auc * 100:.0f} % of pairs, the correct entity has a higher "
            "confidence than the wrong one. "
        )
    note += "The other plots show precision and recall of the entities above a confidence."
    pictures = [draw_reliability(reliability.bins), draw_curves(reliability.curves)]
    return Section("Confidences", note=note, pictures=pictures)


def _show_sentences(examples: Sequence[Example]) -> Section:
    # Spread over the whole test set
    step = max(len(examples) // N_SENTENCES, 1)
    sentences = []
    for example in examples[::step][:N_SENTENCES]:
        predicted = entity_keys(example.predicted)
        remark: list[Segment] = []
        for entity in entities(example.reference):
            if entity.key not in predicted:
                remark.append(Segment(" " if remark else "missed: "))
                remark.append(name_entity(example.reference.text, entity))
        sentences.append((mark_entities(example.predicted), remark))
    return Section(
        "Sentences", note="Predicted entities are marked; missed ones follow.", sentences=sentences
    )
