"""Find what makes labelled sentences doubtful: odd labels, lengths, scripts."""

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
    doubts = _check_lengths(sentences) + _check_script(sentences, lang)
    return doubts + _odd_labels(sentences) + _gaps(sentences)


def _check_lengths(sentences: Sequence[TaggedWords]) -> list[str]:
    """Check rows of a word each: too many in one sentence, or one in most."""
    lengths = [len(sentence.words) for sentence in sentences if sentence.origin.step]
    longest, mean = max(lengths, default=0), sum(lengths) / max(1, len(lengths))
    is_short = 0 < mean < MIN_MEAN_WORDS and len(sentences) >= MIN_SENTENCES
    if longest <= MAX_SENTENCE_WORDS and not is_short:
        return []
    return [
        f"sentences have {mean:.1f} words on average, the longest one {longest:,}: see that they "
        "are divided by empty lines or by a column that numbers them (--sentence-column NAME)."
    ]


def _check_script(sentences: Sequence[TaggedWords], lang: str) -> list[str]:
    """Check whether the language's tokenizer divides text in the script of the words."""
    words = chain.from_iterable(map(attrgetter("words"), sentences))
    characters = Counter("".join(words))
    for script, (ranges, langs) in SCRIPTS.items():
        in_script = re.findall(f"[{ranges}]", "".join(characters))
        n_script = sum(map(characters.__getitem__, in_script))
        if lang in langs or n_script <= MIN_SCRIPT_SHARE * characters.total():
            continue
        remedy = "spaCy has no language that does. The model works only on text with such spaces."
        if langs:
            remedy = f"give --lang {langs[0]}. Else the model is useless on text."
        warning = f"words of {script} script without spaces, but --lang {lang} does not find words"
        return [banner(f"{warning} in such text:\n{remedy}")]
    return []


def _odd_labels(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that differ in case only, occur once, or are one letter from a frequent one."""
    places: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for sentence in sentences:
        for position, tag in enumerate(sentence.tags):
            if tag[0] == "B":
                counts[tag[2:]] += 1
                places.setdefault(tag[2:], sentence.place(position))
    doubts = []
    more_frequent: dict[str, str] = {}  # label without capitals -> label
    for label, number in counts.most_common():
        place = f"{count(number, 'entity')}, {places[label]}"
        plain = label.casefold()
        similar = get_close_matches(plain, more_frequent, 1, MIN_SIMILARITY)
        frequent = more_frequent[similar[0]] if similar else ""
        if similar == [plain] or counts[frequent] >= MIN_RATIO * number:
            doubts.append(
                f"the label {label!r} ({place}) looks like {frequent!r} ({counts[frequent]:,}): "
                f"--label {label}={frequent} makes them one."
            )
        elif number == 1 and counts.total() >= MIN_ENTITIES:
            doubts.append(
                f"the label {label!r} has one entity only ({place}), from which nothing can be "
                f"learnt: --label {label}= drops it."
            )
        more_frequent.setdefault(plain, label)
    return doubts


def _gaps(sentences: Sequence[TaggedWords]) -> list[str]:
    """Find labels that a file lacks and another one has."""
    labels: dict[str, set[str]] = {}
    for sentence in sentences:
        if sentence.annotated is None:
            labels.setdefault(sentence.origin.file, set()).update(entity_labels(sentence.tags))
    every = set().union(*labels.values())
    doubts = []
    for file, present in labels.items():
        missing = sorted(every - present)
        if missing and present and len(labels) <= MAX_FILES:
            option = f'--annotated "{file}={",".join(sorted(present))}"'
            doubts.append(
                f"{file} has no entity of {', '.join(missing)}, which another file has. If nobody "
                f"looked for them there, use {option}"
            )
    return doubts
