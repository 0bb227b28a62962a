"""Find what makes labelled sentences doubtful: odd labels, lengths, scripts."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import chain

from ..errors import banner, count
from .records import TaggedWords
from .schemes import entity_labels
from .spacing import SCRIPTS

# A longer sentence, or many that are shorter on average, are hardly sentences.
MAX_SENTENCE_WORDS = 500
MIN_MEAN_WORDS, MIN_SENTENCES = 1.5, 10
# A script counts from this share of the characters on.
MIN_SCRIPT_SHARE = 0.05
# A label is odd if it is similar to one that is this many times as frequent. One of six letters
# makes a similarity of 0.83.
MIN_RATIO, MIN_SIMILARITY = 20, 0.8
# A label that occurs once is odd in a corpus of at least this many entities.
MIN_ENTITIES = 20
# Labels that are missing in a file are reported for at most this many files.
MAX_FILES = 5


def find_doubts(sentences: Sequence[TaggedWords], lang: str) -> list[str]:
    """Return a sentence for each doubt, with its remedy.

    sentences (Sequence[TaggedWords]): Sentences with tags in BIO.
    lang (str): Language of the tokenizer.
    """
    doubts = [_check_lengths(sentences), _check_script(sentences, lang)]
    return [doubt for doubt in [*doubts, *_odd_labels(sentences), *_gaps(sentences)] if doubt]


def _check_lengths(sentences: Sequence[TaggedWords]) -> str:
    """Check rows of a word each: too many in one sentence, or one in most."""
    lengths = [len(sentence.words) for sentence in sentences if sentence.origin.step]
    if not lengths:
        return ""
    mean = sum(lengths) / len(lengths)
    remedy = (
        "see that sentences are divided by empty lines or by a column that numbers them "
        "(--sentence-column NAME)."
    )
    if max(lengths) > MAX_SENTENCE_WORDS:
        return f"the longest sentence has {max(lengths):,} words: {remedy}"
    if mean < MIN_MEAN_WORDS and len(sentences) >= MIN_SENTENCES:
        return f"sentences have {mean:.1f} words on average: {remedy}"
    return ""


def _check_script(sentences: Sequence[TaggedWords], lang: str) -> str:
    """Check whether the language's tokenizer divides text in the script of the words."""
    characters = Counter("".join(chain.from_iterable(sentence.words for sentence in sentences)))
    for script, (ranges, langs) in SCRIPTS.items():
        n_script = 0
        for char, number in characters.items():
            n_script += number if re.match(f"[{ranges}]", char) else 0
        if n_script < MIN_SCRIPT_SHARE * characters.total() or lang in langs or not n_script:
            continue
        remedy = "spaCy has no language that does. The model works only on text with such spaces."
        if langs:
            remedy = f"give --lang {langs[0]}. Else the model is useless on text."
        return banner(
            f"words of {script} script without spaces, but --lang {lang} does not find words in "
            f"such text:\n{remedy}"
        )
    return ""


def _odd_labels(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that differ in case only, occur once, or are one letter from a frequent one."""
    first_places: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for sentence in sentences:
        for position, tag in enumerate(sentence.tags):
            if tag[0] == "B":
                counts[tag[2:]] += 1
                if tag[2:] not in first_places:
                    first_places[tag[2:]] = sentence.place(position)
    doubts = []
    by_frequency = [label for label, _ in counts.most_common()]
    for label in reversed(by_frequency):
        place = first_places[label]
        number = count(counts[label], "entity")
        similar = _similar(label, by_frequency, counts)
        if similar:
            doubts.append(
                f"the label {label!r} ({number}, {place}) looks like {similar!r} "
                f"({counts[similar]:,}): --label {label}={similar} makes them one."
            )
        elif counts[label] == 1 and counts.total() >= MIN_ENTITIES:
            doubts.append(
                f"the label {label!r} has one entity only ({place}), from which nothing can be "
                f"learnt: --label {label}= drops it."
            )
    return doubts


def _similar(label: str, by_frequency: Sequence[str], counts: Counter[str]) -> str | None:
    """Return the more frequent label that a label is probably meant to be."""
    for other in by_frequency[: by_frequency.index(label)]:
        is_rare = counts[other] >= MIN_RATIO * counts[label]
        similarity = SequenceMatcher(None, label, other).ratio()
        if other.casefold() == label.casefold() or (is_rare and similarity > MIN_SIMILARITY):
            return other
    return None


def _gaps(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that a file lacks and another one has."""
    labels: dict[str, set[str]] = {}
    for sentence in sentences:
        if sentence.annotated is None:
            labels.setdefault(sentence.origin.file, set()).update(entity_labels(sentence.tags))
    if not 1 < len(labels) <= MAX_FILES:
        return []
    every = set().union(*labels.values())
    doubts = []
    for file, present in labels.items():
        missing = sorted(every - present)
        if missing and present:
            option = f'--annotated "{file}={",".join(sorted(present))}"'
            doubts.append(
                f"{file} has no entity of {', '.join(missing)}, which another file has. If nobody "
                f"looked for them there, use {option}"
            )
    return doubts
