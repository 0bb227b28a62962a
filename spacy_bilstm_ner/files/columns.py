"""Find the columns of words, tags and sentences in a table: by option, name or content."""

import re
from collections import Counter
from collections.abc import Sequence
from operator import eq
from typing import NamedTuple, NoReturn

from ..errors import UserError
from .cells import holds_lists, split_tags
from .options import Options
from .schemes import is_tag
from .tables import Table, find_name

# A column holds tags if more than this share of its cells are tags. Single cells of other columns
# may look like tags, such as "?" and "O".
MIN_TAG_SHARE = 0.2
_NUMBER = re.compile(r"[\d.-]+")


class Columns(NamedTuple):
    """Names of the columns.

    sentence (list[str]): The columns that together number the sentences; may be empty.
    spacing (Optional[str]): The column that says where no space follows.
    """

    sentence: list[str]
    word: str
    tag: str
    document: str | None
    spacing: str | None


def find_columns(table: Table, options: Options) -> Columns:
    """Find the columns of a table.

    RAISES UserError: If a column cannot be detected, is missing or occurs twice. Files with empty
        lines, without a header, or with a sentence in each row need no column of sentence numbers.
    """
    word, tag, keys = options.word_column, options.tag_column, list(options.sentence_column)
    chosen = (*keys, word, tag)
    names = [name for name in table.names if name not in chosen and any(table[name])]
    document = find_name("document", names)
    spacing = next((name for name in names if any(map(says_no_space, set(table[name])))), None)
    number = find_name("number", names)
    for kind in ("word", "text", "sentence"):
        word = word or find_name(kind, names)
    names = [name for name in names if name not in (document, number, word)]
    tag = tag or _find_tags(table, names, options.outside or ())
    word = word or _find_words(table, [name for name in names if name != tag])
    number = number or find_name("sentence", names)
    if number and not keys:
        # The numbers may begin again in each document.
        keys = [document, number] if document else [number]
    for name in filter(None, (*keys, word, tag)):
        if table.names.count(name) != 1:
            remedy = "Name one of these, or give each column its own name."
            _refuse(table, f"expected one column {name!r}", remedy)
    if not word or not tag:
        missing = "tag" if word else "word"
        example = names[-1 if word else 0] if names else "NAME"
        _refuse(
            table,
            f"no column for the {missing} was detected",
            f"If the file has labels, name the column, such as --{missing}-column {example!r}. If "
            "each row has a text, --word-column names the column of texts, and --tag-column that "
            "of entities, such as [[0, 4, 'per']]. Labels inside a text cannot be read.",
        )
    has_sentences = keys or table.blocks[-1] != "1" or not table.has_header
    if not has_sentences and not holds_lists(table[tag]):
        _refuse(
            table,
            "no column of sentence numbers was detected",
            "Put an empty line between sentences, or name the column of sentence numbers: "
            "--sentence-column NAME. If each row is a text, it needs a tag for each word, such as "
            "'B-per O O', or entities with offsets, such as [[0, 4, 'per']].",
        )
    return Columns(keys, word, tag, document, spacing)


def says_no_space(value: str) -> bool:
    """Return whether a cell says that no space follows the word, as in CoNLL-U and HIPE."""
    return "SpaceAfter=No" in value or "NoSpaceAfter" in value


def _refuse(table: Table, problem: str, remedy: str) -> NoReturn:
    names = ", ".join(map(repr, table.names))
    raise UserError(f"{table.name}: {problem}. Columns: {names}. {remedy}")


def _find_words(table: Table, names: Sequence[str]) -> str | None:
    """Return the first column that may hold words, in a table without a header."""
    if table.has_header:
        return None
    if table.counts_words:
        return next(iter(names[1:]), None)  # as in CoNLL-U; all of the words may be numbers
    for name in names:
        values = table[name]
        n_repeated = sum(map(eq, values, values[1:]))
        if 2 * n_repeated <= len(values) and not all(map(_NUMBER.fullmatch, values)):
            return name
    return None


def _find_tags(table: Table, names: Sequence[str], outside: Sequence[str]) -> str | None:
    """Return the only column that holds tags of entities.

    If there is none, return a column whose name is usual for tags, or one in which all tags are O.

    outside (Sequence[str]): The tags that mean "in no entity", according to the options.
    RAISES UserError: If several columns have tags of entities.
    """
    counts = {}  # of words in entities
    for name in names:
        n_labelled = _count_labelled(table[name], outside)
        if n_labelled is not None:
            counts[name] = n_labelled
    candidates = list(filter(counts.get, counts))
    if len(candidates) > 1:
        listed = ", ".join(f"{name!r} ({counts[name]:,})" for name in candidates)
        problem = f"several columns have tags (number of words in entities): {listed}"
        proposed = find_name("tag", candidates) or candidates[0]
        _refuse(table, problem, f"Say which one: --tag-column {proposed!r}")
    if candidates:
        return candidates[0]
    return find_name("tag", names) or next(iter(counts), None)


def _count_labelled(values: Sequence[str], outside: Sequence[str]) -> int | None:
    """Return how many words are in entities; None if the cells are not tags of entities."""
    n_tag_cells = 0
    labels = Counter[str]()
    for value, n_cells in Counter(values).items():
        tags = split_tags(value)
        if value in outside:
            n_tag_cells += n_cells
        elif tags and all(map(is_tag, tags)):
            n_tag_cells += n_cells
            for tag in tags:
                labels[tag[2:]] += n_cells  # "" for O
    # In CoNLL-2003, the column before the entities has phrases, such as B-NP, or I-NC in German.
    has_phrases = labels["NP"] or (labels["NC"] and labels["VC"])
    if n_tag_cells <= MIN_TAG_SHARE * len(values) or has_phrases:
        return None
    return labels.total() - labels[""]
