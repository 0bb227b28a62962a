"""Read the tags and words of sentences: tags become BIO, white space goes between the words."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from ..errors import count
from .faults import Faults
from .options import Options
from .records import TaggedWords
from .report import Report
from .schemes import INVISIBLE, PIECE, entity_labels, find_faults, find_parts, to_bio
from .spacing import spaces_after

# Mark of --strip -> pattern of words with it, and the share of distinct words with it above which a
# warning is given. WikiANN has the language before each word, as in en:Oslo.
MARKS = {
    "##": ("##.+", 0.0),
    "_": (".+_.+", 0.05),
    "digits": (r"\D\d", 0.5),
    "": ("[a-z]{2,3}:.+", 0.9),
}


def build(sentences: Sequence[TaggedWords], options: Options, report: Report) -> list[TaggedWords]:
    """Return sentences with tags in BIO and words without white space.

    RAISES UserError: If a tag cannot be read, or an entity begins at a word without characters.
    """
    faults = Faults(sentences[0].origin.file)
    names = {str(number): tag.strip() for number, tag in enumerate(options.tag_names)}
    has_pieces = "##" in options.strip
    if names or has_pieces:
        sentences = [_name_tags(sentence, names, has_pieces) for sentence in sentences]
    parts = _read_tags(sentences, options, faults)
    examples = {letter: tag for tag, (letter, _) in parts.items() if letter != tag}
    report.guesses["tags"] = ", ".join(f"{letter} = {tag!r}" for letter, tag in examples.items())
    distinct_words = set(chain.from_iterable(map(attrgetter("words"), sentences)))
    # Words with marks or white space, which have to be cleaned
    irregular = set(filter(_is_blank, distinct_words))
    for word in distinct_words:
        if _without_marks(word, options.strip).split() != [word]:
            irregular.add(word)
    built = []
    for sentence in sentences:
        bio, begun = to_bio(sentence.tags, parts)
        for position in begun:
            report.count("begun", f"{sentence.place(position)} {sentence.tags[position]!r}")
        report.words_read += len(bio)
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
        report.warnings += _find_marks(distinct_words, faults.name)
    return built


def _name_tags(sentence: TaggedWords, names: dict[str, str], has_pieces: bool) -> TaggedWords:
    """Replace numbers by the names of tags. Pieces of words get the tag PIECE."""
    tags = []
    for position, tag in enumerate(sentence.tags):
        is_piece = has_pieces and position and sentence.words[position].startswith(PIECE)
        tags.append(PIECE if is_piece else names.get(tag, tag))
    return sentence._replace(tags=tuple(tags))


def _read_tags(
    sentences: Sequence[TaggedWords], options: Options, faults: Faults
) -> dict[str, tuple[str, str]]:
    """Return the letter and the label of each tag.

    RAISES FileFaults: If a tag cannot be read.
    """
    counts = Counter(chain.from_iterable(map(attrgetter("tags"), sentences)))
    parts = find_parts(counts, options.outside)
    faulty_tags = find_faults(counts, parts, options.outside)
    for sentence in sentences if faulty_tags else ():
        for position, tag in enumerate(sentence.tags):
            if tag in faulty_tags:
                word = sentence.words[position]
                fault, remedy = faulty_tags[tag]
                if word.startswith(PIECE):
                    remedy = 'If these are pieces of words, use --strip "##" to join them.'
                fault = f"the tag of {word!r} is {tag!r}{fault}"
                faults.add(sentence.line(position), fault, remedy)
    faults.check()
    return parts


def _clean_words(
    sentence: TaggedWords, marks: Sequence[str], report: Report, faults: Faults
) -> TaggedWords:
    """Remove marks from words, and divide words at white space.

    A word that is a blank becomes a space after the previous word. Line breaks and other white
    space stay words, as in spaCy.
    """
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    spaces: dict[int, bool] = {}  # word -> whether a space follows, if that is known
    for position, tag in enumerate(sentence.tags):
        place, line = sentence.place(position), sentence.line(position)
        word = _without_marks(sentence.words[position], marks)
        if tag == PIECE and words:
            report.count("piece", place)
            words[-1] += word
            continue
        tag = "O" if tag == PIECE else tag
        parts = word.split()
        is_blank = _is_blank(word)
        if is_blank:
            report.count("white_space", place)
            white_space = "".join(filter(str.isspace, word))
            parts = [white_space] if white_space.strip(" ") else []
            spaces[len(words) - 1] = not parts
            if tag[0] == "B":
                remedy = "Add the word, or change the tag to that of words outside of entities."
                faults.add(line, f"there is no word, but the tag {tag!r}", remedy)
            tag = tag if tag[0] == "I" else "O"
        elif word != sentence.words[position]:
            report.count("stripped", place)
        report.count("divided", place, max(0, len(parts) - 1))
        for part in parts:
            spaces[len(words)] = not is_blank
            words.append(part)
            tags.append(tag)
            lines.append(line)
            tag = tag.replace("B-", "I-", 1)
        if parts and not is_blank:
            spaces.pop(len(words) - 1)
            if sentence.spaces:
                spaces[len(words) - 1] = sentence.spaces[position]
    spaces.pop(-1, None)
    all_spaces = spaces_after(words) if spaces else []
    for position, is_followed in spaces.items():
        all_spaces[position] = is_followed and position + 1 < len(words)
    return sentence._replace(
        words=tuple(words), tags=tuple(tags), spaces=tuple(all_spaces) or None, lines=lines
    )


def _is_blank(word: str) -> bool:
    """Return whether a word has nothing but white space and invisible characters."""
    return not word.strip().strip(INVISIBLE).strip()


def _without_marks(word: str, marks: Sequence[str]) -> str:
    """Return a word without the marks of --strip. A "_" becomes a space."""
    for mark in marks:
        literal = re.escape(mark)
        pattern = {"digits": r"(?<=.)\d$", "_": "_"}.get(mark, f"^{literal}|{literal}$")
        word = re.sub(pattern, " ", word).strip() or word
    return word


def _find_marks(words: set[str], name: str) -> list[str]:
    """Return a warning for each kind of mark that many words have."""
    warnings = []
    for mark, (pattern, min_share) in MARKS.items():
        marked = sorted(filter(re.compile(pattern).fullmatch, words))
        if len(marked) > min_share * len(words):
            mark = mark or marked[0][: marked[0].index(":") + 1]
            warnings.append(
                f"{name}: {count(len(marked), 'different word')} with marks, such as "
                f'{", ".join(marked[:3])}; --strip "{mark}" removes them.'
            )
    return warnings
