"""Read the tags and words of sentences: tags become BIO, white space goes between the words."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from ..errors import UserError, count
from .faults import Faults
from .options import Options
from .records import TaggedWords
from .report import Report
from .schemes import (
    INVISIBLE,
    describe,
    entity_labels,
    find_faults,
    find_parts,
    holds_brackets,
    to_bio,
    without_brackets,
)
from .spacing import spaces_after

# Marks are reported if this share of the different words has them.
MIN_MARKED = {"##": 0.0, "_": 0.05, "digits": 0.5}


def build(sentences: Sequence[TaggedWords], options: Options) -> tuple[list[TaggedWords], Report]:
    """Return sentences with tags in BIO and words without white space.

    RAISES UserError: If a tag cannot be read, or white space is in an entity.
    """
    name = sentences[0].origin.file
    report = Report()
    report.words_read = sum(len(sentence.words) for sentence in sentences)
    if "##" in options.strip:
        sentences = [_join_pieces(sentence, report) for sentence in sentences]
    parts, sentences = _read_tags(sentences, options, report)
    different = set(chain.from_iterable(sentence.words for sentence in sentences))
    irregular = set(filter(_is_blank, different))
    for word in different:
        if _divide(_without_marks(word, options.strip)) != [word]:
            irregular.add(word)
    faults = Faults(name)
    built = []
    for sentence in sentences:
        bio, begun = to_bio(sentence.tags, parts)
        for position in begun:
            report.count("begun", f"{sentence.place(position)} {sentence.tags[position]!r}")
            if options.strict:
                fault = f"the tag {sentence.tags[position]!r} follows no entity of its label"
                remedy = "Write B- there, or leave out --strict to begin entities there."
                faults.add(sentence.line(position), fault, remedy)
        report.entities_read += len(entity_labels(bio))
        sentence = sentence._replace(tags=bio)
        if not irregular.isdisjoint(sentence.words):
            sentence = _clean_words(sentence, options.strip, report, faults)
        if sentence.words:
            built.append(sentence)
        else:
            report.count("no_text", sentence.origin.place(), sentence.rows)
    faults.check()
    if not options.strip:
        report.warnings += _find_marks(different, name)
    return built, report


def _read_tags(
    sentences: Sequence[TaggedWords], options: Options, report: Report
) -> tuple[dict[str, tuple[str, str]], Sequence[TaggedWords]]:
    """Return how tags are read, and sentences with named tags and without brackets.

    RAISES UserError: If a tag cannot be read.
    """
    name = sentences[0].origin.file
    names = {str(number): tag.strip() for number, tag in enumerate(options.tag_names)}
    if names:
        sentences = [
            sentence._replace(tags=tuple(names.get(tag, tag) for tag in sentence.tags))
            for sentence in sentences
        ]
    counts = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    if holds_brackets(counts) and not options.strict:
        sentences = [
            sentence._replace(tags=tuple(without_brackets(sentence.tags))) for sentence in sentences
        ]
        report.guesses["tags"] = "(x* * *) = B-x I-x I-x"
        counts = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    parts = find_parts(counts, options.outside)
    _refuse_faulty(sentences, find_faults(counts, parts, options.outside))
    description = describe({tag: parts[tag] for tag in counts})
    if description and options.strict:
        raise UserError(
            f"{name}: --strict accepts only the tags O, B-x and I-x, but these are others: "
            f"{description}. Correct them, or leave out --strict."
        )
    if description:
        report.guesses["tags"] = description
    return parts, sentences


def _refuse_faulty(
    sentences: Sequence[TaggedWords], faulty_tags: dict[str, tuple[str, str]]
) -> None:
    """Refuse tags that cannot be read.

    RAISES FileFaults: If there are some.
    """
    faults = Faults(sentences[0].origin.file)
    for sentence in sentences if faulty_tags else ():
        for position, tag in enumerate(sentence.tags):
            if tag in faulty_tags:
                word = sentence.words[position]
                fault, remedy = faulty_tags[tag]
                if word.startswith("##"):
                    remedy = 'If these are pieces of words, use --strip "##" to join them.'
                faults.add(
                    sentence.line(position), f"the tag of {word!r} is {tag!r}{fault}", remedy
                )
    faults.check()


def _join_pieces(sentence: TaggedWords, report: Report) -> TaggedWords:
    """Return a sentence in which word pieces (##) are joined to the word before them."""
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        if words and word.startswith("##"):
            words[-1] += word.removeprefix("##")
            report.count("piece", sentence.place(position))
        else:
            words.append(word)
            tags.append(tag)
            lines.append(sentence.line(position))
    if len(words) == len(sentence.words):
        return sentence
    return sentence._replace(words=tuple(words), tags=tuple(tags), spaces=None, lines=lines)


def _clean_words(
    sentence: TaggedWords, marks: Sequence[str], report: Report, faults: Faults
) -> TaggedWords:
    """Return a sentence without marks, and without white space in or as words.

    A blank as a word is a space after the word before it; line breaks and the like stay as words,
    as in spaCy.
    """
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    spaces: dict[int, bool] = {}  # word -> whether a space follows, if that is known
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        place, line = sentence.place(position), sentence.line(position)
        stripped = _without_marks(word, marks)
        parts = _divide(stripped)
        is_blank = _is_blank(stripped)
        if stripped != word:
            report.count("stripped", place)
        if is_blank:
            report.count("white_space", place)
            spaces[len(words) - 1] = not parts
            if tag[0] == "B":
                remedy = "Fill in the word, or write the tag of no entity."
                faults.add(line, f"there is no word, but the tag {tag!r}", remedy)
            tag = tag if tag[0] == "I" else "O"
        report.count("divided", place, max(0, len(parts) - 1))
        for part in parts:
            spaces[len(words)] = not is_blank
            words.append(part)
            tags.append(tag)
            lines.append(line)
            tag = tag.replace("B-", "I-", 1)
        if parts and not is_blank:
            del spaces[len(words) - 1]
            if sentence.spaces:
                spaces[len(words) - 1] = sentence.spaces[position]
    spaces.pop(-1, None)
    filled = spaces_after(words) if spaces else []
    for position, is_followed in spaces.items():
        filled[position] = is_followed and position + 1 < len(words)
    return sentence._replace(
        words=tuple(words), tags=tuple(tags), spaces=tuple(filled) or None, lines=lines
    )


def _is_blank(word: str) -> bool:
    """Return whether a word has nothing but white space and invisible characters."""
    return not word.strip().strip(INVISIBLE).strip()


def _divide(word: str) -> list[str]:
    """Return the parts of a word with white space inside; only line breaks and the like of none."""
    if not _is_blank(word):
        return word.split()
    white_space = "".join(filter(str.isspace, word))
    return [] if white_space in ("", " ") else [white_space]


def _without_marks(word: str, marks: Sequence[str]) -> str:
    """Return a word without the marks of --strip. A "_" becomes a space."""
    for mark in marks:
        if mark == "digits":
            word = word[:-1] if len(word) > 1 and word[-1].isdigit() else word
        elif mark == "_":
            word = word.replace("_", " ").strip() or word
        else:
            word = word.removeprefix(mark).removesuffix(mark) or word
    return word


def _find_marks(words: set[str], name: str) -> list[str]:
    """Return a warning for each kind of mark that many words have."""
    prefixes = {word[: word.find(":") + 1] for word in words}
    common = prefixes.pop() if len(prefixes) == 1 and len(words) > 5 else ""
    patterns = {"##": "##.+", "_": ".+_.+", "digits": r"\D\d"}
    if common:
        patterns[common] = ".*"
    warnings = []
    for mark, pattern in patterns.items():
        marked = sorted(filter(re.compile(pattern).fullmatch, words))
        if len(marked) > MIN_MARKED.get(mark, 0) * len(words):
            warnings.append(
                f"{name}: {count(len(marked), 'different word')} with marks, such as "
                f'{", ".join(marked[:3])}; --strip "{mark}" removes them.'
            )
    return warnings
