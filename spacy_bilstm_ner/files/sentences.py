"""Read the tags and words of sentences: tags become BIO, white space goes between the words."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from ..errors import UserError, count
from .faults import Faults
from .options import Options
from .records import UNKNOWN, TaggedWords
from .report import Report
from .schemes import INVISIBLE, Scheme, entity_labels, holds_brackets, without_brackets
from .spacing import spaces_after


def build(sentences: Sequence[TaggedWords], options: Options) -> tuple[list[TaggedWords], Report]:
    """Return sentences with tags in BIO and words without white space.

    RAISES UserError: If a tag cannot be read, or white space is in an entity.
    """
    report = Report()
    sentences = _name_tags(sentences, options.tag_names)
    tags = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    if holds_brackets(tags) and not options.strict:
        report.guesses["tags"] = "(x* * *) = B-x I-x I-x"
        sentences = [
            sentence._replace(tags=tuple(without_brackets(sentence.tags))) for sentence in sentences
        ]
        tags = Counter(chain.from_iterable(sentence.tags for sentence in sentences))
    scheme = Scheme(tags, options.outside)
    _refuse_unread(sentences, scheme)
    description = scheme.description()
    if description:
        report.guesses["tags"] = description
    name = sentences[0].origin.file if sentences else ""
    if description and options.strict:
        raise UserError(
            f"{name}: --strict accepts only the tags O, B-x and I-x, but these are others: "
            f"{description}. Correct them, or leave out --strict."
        )
    report.words_read = sum(len(sentence.words) for sentence in sentences)
    different = set(chain.from_iterable(sentence.words for sentence in sentences))
    irregular = {word for word in different if _is_blank(word) or len(word.split()) > 1}
    marks = {word for word in different if _without_marks(word, options.strip) != word}
    faults = Faults(name)
    built = []
    for sentence in sentences:
        bio, begun = scheme.to_bio(sentence.tags)
        for position in begun:
            _count_begun(sentence, position, options, report, faults)
        if sentence.annotated is not None:
            bio = [UNKNOWN if tag == "O" else tag for tag in bio]
        sentence = sentence._replace(tags=tuple(bio))
        report.entities_read += len(entity_labels(bio))
        if not marks.isdisjoint(sentence.words):
            sentence = _strip(sentence, options.strip, report)
        if marks or not irregular.isdisjoint(sentence.words):
            sentence = _divide(_move_white_space(sentence, report, faults), report)
        if sentence.words:
            built.append(sentence)
    faults.check()
    if not options.strip and (warning := _find_marks(different)):
        report.warnings.append(f"{name}: {warning}")
    return built, report


def _name_tags(sentences: Sequence[TaggedWords], names: Sequence[str]) -> Sequence[TaggedWords]:
    """Return sentences with the names of their numbered tags."""
    by_number = {str(number): name.strip() for number, name in enumerate(names)}
    named = []
    for sentence in sentences if names else ():
        tags = tuple(by_number.get(tag, tag) for tag in sentence.tags)
        named.append(sentence._replace(tags=tags))
    return named or sentences


def _refuse_unread(sentences: Sequence[TaggedWords], scheme: Scheme) -> None:
    """RAISES FileFaults: If there are tags that cannot be read."""
    unread = scheme.unread() if scheme.counts else {}
    if not unread:
        return
    faults = Faults(sentences[0].origin.file)
    for sentence in sentences:
        if unread.keys().isdisjoint(sentence.tags):
            continue
        for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
            if tag in unread:
                fault, remedy = unread[tag]
                faults.add(
                    sentence.line(position), f"the tag of {word!r} is {tag!r}{fault}", remedy
                )
    faults.check()


def _count_begun(
    sentence: TaggedWords, position: int, options: Options, report: Report, faults: Faults
) -> None:
    """Count an entity that begins with I-; with --strict, it is a fault."""
    word, tag = sentence.words[position], sentence.tags[position]
    report.count("begun", f"{sentence.place(position)} {tag!r}")
    if options.strict:
        fault = f"the tag {tag!r} of the word {word!r} follows no entity of its label"
        faults.add(
            sentence.line(position),
            fault,
            "Write B- there, or leave out --strict to begin entities there.",
        )


def _is_blank(word: str) -> bool:
    """Return whether a word has nothing but white space and invisible characters."""
    return not word.strip().strip(INVISIBLE).strip()


def _move_white_space(sentence: TaggedWords, report: Report, faults: Faults) -> TaggedWords:
    """Return a sentence without words of white space. A blank becomes a space after the word before
    it; line breaks and the like stay as words, as in spaCy."""
    origin = sentence.origin
    words: list[str] = []
    tags: list[str] = []
    after: set[int] = set()  # words that are followed by a blank
    places: list[int] = []
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        if not _is_blank(word):
            words.append(word)
            tags.append(tag)
            places.append(position)
            continue
        if tag[0] in "BI":
            fault = f"there is no word, but the tag {tag!r}"
            faults.add(
                sentence.line(position), fault, "Fill in the word, or write the tag of no entity."
            )
        report.count("white_space", sentence.place(position))
        if words and word in ("", " "):
            after.add(len(words) - 1)
        elif word not in ("", " "):
            words.append(word)
            tags.append("O")
            places.append(-1)
    if len(words) == len(sentence.words):
        return sentence
    spaces = _spaces(words, [sentence.spaces[place] for place in places] if sentence.spaces else [])
    for position in after:
        spaces[position] = position < len(words) - 1
    step = origin.step if len(words) == len(sentence.words) else 0
    return sentence._replace(
        words=tuple(words),
        tags=tuple(tags),
        spaces=tuple(spaces) if sentence.spaces or any(map(str.isspace, words)) or after else None,
        origin=origin._replace(step=step),
    )


def _spaces(words: Sequence[str], known: Sequence[bool]) -> list[bool]:
    """Return whether a space follows each word; none follows white space or comes before it."""
    solid = [position for position, word in enumerate(words) if not _is_blank(word)]
    spaces = [False] * len(words)
    detected = spaces_after([words[position] for position in solid])
    for position, space in zip(solid, detected, strict=True):
        is_last = position + 1 == len(words) or _is_blank(words[position + 1])
        spaces[position] = (known[position] if known else space) and not is_last
    return spaces


def _divide(sentence: TaggedWords, report: Report) -> TaggedWords:
    """Return a sentence in which words with white space inside are several words."""
    if not any(len(word.split()) > 1 for word in sentence.words):
        return sentence
    words: list[str] = []
    tags: list[str] = []
    spaces: list[bool] = []
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        parts = word.split() or [word]
        if len(parts) > 1:
            place = sentence.place(position)
            report.count("divided", place, len(parts) - 1)
        words += parts
        tags += [tag] + [f"I{tag[1:]}" if tag[0] == "B" else tag] * (len(parts) - 1)
        spaces += [True] * (len(parts) - 1)
        spaces.append(sentence.spaces[position] if sentence.spaces else False)
    return sentence._replace(
        words=tuple(words),
        tags=tuple(tags),
        spaces=tuple(spaces) if sentence.spaces else None,
        origin=sentence.origin._replace(step=0),
    )


def _without_marks(word: str, marks: Sequence[str]) -> str:
    """Return a word without the marks of --strip."""
    for mark in marks:
        if mark == "digits":
            word = word[:-1] if len(word) > 1 and word[-1].isdigit() else word
        elif mark == "_":
            word = word.replace("_", " ").strip() or word
        else:
            word = word.removeprefix(mark).removesuffix(mark) or word
    return word


def _strip(sentence: TaggedWords, marks: Sequence[str], report: Report) -> TaggedWords:
    """Return a sentence without the marks. Word pieces (##) are joined to the word before."""
    words: list[str] = []
    tags: list[str] = []
    for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True)):
        place = sentence.place(position)
        stripped = _without_marks(word, marks)
        if "##" in marks and word.startswith("##") and words:
            words[-1] += stripped
            report.count("piece", place)
            continue
        if stripped != word:
            report.count("stripped", place)
        words.append(stripped)
        tags.append(tag)
    is_same_length = len(words) == len(sentence.words)
    return sentence._replace(
        words=tuple(words),
        tags=tuple(tags),
        spaces=sentence.spaces if is_same_length else None,
        origin=sentence.origin if is_same_length else sentence.origin._replace(step=0),
    )


def _find_marks(words: set[str]) -> str:
    """Return a warning if many words have marks that are probably not part of the text."""
    kinds = {
        "##": [word for word in words if word.startswith("##") and len(word) > 2],
        "_": [word for word in words if "_" in word[1:-1]],
        "digits": [word for word in words if len(word) == 2 and word[1].isdigit()],
    }
    prefixes = {word[: word.find(":") + 1] for word in words}
    if len(prefixes) == 1 and len(words) > 5 and (prefix := prefixes.pop()):
        kinds[prefix] = list(words)
    for mark, marked in kinds.items():
        is_frequent = (
            len(marked) * 20 > len(words) if mark != "digits" else len(marked) * 2 > len(words)
        )
        if marked and (is_frequent or mark == "##"):
            shown = ", ".join(sorted(marked)[:3])
            number = count(len(marked), "different word")
            return f'{number} with marks, such as {shown}; --strip "{mark}" removes them.'
    return ""
