"""Rename and drop labels, and say which labels were looked for."""

from collections.abc import Sequence

from .faults import Faults
from .options import Options
from .records import UNKNOWN, TaggedWords
from .report import Report
from .schemes import entity_labels


def apply_options(
    sentences: Sequence[TaggedWords], name: str, options: Options
) -> tuple[list[TaggedWords], Report]:
    """Return sentences after --skip-empty, --label and --annotated.

    name (str): Name of the file.
    RAISES FileFaults: If a sentence has a label that was not looked for.
    """
    report = Report()
    filled = _skip_empty(sentences, name, options.skip_empty, report)
    annotated = options.labels_looked_for(name)
    faults = Faults(name)
    changed = []
    for sentence in filled:
        if options.label:
            sentence = _rename(sentence, options, report)
        if sentence.annotated is None:
            sentence = sentence._replace(annotated=annotated)
        if sentence.annotated is not None:
            tags = tuple(UNKNOWN if tag == "O" else tag for tag in sentence.tags)
            sentence = sentence._replace(tags=tags)
        unexpected = set(entity_labels(sentence.tags)).difference(sentence.annotated or ())
        if sentence.annotated and unexpected:
            fault = (
                f"it has entities of {', '.join(sorted(unexpected))}, but was annotated for "
                f"{', '.join(sentence.annotated)}"
            )
            remedy = "Name every label that was looked for (--annotated)."
            faults.add(sentence.origin.line, fault, remedy)
        changed.append(sentence)
    faults.check()
    return changed, report


def _skip_empty(
    sentences: Sequence[TaggedWords], name: str, skip_empty: bool, report: Report
) -> Sequence[TaggedWords]:
    """Return sentences; with skip_empty only those with an entity. Report how many have none."""
    empty = [sentence for sentence in sentences if not sentence.n_entities]
    if not skip_empty:
        texts = [sentence for sentence in empty if sentence.rows == 1 and not sentence.origin.step]
        if texts and sentences[0].origin.step == 0:
            report.guesses["texts without an entity"] = (
                f"{len(texts):,} of {len(sentences):,}, read as finished; --skip-empty leaves them "
                "out"
            )
        return sentences
    for sentence in empty:
        place = sentence.origin.place()
        report.count("skip_empty", place, sentence.rows, words=sentence.n_words)
    return [sentence for sentence in sentences if sentence.n_entities]


def _rename(sentence: TaggedWords, options: Options, report: Report) -> TaggedWords:
    """Return a sentence with other labels; words with a dropped label are outside."""
    tags = []
    for position, tag in enumerate(sentence.tags):
        label = tag[2:]
        if label not in options.label:
            tags.append(tag)
            continue
        new_label = options.label[label]
        if tag[0] == "B":
            place = f"{sentence.place(position)} {label}"
            report.count("renamed" if new_label else "dropped", place)
        tags.append(f"{tag[0]}-{new_label}" if new_label else "O")
    annotated = sentence.annotated
    if annotated is not None:
        renamed = [options.label.get(label, label) for label in annotated]
        annotated = tuple(dict.fromkeys(filter(None, renamed)))
    return sentence._replace(tags=tuple(tags), annotated=annotated)
