"""Rename and drop labels, and say which labels were looked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from .options import Options
from .records import TaggedWords
from .report import Report
from .schemes import entity_labels


def apply_options(
    sentences: Sequence[TaggedWords], name: str, options: Options, report: Report
) -> list[TaggedWords]:
    """Apply --skip-empty, --label and --annotated to sentences.

    name (str): Name of the file.
    RAISES UserError: If a sentence has a label that was not looked for.
    """
    annotated = _find_annotated(name, options.annotated)
    n_empty = 0
    labelled = []
    for sentence in sentences:
        if not sentence.n_entities and options.skip_empty:
            place = sentence.origin.place()
            report.count("skip_empty", place, sentence.rows, words=sentence.n_words)
            continue
        # Only texts and records count, not sentences from rows with a word each.
        n_empty += not (sentence.n_entities or sentence.origin.step or sentence.rows > 1)
        sentence = _rename(sentence, options.label, report)
        if sentence.annotated is None:
            sentence = sentence._replace(annotated=annotated)
        unexpected = set(entity_labels(sentence.tags)).difference(sentence.annotated or ())
        if sentence.annotated and unexpected:
            raise UserError(
                f"{sentence.origin.place()} has entities of {', '.join(sorted(unexpected))}, but "
                f"it was annotated for {', '.join(sentence.annotated)}. Name every label that was "
                "looked for (--annotated)."
            )
        labelled.append(sentence)
    if n_empty:
        report.guesses["texts without an entity"] = (
            f"{n_empty:,} of {len(sentences):,}, read as labelled; --skip-empty leaves them out"
        )
    return labelled


def _find_annotated(name: str, options: Sequence[str]) -> tuple[str, ...] | None:
    """Return the labels that were looked for in a file; None for all labels.

    options (Sequence[str]): Values of --annotated, such as "MED,DOSE" for all files and
        "old.csv=MED" for one file.
    """
    labels = None
    for option in options:
        file, _, labels_of_file = option.rpartition("=")
        if file in (name, Path(name).name) or (not file and labels is None):
            labels = tuple(map(str.strip, labels_of_file.split(",")))
    return labels


def _rename(sentence: TaggedWords, names: Mapping[str, str], report: Report) -> TaggedWords:
    """Rename labels. Words with a dropped label are then outside of entities."""
    if not names:
        return sentence
    tags = []
    for position, tag in enumerate(sentence.tags):
        letter, label = tag[:1], tag[2:]
        if label in names:
            reason = "renamed" if names[label] else "dropped"
            report.count(reason, f"{sentence.place(position)} {label}", int(letter == "B"))
            tag = f"{letter}-{names[label]}" if names[label] else "O"
        tags.append(tag)
    annotated = sentence.annotated
    if annotated is not None:
        annotated = tuple(filter(None, [names.get(label, label) for label in annotated]))
    return sentence._replace(tags=tuple(tags), annotated=annotated)
