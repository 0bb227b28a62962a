"""Find signs of mistakes in labelled sentences: unusual labels, lengths and scripts."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import chain
from operator import attrgetter

from ..errors import banner, count
from .records import TaggedWords
from .schemes import entity_labels
from .spacing import SCRIPTS

# Rows were probably not divided into sentences correctly if a sentence is longer than this, or if
# many sentences are shorter on average.
MAX_SENTENCE_WORDS = 500
MIN_MEAN_WORDS, MIN_SENTENCES = 1.5, 10
# Scripts with a lower share of the characters are ignored.
MIN_SCRIPT_SHARE = 0.05
# A label is probably misspelt if a similar label is this many times as frequent. Labels of six
# letters that differ in one letter have a similarity of 0.83.
MIN_RATIO, MIN_SIMILARITY = 20, 0.8
# A label that occurs once is reported in a corpus of at least this many entities.
MIN_ENTITIES = 20
# Labels that are missing in a file are reported for at most this many files.
MAX_FILES = 5


def find_doubts(sentences: Sequence[TaggedWords], lang: str) -> list[str]:
    """Return a warning for each sign of a mistake. It says what to do.

    sentences (Sequence[TaggedWords]): Sentences with tags in BIO.
    lang (str): Language of the tokenizer.
    """
    doubts = _check_lengths(sentences) + _check_script(sentences, lang)
    return doubts + _check_labels(sentences) + _check_missing_labels(sentences)


def _check_lengths(sentences: Sequence[TaggedWords]) -> list[str]:
    """Check the number of words in sentences that were read from rows with a word each."""
    lengths = [len(sentence.words) for sentence in sentences if sentence.origin.step]
    longest, mean = max(lengths, default=0), sum(lengths) / max(1, len(lengths))
    is_short = 0 < mean < MIN_MEAN_WORDS and len(sentences) >= MIN_SENTENCES
    if longest <= MAX_SENTENCE_WORDS and not is_short:
        return []
    return [
        f"sentences have {mean:.1f} words on average, the longest one {longest:,}: check that "
        "empty lines, or a column with sentence numbers (--sentence-column NAME), divide them."
    ]


def _check_script(sentences: Sequence[TaggedWords], lang: str) -> list[str]:
    """Check whether the tokenizer of a language can divide text in the script of the words."""
    words = chain.from_iterable(map(attrgetter("words"), sentences))
    characters = Counter("".join(words))
    for script, (ranges, langs) in SCRIPTS.items():
        in_script = re.findall(f"[{ranges}]", "".join(characters))
        n_script = sum(map(characters.__getitem__, in_script))
        if lang in langs or n_script <= MIN_SCRIPT_SHARE * characters.total():
            continue
        remedy = "No language of spaCy does. The model will only work on text with spaces."
        if langs:
            remedy = f"Use --lang {langs[0]}. Otherwise the model will not work on raw text."
        warning = f"The words are in {script} script, which is written without spaces."
        return [banner(f"{warning}\n--lang {lang} cannot divide such text into words. {remedy}")]
    return []


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
        if missing and present and len(labels) <= MAX_FILES:
            option = f'--annotated "{file}={",".join(sorted(present))}"'
            doubts.append(
                f"{file} has no entity with these labels of another file: {', '.join(missing)}. If "
                f"nobody looked for them in this file, use {option}"
            )
    return doubts
