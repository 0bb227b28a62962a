"""Rename and drop labels, say which labels were looked for, and find odd labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import repeat
from operator import attrgetter
from pathlib import Path

from ..errors import UserError, count
from .options import Options
from .records import TaggedWords
from .report import Report
from .schemes import entity_labels

# A label is probably misspelt if a similar label is this many times as frequent. Labels of six
# letters that differ in one letter have a similarity of 0.83.
MIN_RATIO, MIN_SIMILARITY = 20, 0.8
# If there are more files than this, such as the documents of a folder, no warning names the labels
# that a file lacks.
MAX_FILES = 5
# A label that occurs once is reported in a corpus of at least this many entities.
MIN_ENTITIES = 20


def apply_options(
    sentences: Sequence[TaggedWords], options: Options, report: Report
) -> list[TaggedWords]:
    """Apply --skip-empty, --label and --annotated to sentences.

    RAISES UserError: If a sentence has a label that was not looked for.
    """
    labelled = []
    for sentence in sentences:
        if not sentence.n_entities and options.skip_empty:
            place = sentence.origin.place()
            report.count("skip_empty", place, sentence.rows, words=sentence.n_words)
            continue
        sentence = _rename(sentence, options.label, report)
        if sentence.annotated is None and options.annotated:
            annotated = _find_annotated(sentence.origin.file, options.annotated)
            sentence = sentence._replace(annotated=annotated)
        unexpected = set(entity_labels(sentence.tags)).difference(sentence.annotated or ())
        if sentence.annotated and unexpected:
            raise UserError(
                f"{sentence.origin.place()} has entities of {', '.join(sorted(unexpected))}, but "
                f"it was annotated for {', '.join(sentence.annotated)}. Name every label that was "
                "looked for, in the record or with --annotated."
            )
        labelled.append(sentence)
    return labelled


def _find_annotated(file: str, options: Sequence[str]) -> tuple[str, ...] | None:
    """Return the labels that were looked for in a file; None for all labels.

    file (str): The file of a sentence's origin. In Excel, it ends in the name of the sheet.
    options (Sequence[str]): Values of --annotated, such as "MED,DOSE" for all files and
        "old.csv=MED" for one file.
    """
    labels: dict[str, list[str]] = defaultdict(list)  # "" for all files
    for option in options:
        name, _, labels_of_file = option.rpartition("=")
        labels[name] += map(str.strip, labels_of_file.split(","))
    for name in (file, Path(file).name, ""):
        if name in labels:
            return tuple(labels[name])
    return None


def check_annotated(sentences: Iterable[TaggedWords], options: Options) -> None:
    """Check that each file that --annotated names has been read.

    RAISES UserError: If it has not.
    """
    files = set(map(attrgetter("origin.file"), sentences))
    for option in options.annotated:
        if not any(map(_find_annotated, files, repeat([option]))):
            raise UserError(
                f"--annotated {option}: no such file has been read. Write the name or the path of "
                f"one of these files: {'; '.join(sorted(files)):.1000}"
            )


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
    if annotated:
        annotated = tuple(filter(None, map(names.get, annotated, annotated)))
    return sentence._replace(tags=tuple(tags), annotated=annotated)


def find_odd_labels(sentences: Sequence[TaggedWords], options: Options) -> list[str]:
    """Return a warning for each label that occurs once, or looks like a more frequent label.

    Labels that the user has chosen with --label are not odd.

    sentences (Sequence[TaggedWords]): Sentences with tags in BIO.
    """
    places: dict[str, str] = {}
    counts = Counter[str]()
    for sentence in sentences:
        for position, tag in enumerate(sentence.tags):
            if tag[0] == "B":
                counts[tag[2:]] += 1
                places.setdefault(tag[2:], sentence.place(position))
    warnings = []
    more_frequent: dict[str, str] = {}  # label in lower case -> label
    for label, number in counts.most_common():
        described = f"the label {label!r} ({count(number, 'entity')}, {places[label]})"
        lowercased = label.casefold()
        similar = get_close_matches(lowercased, more_frequent, 1, MIN_SIMILARITY)
        frequent = more_frequent.setdefault(similar[0] if similar else lowercased, label)
        more_frequent.setdefault(lowercased, label)
        if label in options.label.values():
            continue
        if similar == [lowercased] or counts[frequent] >= MIN_RATIO * number:
            warnings.append(
                f"{described} looks like {frequent!r} ({counts[frequent]:,}). If it is misspelt, "
                f'--label "{label}={frequent}" merges them.'
            )
        elif number == 1 and counts.total() >= MIN_ENTITIES:
            warnings.append(f'{described} is too rare to train on: --label "{label}=" drops it.')
    return warnings


def find_missing_labels(sentences: Sequence[TaggedWords]) -> list[str]:
    """Return a warning for each file that lacks labels of another file."""
    labels: dict[str, set[str]] = defaultdict(set)
    for sentence in sentences:
        if sentence.annotated is None:
            labels[sentence.origin.file].update(entity_labels(sentence.tags))
    all_labels = set().union(*labels.values())
    warnings = []
    for file, present in labels.items() if len(labels) <= MAX_FILES else ():
        missing = sorted(all_labels - present)
        if missing and present:
            warnings.append(
                f"{file} has no entity with these labels of another file: {', '.join(missing)}. If "
                "nobody looked for them in this file, use "
                f'--annotated "{file}={",".join(sorted(present))}"'
            )
    return warnings
