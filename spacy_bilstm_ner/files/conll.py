"""CoNLL and its kin: a word a line, columns without a header, blank lines between sentences."""

import re
from collections import Counter

from ..errors import UserError
from .columns import POS_VALUES
from .faults import Faults
from .schemes import is_tag
from .sentences import Options, Rows, clean

# Labels of phrases, which CoNLL-2003 has in a column before that of entities.
_CHUNKS = frozenset(["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"])
# How CoNLL-U, and CoNLL-2012, begin a document
_DOCUMENT = re.compile(r"#\s*(?:newdoc id =|begin document)\s*(.*\S)")


def read_conll(text: str, name: str, options: Options, sep: str | None = None) -> tuple[Rows, list[str]]:
    """Read columns: the first that is not a number has the words, the last has the tags. Options name columns by their
    number, from 1.

    sep (Optional[str]): What separates columns; None for tabs, or white space where there are none.
    RETURNS (tuple[Rows, list[str]]): A row for each word, and what is doubtful.
    RAISES UserError: If it cannot be read.
    """
    lines = text.split("\n")
    if sep is None and all("\t" in line for line in lines if line.strip() and not line.startswith(("#", "-DOCSTART-"))):
        sep = "\t"
    split = [[clean(field) for field in line.split(sep)] if line.strip() else [] for line in lines]
    widths = Counter(len(fields) for line, fields in zip(lines, split, strict=True) if fields and line[0] != "#")
    if not widths:
        raise UserError(f"{name} holds no sentences: all of its lines are empty or comments.")
    width = widths.most_common(1)[0][0]
    faults = Faults(name, lambda row: row + 1)
    usual = {fields[-1] for line, fields in zip(lines, split, strict=True) if len(fields) == width and line[0] != "#"}
    kept: list[tuple[int, list[str]]] = []
    starts: list[int] = []
    documents: list[str] = []
    document, n_documents = "", 0
    new = True
    for number, fields in enumerate(split):
        if said := _DOCUMENT.match(lines[number]):
            document, new = said[1], True
        elif fields[:1] == ["-DOCSTART-"]:
            n_documents += 1
            document, new = str(n_documents), True
        elif not fields:
            new = True
        elif fields[0].startswith("#") and (len(fields) != width or not (fields[-1] in usual or is_tag(fields[-1]))):
            continue
        elif len(fields) < 2 or len(fields) != width:
            faults.add(number, f"expected {width} columns, found {len(fields)}", "Write a word, its tag, and no more.")
        else:
            if new:
                starts.append(len(kept))
                documents.append(document)
                new = False
            kept.append((number, fields))
    faults.check()
    word_column = _number(options.word_column, "word", width, name)
    tag_column = _number(options.tag_column, "tag", width, name)
    columns = list(zip(*(fields for _, fields in kept), strict=True))
    if word_column is None:
        numbers = [i for i in range(width - 1) if not all(re.fullmatch(r"[\d.-]+", value) for value in columns[i])]
        word_column = numbers[0] if numbers else 0
    warnings = []
    if tag_column is None:
        tag_column = width - 1
        others = [i for i in range(width - 1) if i != word_column and _has_entities(set(columns[i]))]
        if others:
            warnings.append(
                f"columns {', '.join(str(i + 1) for i in [*others, tag_column])} of {name} hold tags: the last was "
                f"taken. --tag-column {others[0] + 1} takes another."
            )
    values = set(columns[tag_column])
    if sum(value in POS_VALUES.split() for value in values) > 0.4 * len(values):
        raise UserError(f"{name}: column {tag_column + 1} holds parts of speech. Say --tag-column NUMBER (from 1).")
    rows = Rows(
        words=list(columns[word_column]),
        tags=list(columns[tag_column]),
        starts=starts,
        ids=[str(number) for number in range(1, len(starts) + 1)],
        line=lambda row: kept[row][0] + 1,
        tag_column=str(tag_column + 1),
        documents=documents,
    )
    return rows, warnings


def _number(given: str | None, role: str, width: int, name: str) -> int | None:
    if given is None:
        return None
    if not given.isdigit() or not 1 <= int(given) <= width:
        raise UserError(f"{name} has no header: --{role}-column takes a number from 1 to {width}, but is {given!r}.")
    return int(given) - 1


def _has_entities(values: set[str]) -> bool:
    labels = {value[2:] for value in values if is_tag(value) and len(value) > 2}
    return all(is_tag(value) for value in values) and bool(labels - _CHUNKS)
