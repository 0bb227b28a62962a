"""CoNLL and its kin: a word a line, columns without a header, blank lines between sentences → a table."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise

from ..errors import UserError, count
from .columns import Columns, Table, is_header
from .schemes import OUTSIDE, holds_brackets, holds_pos, is_tag
from .sentences import Data, clean
from .tables import make_table

# Labels of phrases, which CoNLL-2003 has in a column before that of entities.
_CHUNKS = frozenset(
    ["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"]
)
# Labels within a text, as XML, OpenNLP, Rasa and Stanford's taggers write them
_INLINE = re.compile(
    r"<(\w+)[^<>\n]*>[^<>\n]+</\1>|<START:\w+>|\[[^]\n]{1,99}\]\([\w:]+\)|\b[^\W_]{1,99}[/_](?:[A-Z]{3,}|O)\b"
)
# The number of a row of CoNLL-U that is no word: several words written as one, or an empty node
_RANGE = re.compile(r"\d+[-.]\d+")
# How CoNLL-U, and CoNLL-2012, begin a document
_DOCUMENT = re.compile(r"#\s*(?:newdoc id =|begin document)\s*(.*\S)")


def read_conll(text: str, data: Data) -> tuple[Table, Columns | None]:
    """Read columns: the first that is not a number has the words, the last has the tags. Options name columns by their
    number, from 1. Where a first line names the columns, they are for others to find: None. Lines that have a fault are
    left out.

    RAISES UserError: If it cannot be read.
    """
    name, options = data.file, data.options
    lines = text.split("\n")
    sep = options.sep or _separator(lines)
    cell = cache(clean)  # One string for all equal ones
    # Not at every white space: a no-break space stands within a word.
    split = [
        list(map(cell, line.split(sep) if sep else re.split("[ \t]+", line.strip(" \t"))))
        if line.strip()
        else []
        for line in lines
    ]
    plain = [
        one
        for line, one in zip(lines, split, strict=True)
        if one and line[0] != "#" and one[0] != "-DOCSTART-"
    ]
    if not plain:
        raise UserError(f"{name} holds no sentences: all of its lines are empty or comments.")
    (width, n_lines), *_ = Counter(map(len, plain)).most_common(1)
    if width < 2 or 2 * n_lines < len(plain):
        raise UserError(
            f"{name} is no table: most of its lines have no word and tag side by side. {_what_else(text)}"
        )
    # Some have a line of names all the same.
    header = (
        plain[0]
        if is_header(plain[0][:1]) and is_header(plain[0][-1:]) and len(plain[0]) == width
        else None
    )
    names = header or [str(i) for i in range(1, width + 1)]
    last = {"O", *(fields[-1] for fields in plain if len(fields) == width)}
    records: list[tuple[int, list[str]]] = []
    document, n_documents = "", 0
    is_numbered = _counts_words(plain)
    n_ranges = 0
    for number, (line, fields) in enumerate(zip(lines, split, strict=True), 1):
        if said := _DOCUMENT.match(line):
            document = said[1]
        elif not fields or fields[0] == "-DOCSTART-":
            records.append((number, []))
            n_documents += bool(fields)
            document = str(n_documents) if fields else document
        elif fields[0].startswith("#") and not (len(fields) == width and fields[-1] in last):
            continue
        elif is_numbered and _RANGE.fullmatch(fields[0]) and len(fields) == width > 2:
            n_ranges += 1
        elif len(fields) != width:
            data.fault(
                number,
                f"expected {width} columns, found {len(fields)}",
                "Write a word, its tag, and no more.",
            )
        elif fields is not header:
            records.append((number, [*fields, document]))
    if n_ranges:
        rows = count(n_ranges, "row")
        data.warn(
            "ranges", f"{name}: {rows} left out: ranges and empty nodes of CoNLL-U (1-2, 1.1)."
        )
    if not any(fields for _, fields in records):
        raise UserError(
            f"{name} holds no words: all of its lines are numbered as those of CoNLL-U that are none."
        )
    table = make_table([(0, [*names, "document"]), *records], data)
    if header:
        return table, None
    for role, given in (("word", options.word_column), ("tag", options.tag_column)):
        if given and given not in names:
            what = f"has no header: --{role}-column takes a number from 1 to {width}, but is {given!r}."
            raise UserError(f"{name} {what}")
    values = {one: set(table[one]) for one in names}
    tagged = [one for one in names if _has_entities(values[one])]
    brackets = [one for one in names if holds_brackets(values[one])]
    if len(brackets) > 1 and not options.tag_column:
        what = f"columns {', '.join(brackets)} hold brackets such as (PER*: which of them are the entities?"
        raise UserError(f"{name}: {what} In CoNLL-2012 it is --tag-column 11.")
    last_is_outside = all(value.casefold() in OUTSIDE for value in values[names[-1]])
    tag = options.tag_column or (brackets or (tagged if last_is_outside else []) or names)[-1]
    texts = [one for one in names if one != tag and not _numbers(table[one])]
    word = options.word_column or (texts or names)[0]
    others = [one for one in tagged if one not in (word, tag)]
    if others and not options.tag_column:
        message = f"columns {', '.join([*others, tag])} of {name} hold tags: {tag} was taken. "
        data.warn("columns", f"{message}--tag-column {others[0]} takes another.")
    tags = values[tag]
    if holds_pos(tags) or not (
        holds_brackets(tags) or any(is_tag(one) or one.casefold() in OUTSIDE for one in tags)
    ):
        raise UserError(
            f"{name}: column {tag} holds no tags such as O or B-per. {_what_else(text)}"
        )
    if all(map(is_tag, values[word])):
        raise UserError(
            f"{name}: column {word} holds tags, and no words. Say --word-column NUMBER (from 1)."
        )
    return table, Columns(None, word, tag, "document")


def _separator(lines: list[str]) -> str | None:
    """What stands on every line; None for white space"""
    some = [
        line for line in lines[:1000] if line.strip() and line[0] != "#" and "DOCSTART" not in line
    ]
    if all("\t" in line for line in some):
        return "\t"
    return next(
        (sep for sep in ",;|" if all(is_tag(line.rpartition(sep)[2].strip()) for line in some)),
        None,
    )


def _what_else(text: str) -> str:
    if (found := _INLINE.search(text)) is None:
        return "Is it text without labels? If not, say --tag-column NUMBER (from 1)."
    what = f"Labels that stand within the text, such as {found[0]!r}, are not read:"
    return f"{what} write them as JSON Lines with offsets, or a word a line."


def _counts_words(rows: list[list[str]]) -> bool:
    """Return whether the first column numbers the words of each sentence: 1, 2, 3 …"""
    previous = 0
    for fields in rows:
        if _RANGE.fullmatch(fields[0]):
            continue
        if not fields[0].isdecimal() or int(fields[0]) not in (1, previous + 1):
            return False
        previous = int(fields[0])
    return True


def _numbers(values: list[str]) -> bool:
    """Whether a column has numbers, or what is the same for many words, such as a document's name"""
    same = sum(a == b for a, b in pairwise(values))
    return 2 * same > len(values) or all(re.fullmatch(r"[\d.-]+", value) for value in values)


def _has_entities(values: set[str]) -> bool:
    labels = {value[2:] for value in values if is_tag(value) and len(value) > 2}
    return all(is_tag(value) for value in values) and bool(labels - _CHUNKS)
