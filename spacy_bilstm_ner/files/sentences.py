"""Read the tags and words of sentences: convert tags to BIO, and divide words at white space."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import chain
from operator import attrgetter, itemgetter, ne

from ..errors import count
from .options import Options
from .records import TaggedWords
from .report import Report, check_rows
from .schemes import describe_unread, find_parts, to_bio
from .spacing import spaces_after
from .tables import clean

# Marks that many words of some corpora have, such as en:Oslo in WikiANN. A warning is given if more
# than MIN_MARKED_SHARE of the distinct words have one.
MARKS = (r"[^\W_]+(_)[^\W_].*", "(##).+", "([a-z]{2,3}:).+")
MIN_MARKED_SHARE = 0.05
# If more than this share of the words are blank, such as in KLUE, they say where the spaces are.
MIN_BLANK_SHARE = 0.05


def build(sentences: Sequence[TaggedWords], options: Options, report: Report) -> list[TaggedWords]:
    """Return sentences with tags in BIO, and with words that are divided at white space.

    RAISES UserError: If a tag cannot be read, or an entity begins at a word without characters.
    """
    file = sentences[0].origin.file
    if options.strip:
        sentences = [_strip_marks(sentence, options.strip, report) for sentence in sentences]
    parts = _read_tags(sentences, options)
    report.guesses["tags"] = ", ".join(sorted(set(map(itemgetter(0), parts.values()))))
    counts = Counter(chain.from_iterable(map(attrgetter("words"), sentences)))
    has_blanks = counts[""] + counts[" "] > MIN_BLANK_SHARE * counts.total()
    # Words that are empty, are white space, or contain white space
    irregular = {word for word in counts if word.isspace() or _divide(word) != [word]}
    built = []
    faults: list[tuple[int, str]] = []
    for sentence in sentences:
        bio, begun = to_bio(sentence.tags, parts)
        for position in begun:
            report.count("begun", f"{sentence.place(position)} {sentence.tags[position]!r}")
        sentence = sentence._replace(tags=bio)
        report.read["words"] += len(bio)
        report.read["entities"] += sentence.n_entities
        if has_blanks and not sentence.spaces:
            sentence = sentence._replace(spaces=(False,) * len(bio))
        if has_blanks or not irregular.isdisjoint(sentence.words):
            sentence = _clean_words(sentence, report, faults)
        if sentence.words:
            built.append(sentence)
        else:
            report.count("no_text", sentence.origin.place(), sentence.rows)
    check_rows(
        file, faults, "Add the word, or change the tag to that of words outside of entities."
    )
    if not options.strip:
        report.warnings += _find_marks(counts.keys(), file)
    return built


def _strip_marks(sentence: TaggedWords, marks: Sequence[str], report: Report) -> TaggedWords:
    """Replace the marks of --strip by a space. A word that is nothing but marks stays."""
    pattern = re.compile("|".join(map(re.escape, marks)))
    words = [pattern.sub(" ", word).strip() or word for word in sentence.words]
    report.count("stripped", sentence.origin.place(), sum(map(ne, words, sentence.words)))
    return sentence._replace(words=tuple(words))


def _read_tags(sentences: Sequence[TaggedWords], options: Options) -> dict[str, tuple[str, str]]:
    """Return the letter and the label of each tag.

    RAISES UserError: If a tag cannot be read.
    """
    counts = Counter(chain.from_iterable(map(attrgetter("tags"), sentences)))
    # Tags that are numbers may have a name.
    names = {str(number): name.strip() for number, name in enumerate(options.tag_names)}
    named = {tag: names.get(tag, tag) for tag in counts}
    parts_of_names = find_parts(set(named.values()), options.outside)
    parts = {tag: parts_of_names[name] for tag, name in named.items() if name in parts_of_names}
    unread = counts.keys() - parts.keys()
    faults = []
    for sentence in sentences if unread else ():
        for position, tag in enumerate(sentence.tags):
            if tag in unread:
                shown = repr(tag) if tag.isascii() else f"{tag!r} ({tag!a})"
                line = sentence.origin.line_of(position)
                faults.append((line, f"the tag of {sentence.words[position]!r} is {shown}"))
    check_rows(sentences[0].origin.file, faults, describe_unread(counts, unread, options.outside))
    return parts


def _divide(word: str) -> list[str]:
    """Return the parts of a word between white space. A word without characters has no parts.

    White space other than blanks stays a word, as in spaCy.
    """
    if clean(word):
        return word.split()
    white_space = "".join(filter(str.isspace, word))
    return [white_space] if white_space.strip(" ") else []


def _clean_words(
    sentence: TaggedWords, report: Report, faults: list[tuple[int, str]]
) -> TaggedWords:
    """Divide words at white space. A word that is a blank becomes a space after the previous word.

    faults (list[tuple[int, str]]): Entities that begin at a word without characters are added.
    """
    words = []
    tags = []
    lines = []
    spaces: list[bool | None] = []  # whether a space follows each word; None if unknown
    for position, tag in enumerate(sentence.tags):
        place, line = sentence.place(position), sentence.origin.line_of(position)
        space = sentence.spaces[position] if sentence.spaces else None
        parts = _divide(sentence.words[position])
        if not "".join(parts).strip():
            report.count("white_space", place)
            if tag[0] == "B":
                faults.append((line, f"there is no word, but the tag {tag!r}"))
            tag = tag if tag[0] == "I" else "O"
            space = False
            if spaces:
                spaces[-1] = not parts
        report.count("divided", place, max(0, len(parts) - 1))
        for part in parts:
            words.append(part)
            tags.append(tag)
            lines.append(line)
            spaces.append(True)
            tag = re.sub("^B", "I", tag)
        if parts:
            spaces[-1] = space
    all_spaces: tuple[bool, ...] | None = None
    if set(spaces) - {None}:
        spaces[-1] = False
        pairs = zip(spaces, spaces_after(words), strict=True)
        all_spaces = tuple(guess if space is None else space for space, guess in pairs)
    origin = sentence.origin._replace(lines=lines)
    return sentence._replace(words=tuple(words), tags=tuple(tags), spaces=all_spaces, origin=origin)


def _find_marks(words: Set[str], name: str) -> list[str]:
    """Return a warning for each kind of mark that many words have."""
    warnings = []
    for pattern in map(re.compile, MARKS):
        marked = sorted(filter(pattern.fullmatch, words))
        if len(marked) > MIN_MARKED_SHARE * len(words):
            (mark,) = pattern.findall(marked[0])
            warnings.append(
                f"{name}: {count(len(marked), 'different word')} with marks, such as "
                f'{", ".join(marked[:3])}; --strip "{mark}" replaces them by spaces.'
            )
    return warnings
