"""Find the columns of words, tags and sentences in a table: by option, name or content."""

import re
from collections import Counter
from collections.abc import Sequence
from operator import eq
from typing import NamedTuple, NoReturn

from ..errors import UserError
from .cells import holds_lists, split_tags
from .options import Options
from .schemes import OUTSIDE, holds_brackets, is_tag
from .tables import Table, find_name

# Labels of phrases, such as NP. CoNLL-2003 has a column of them before the column of entities.
_CHUNKS = re.compile("(NP|VP|PP|ADVP|ADJP|SBAR|PRT|CONJP|INTJ|LST|UCP)?")
# A column holds tags if more than this share of its cells are tags. Single cells of other columns
# may look like tags, such as "?" and "O".
MIN_TAGS = 0.2
_NUMBER = re.compile(r"[\d.-]+")


class Columns(NamedTuple):
    """Names of the columns.

    sentence (list[str]): The columns that together number the sentences; may be empty.
    spacing (Optional[str]): The column that says where no space follows.
    """

    sentence: list[str]
    word: str
    tag: str
    document: str | None = None
    spacing: str | None = None


def find_columns(table: Table, options: Options) -> Columns:
    """Find the columns of a table.

    RAISES UserError: If a column of the options is missing, or a column cannot be detected. Files
        with empty lines, or with a sentence in each row, need no column of sentence numbers.
    """
    word = options.word_column or options.text_column
    tag, keys = options.tag_column, list(options.sentence_column)
    chosen = list(filter(None, [*keys, word, tag]))
    for name in chosen:
        if name not in table.names:
            _refuse(table, f"there is no column {name!r}", "Name one of these.")
    names = [name for name in table.names if name not in chosen and any(table[name])]
    document = find_name("document", names)
    spacing = next((name for name in names if any(map(says_no_space, set(table[name])))), None)
    number = find_name("number", names)
    for kind in ("word", "text", "sentence"):
        word = word or find_name(kind, names)
    names = [name for name in names if name not in (document, number, word)]
    tag = tag or _find_tags(table, names)
    word = word or _find_words(table, [name for name in names if name != tag])
    number = number or find_name("sentence", names)
    if number and not keys:
        # The numbers may begin again in each document.
        keys = [document, number] if document else [number]
    if not word or not tag:
        missing = "tag" if word else "word"
        example = table.names[-1 if word else 0]
        _refuse(
            table,
            f"no column for the {missing} was detected",
            f"If the file has labels, name the column, such as --{missing}-column {example!r}. If "
            "each row has a text, name it with --text-column, and give the offsets of its entities "
            "in --tag-column, such as [[0, 4, 'per']]. Labels inside a text cannot be read.",
        )
    may_be_numbered = table.has_header or any(
        _repeats_numbers(table[name]) for name in names if name != tag
    )
    has_sentences = keys or table.breaks or not may_be_numbered
    if not has_sentences and not holds_lists(table[tag]):
        _refuse(
            table,
            "no column for the sentence was detected",
            "Put an empty line between sentences, or name the column of sentence numbers: "
            "--sentence-column NAME. If each row is a text, it needs a tag for each word, such as "
            "'B-per O O', or entities with offsets, such as [[0, 4, 'per']].",
        )
    for name in (*keys, word, tag):
        if table.names.count(name) + [*keys, word, tag].count(name) > 2:
            problem = f"{name!r} is the name of two columns, or is used for two purposes"
            _refuse(table, problem, "Use a different name for each column.")
    return Columns(keys, word, tag, document, spacing)


def says_no_space(value: str) -> bool:
    """Return whether a cell says that no space follows the word, as in CoNLL-U and HIPE."""
    return "SpaceAfter=No" in value or "NoSpaceAfter" in value


def _repeats_numbers(values: Sequence[str]) -> bool:
    """Return whether cells are numbers, some of which are repeated in the next row."""
    is_repeated = any(map(eq, values, values[1:])) and len(set(values)) > 1
    return is_repeated and all(map(str.isdecimal, values))


def _refuse(table: Table, problem: str, remedy: str) -> NoReturn:
    names = ", ".join(map(repr, table.names))
    raise UserError(f"{table.name}: {problem}. Columns: {names}. {remedy}")


def _find_words(table: Table, names: Sequence[str]) -> str | None:
    """Return the only column that may hold words; without a header, the first one."""
    candidates = []
    for name in names:
        values = table[name]
        n_repeated = sum(map(eq, values, values[1:]))
        seldom_repeats = 2 * n_repeated <= len(values) or len(names) == 1
        if seldom_repeats and not all(map(_NUMBER.fullmatch, values)):
            candidates.append(name)
    is_clear = len(candidates) == 1 or not table.has_header
    return candidates[0] if candidates and is_clear else None


def _find_tags(table: Table, names: Sequence[str]) -> str | None:
    """Return the only column that holds tags; without one, a column whose name is usual for tags.

    RAISES UserError: If several columns have tags.
    """
    counts: dict[str, int] = {}
    for name in names:
        if _holds_tags(table[name]):
            counts[name] = _count_entities(table[name])
    candidates = list(filter(counts.get, counts)) or list(counts)
    if len(candidates) > 1:
        listed = ", ".join(f"{name!r} ({counts[name]:,})" for name in candidates)
        problem = f"several columns have tags (number of entities): {listed}"
        _refuse(table, problem, f"Say which one: --tag-column {candidates[0]}")
    return candidates[0] if candidates else find_name("tag", names)


def _holds_tags(values: Sequence[str]) -> bool:
    """Return whether cells are tags of entities, or lists of them."""
    counts = Counter(values)
    n_tags = 0
    labels: set[str] = set()
    for value, number in counts.items():
        tags = split_tags(value)
        if tags and all(map(is_tag, tags)):
            n_tags += number
            labels.update(tag[2:] for tag in tags)
    has_chunks = "NP" in labels and all(map(_CHUNKS.fullmatch, labels))
    return holds_brackets(counts) or (n_tags > MIN_TAGS * len(values) and not has_chunks)


def _count_entities(values: Sequence[str]) -> int:
    """Count the cells in which an entity begins. If there are none, count the cells in entities."""
    n_begun = n_inside = 0
    for value in filter(str.strip, values):
        n_begun += re.match(r"[BUSbus][-_]|.*[-_][BUS]$|\(", value) is not None
        n_inside += value.casefold() not in OUTSIDE
    return n_begun or n_inside
