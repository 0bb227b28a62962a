"""Find signs of mistakes in labelled sentences: unusual labels and scripts."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import chain
from operator import attrgetter

from ..errors import count
from .records import TaggedWords
from .schemes import entity_labels
from .spacing import UNSPACED

# Languages whose tokenizers divide text without spaces
UNSPACED_LANGS = ("zh", "ja", "th")
# A lower share of words in scripts without spaces is ignored.
MIN_UNSPACED = 0.05
# A label is probably misspelt if a similar label is this many times as frequent. Labels of six
# letters that differ in one letter have a similarity of 0.83.
MIN_RATIO, MIN_SIMILARITY = 20, 0.8
# A label that occurs once is reported in a corpus of at least this many entities.
MIN_ENTITIES = 20


def find_doubts(sentences: Sequence[TaggedWords], lang: str) -> list[str]:
    """Return a warning for each sign of a mistake. It says what to do.

    sentences (Sequence[TaggedWords]): Sentences with tags in BIO.
    lang (str): Language of the tokenizer.
    """
    doubts = _check_labels(sentences) + _check_missing_labels(sentences)
    words = list(chain.from_iterable(map(attrgetter("words"), sentences)))
    n_unspaced = sum(map(bool, map(UNSPACED.match, words)))
    if n_unspaced > MIN_UNSPACED * len(words) and lang not in UNSPACED_LANGS:
        doubts.append(
            "the words are in a script that is written without spaces, and the tokenizer of --lang "
            f"{lang} cannot divide such text: use --lang zh, ja or th. Otherwise, the model will "
            "only work on text with spaces between the words."
        )
    return doubts


def _check_labels(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that occur once, or that look like a more frequent label."""
    places: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for sentence in sentences:
        for position, tag in enumerate(sentence.tags):
            if tag[0] == "B":
                counts[tag[2:]] += 1
                places.setdefault(tag[2:], sentence.place(position))
    doubts = []
    more_frequent: dict[str, str] = {}  # label in lower case -> label
    for label, number in counts.most_common():
        place = f"{count(number, 'entity')}, {places[label]}"
        lowercased = label.casefold()
        similar = get_close_matches(lowercased, more_frequent, 1, MIN_SIMILARITY)
        frequent = more_frequent[similar[0]] if similar else ""
        if similar == [lowercased] or counts[frequent] >= MIN_RATIO * number:
            doubts.append(
                f"the label {label!r} ({place}) looks like {frequent!r} ({counts[frequent]:,}): "
                f"--label {label}={frequent} merges them."
            )
        elif number == 1 and counts.total() >= MIN_ENTITIES:
            doubts.append(
                f"the label {label!r} has only one entity ({place}), which is too few to train on: "
                f"--label {label}= drops it."
            )
        more_frequent.setdefault(lowercased, label)
    return doubts


def _check_missing_labels(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that a file lacks and another one has."""
    labels: dict[str, set[str]] = {}
    for sentence in sentences:
        if sentence.annotated is None:
            labels.setdefault(sentence.origin.file, set()).update(entity_labels(sentence.tags))
    all_labels = set().union(*labels.values())
    doubts = []
    for file, present in labels.items():
        missing = sorted(all_labels - present)
        if missing and present:
            doubts.append(
                f"{file} has no entity with these labels of another file: {', '.join(missing)}. If "
                "nobody looked for them in this file, use "
                f'--annotated "{file}={",".join(sorted(present))}"'
            )
    return doubts
