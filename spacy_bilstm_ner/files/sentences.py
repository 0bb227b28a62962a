"""Read the tags and words of sentences: tags become BIO, white space goes between the words."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from ..errors import UserError, count
from .faults import Faults
from .options import Options
from .records import TaggedWords
from .report import Report
from .schemes import INVISIBLE, Scheme, entity_labels, holds_brackets, without_brackets
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
    scheme, sentences = _find_scheme(sentences, options, report)
    different = set(chain.from_iterable(sentence.words for sentence in sentences))
    irregular = {
        word for word in different if _without_marks(word, options.strip).split() != [word]
    }
    irregular |= set(filter(_is_blank, different))
    faults = Faults(name)
    built = []
    for sentence in sentences:
        bio, begun = scheme.to_bio(sentence.tags)
        for position in begun:
            report.count("begun", f"{sentence.place(position)} {sentence.tags[position]!r}")
            if options.strict:
                fault = f"the tag {sentence.tags[position]!r} follows no entity of its label"
                remedy = "Write B- there, or leave out --strict to begin entities there."
                faults.add(sentence.line(position), fault, remedy)
        report.entities_read += len(entity_labels(bio))
        sentence = sentence._replace(tags=tuple(bio))
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


def _find_scheme(
    sentences: Sequence[TaggedWords], options: Options, report: Report
) -> tuple[Scheme, Sequence[TaggedWords]]:
    """Return how tags are read, and sentences with named tags and without brackets.

    RAISES UserError: If a tag cannot be read.
    """
    names = {str(number): tag.strip() for number, tag in enumerate(options.tag_names)}
    if names:
        sentences = [
            sentence._replace(tags=tuple(names.get(tag, tag) for tag in sentence.tags))
            for sentence in sentences
        ]
    tags = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    if holds_brackets(tags) and not options.strict:
        sentences = [
            sentence._replace(tags=tuple(without_brackets(sentence.tags))) for sentence in sentences
        ]
        report.guesses["tags"] = "(x* * *) = B-x I-x I-x"
        tags = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    scheme = Scheme(tags, options.outside)
    _refuse_unread(sentences, scheme)
    description = scheme.description()
    if description and options.strict:
        raise UserError(
            f"{sentences[0].origin.file}: --strict accepts only the tags O, B-x and I-x, but these "
            f"are others: {description}. Correct them, or leave out --strict."
        )
    if description:
        report.guesses["tags"] = description
    return scheme, sentences


def _refuse_unread(sentences: Sequence[TaggedWords], scheme: Scheme) -> None:
    """Refuse tags that cannot be read.

    RAISES FileFaults: If there are some.
    """
    unread = scheme.unread()
    faults = Faults(sentences[0].origin.file)
    for sentence in sentences if unread else ():
        for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
            if tag in unread:
                fault, remedy = unread[tag]
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
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        if words and word.startswith("##"):
            words[-1] += word.removeprefix("##")
            report.count("piece", sentence.place(position))
        else:
            words.append(word)
            tags.append(tag)
    if len(words) == len(sentence.words):
        return sentence
    origin = sentence.origin._replace(step=0)
    return sentence._replace(words=tuple(words), tags=tuple(tags), spaces=None, origin=origin)


def _clean_words(
    sentence: TaggedWords, marks: Sequence[str], report: Report, faults: Faults
) -> TaggedWords:
    """Return a sentence without marks, and without white space in or as words.

    A blank as a word is a space after the word before it; line breaks and the like stay as words,
    as in spaCy.
    """
    words: list[str] = []
    tags: list[str] = []
    spaces: list[bool | None] = []  # None if unknown
    lines: list[int] = []
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        stripped = _without_marks(word, marks)
        parts = stripped.split()
        if stripped != word:
            report.count("stripped", sentence.place(position))
        if len(parts) > 1:
            report.count("divided", sentence.place(position), len(parts) - 1)
        if _is_blank(stripped):
            report.count("white_space", sentence.place(position))
            stripped = "".join(filter(str.isspace, stripped))
            is_space = stripped in ("", " ")
            spaces[-1:] = [is_space] * len(spaces[-1:])
            parts = [] if is_space else [stripped]
            if tag[0] == "B":
                fault = f"there is no word, but the tag {tag!r}"
                remedy = "Fill in the word, or write the tag of no entity."
                faults.add(sentence.line(position), fault, remedy)
            tag = tag if tag[0] == "I" else "O"
        words += parts
        tags += [tag, *[tag.replace("B-", "I-", 1)] * (len(parts) - 1)][: len(parts)]
        spaces += [True] * len(parts)
        lines += [sentence.line(position)] * len(parts)
        if parts:
            after = sentence.spaces[position] if sentence.spaces else None
            spaces[-1] = False if _is_blank(stripped) else after
    return sentence._replace(
        words=tuple(words),
        tags=tuple(tags),
        spaces=_fill_spaces(words, spaces),
        origin=sentence.origin._replace(step=0),
        lines=lines,
    )


def _fill_spaces(words: Sequence[str], spaces: Sequence[bool | None]) -> tuple[bool, ...] | None:
    """Return whether a space follows each word, with rules where it is unknown; None if all are."""
    if set(spaces) <= {None}:
        return None
    filled = []
    for space, detected in zip(spaces, spaces_after(words), strict=True):
        filled.append(detected if space is None else space)
    filled[-1:] = [False] * len(filled[-1:])
    return tuple(filled)


def _is_blank(word: str) -> bool:
    """Return whether a word has nothing but white space and invisible characters."""
    return not word.strip().strip(INVISIBLE).strip()


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
    marked = {
        "##": [word for word in words if word.startswith("##") and len(word) > 2],
        "_": [word for word in words if "_" in word[1:-1]],
        "digits": [word for word in words if len(word) == 2 and word[1].isdigit()],
    }
    prefixes = {word[: word.find(":") + 1] for word in words}
    if len(prefixes) == 1 and len(words) > 5:
        marked[prefixes.pop()] = sorted(words)
    warnings = []
    for mark, examples in marked.items():
        if mark and len(examples) > MIN_MARKED.get(mark, 0) * len(words):
            shown = ", ".join(sorted(examples)[:3])
            number = count(len(examples), "different word")
            warnings.append(
                f'{name}: {number} with marks, such as {shown}; --strip "{mark}" removes them.'
            )
    return warnings
