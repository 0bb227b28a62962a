"""Find the columns of words, tags and sentences in a table: by option, name or content."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import UserError
from .cells import holds_lists, split_tags
from .options import Options
from .schemes import OUTSIDE, holds_brackets, holds_pos, is_tag
from .tables import Table, best_name, rank

# Labels of phrases, which CoNLL-2003 has in a column before that of entities
_CHUNKS = "NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP"
# Labels inside a text, as XML, OpenNLP, Rasa and Stanford's taggers write them
_INLINE = re.compile(
    r"<(\w+)[^<>\n]*>[^<>\n]+</\1>|<START:\w+>|\[[^]\n]{1,99}\]\([\w:]+\)|"
    r"\b[^\W_]{1,99}[/_](?:[A-Z]{3,}|O)\b"
)

_SEVERAL_WORDS = re.compile(r"\w+\s+[^\W\d]+\s+\w+")
_NUMBER = re.compile(r"[\d.-]+")


@dataclass(frozen=True)
class Columns:
    """Names of the columns.

    sentence (list[str]): The columns that together number the sentences; may be empty.
    spacing (Optional[str]): The column that says where no space follows.
    """

    word: str
    tag: str
    sentence: list[str]
    document: str | None = None
    spacing: str | None = None

    def description(self) -> str:
        """Return the columns as text."""
        parts = {"sentence": " ".join(self.sentence), "word": self.word, "tag": self.tag}
        parts["document"] = self.document or ""
        return ", ".join(f"{kind} = {name!r}" for kind, name in parts.items() if name)


def find_columns(table: Table, options: Options) -> Columns:
    """Find the columns of a table.

    RAISES UserError: If a column that the user names is missing, or one cannot be detected. Files
        with empty lines, or with a sentence in each row, need no column of sentences.
    """
    keys = list(options.sentence_column)
    word, tag = options.word_column, options.tag_column
    _check_names(table, {"word": word, "tag": tag}, keys)
    names = [name for name in table.names if name not in (word, tag, *keys)]
    documents = [name for name in names if rank("document", name) is not None and any(table[name])]
    spacing = next((name for name in names if any(map(says_no_space, set(table[name])))), None)
    if not keys and (name := best_name("sentence", names)) and not _holds_texts(table[name]):
        keys = [name]
        names.remove(name)
    word = word or best_name("word", names) or best_name("sentence", names)
    word = word or _find_words(table, names)
    names = [name for name in names if name != word]
    tag = tag or _find_tags(table, names)
    names = [name for name in names if name != tag]
    is_divided = bool(keys or table.breaks)
    if word and tag and not is_divided and not holds_lists(table[word], table[tag]):
        keys = [
            name
            for name in names
            if name not in documents
            and _may_count_sentences(table[name])
            and not _is_complete(table[name])
        ]
        is_divided = len(keys) == 1 or not table.has_header
    else:
        is_divided = True
    missing = [kind for kind, name in (("word", word), ("tag", tag)) if not name]
    if missing or not is_divided:
        raise UserError(_missing_message(table, missing or ["sentence"], word, tag))
    if keys and not options.sentence_column:
        keys = documents + keys  # The numbers may begin again in each document.
    chosen = [*keys, str(word), str(tag)]
    _check_chosen(table, chosen)
    document = documents[0] if documents else None
    return Columns(str(word), str(tag), keys, document, spacing)


def allows_labels(name: str) -> bool:
    """Return whether a column of this name may have labels such as "PER", without a letter."""
    is_usual = re.search("label|tag|entit|ner|etikett", name.lower()) is not None
    return name.isdigit() or (is_usual and rank("pos", name) is None)


def _check_names(table: Table, by_role: dict[str, str | None], keys: Sequence[str]) -> None:
    """Check the columns that the user names.

    RAISES UserError: If one of them is missing.
    """
    for role, name in [*by_role.items(), *(("sentence", key) for key in keys)]:
        if name and name not in table.names:
            where = "" if table.has_header else f" takes a number from 1 to {len(table.names)}"
            raise UserError(
                f"{table.name}: there is no column {name!r} (--{role}-column{where}). "
                f"{_listed(table)}"
            )


def _check_chosen(table: Table, chosen: Sequence[str]) -> None:
    """Check the columns that were chosen.

    RAISES UserError: If two columns have the same name, or one has two purposes.
    """
    for name in chosen:
        if table.names.count(name) > 1:
            raise UserError(
                f"{table.name}: two columns are called {name!r}: rename one. {_listed(table)}"
            )
    if len(set(chosen)) < len(chosen):
        raise UserError(
            f"{table.name}: one column was given for two purposes: {', '.join(chosen)}. Name "
            "different ones."
        )


def _listed(table: Table) -> str:
    return f"Columns: {', '.join(map(repr, table.names))}."


def _missing_message(table: Table, missing: list[str], word: str | None, tag: str | None) -> str:
    """Return what could not be detected, and the options that settle it."""
    if missing == ["sentence"] and _holds_texts(table[str(word)]):
        return (
            f"{table.name}: column {word!r} has whole texts, and column {tag!r} has no tag for "
            "each of their words. Expected tags such as 'B-per O O', or offsets such as "
            "[[0, 4, 'per']]."
        )
    hint = ""
    if "tag" in missing:
        hint = _hint(table)
    if "sentence" in missing:
        hint = "Leave an empty line between sentences, or say which column numbers them. "
    value = "NAME" if table.has_header else "NUMBER"
    options = " ".join(f"--{kind}-column {value}" for kind in missing)
    return (
        f"{table.name}: no column for the {' and the '.join(missing)} was detected. "
        f"{_listed(table)} {hint}Say which is which: {options}"
    )


def _hint(table: Table) -> str:
    """Return what a table without a column of tags may be."""
    rows = zip(*(column[:1000] for column in table.columns), strict=True)
    if inline := _INLINE.search("\n".join(map(" ".join, rows))):
        return (
            f"Labels inside the text, such as {inline[0]!r}, are not read: write them as JSON "
            "Lines with offsets, or a word a line. "
        )
    for name in table.names:
        if holds_pos(table[name]):
            return f"{name!r} has parts of speech. "
    return "" if table.has_header else "Is it text without labels? If not: "


def _find_words(table: Table, names: Sequence[str]) -> str | None:
    """Return the first column with neither numbers, nor tags, nor a value that repeats in runs."""
    if table.has_header:
        return None
    for name in names:
        values = table[name]
        n_repeated = sum(above == below for above, below in pairwise(values))
        is_number = all(map(_NUMBER.fullmatch, values))
        if not is_number and 2 * n_repeated <= len(values) and not _is_complete(values):
            return name
    return names[0] if names and not _is_complete(table[names[0]]) else None


def _find_tags(table: Table, names: Sequence[str]) -> str | None:
    """Return the column of tags; None if there is none.

    RAISES UserError: If several columns have entities.
    """
    complete = [name for name in names if _is_complete(table[name])]
    with_entities = [name for name in complete if _count_entities(table[name])]
    brackets = [name for name in names if holds_brackets(table[name])]
    for candidates in (with_entities, brackets):
        if len(candidates) > 1:
            counts = [f"{name!r} ({_count_entities(table[name]):,})" for name in candidates]
            raise UserError(
                f"{table.name}: several columns have tags (number of entities): "
                f"{', '.join(counts)}. Say which one: --tag-column {candidates[0]}"
            )
        if candidates:
            return candidates[0]
    if complete:
        return best_name("tag", complete) or complete[-1]
    # Tags with a fault, which shall be reported, or labels without a letter
    labels = [name for name in names if not holds_pos(table[name])]
    mostly = [name for name in labels if _share_of_tags(table[name]) > 0.5]
    outside = []
    for name in filter(allows_labels, labels):
        values = set(map(str.casefold, table[name]))
        if values.intersection(filter(None, OUTSIDE)):
            outside.append(name)
    named = [name for name in labels if rank("tag", name) is not None]
    for candidates in (mostly, named, outside):
        if len(candidates) == 1:
            return candidates[0]
    if table.has_header:
        return None
    last = names[-1] if names else ""
    if last in labels and _share_of_tags(table[last]):
        return last
    return outside[-1] if outside else None


def _is_complete(values: Sequence[str]) -> bool:
    return _share_of_tags(values) == 1


def _share_of_tags(values: Sequence[str]) -> float:
    """Return the share of tags, or lists of tags, among the cells.

    Empty cells do not count if most cells are empty.
    """
    counts = Counter(values)
    n_tags = 0
    for value, number in counts.items():
        tags = split_tags(value) if len(value) > 3 else []
        if is_tag(value) or (len(tags) > 1 and all(map(is_tag, tags))):
            n_tags += number
    n_empty = counts[""] if n_tags and counts.most_common(1)[0][0] == "" else 0
    return n_tags / max(1, counts.total() - n_empty)


def _count_entities(values: Sequence[str]) -> int:
    """Return the number of entities in a column of tags; 0 if it has phrases (B-NP)."""
    counts = Counter(values)
    labels = {value[2:] for value in counts if is_tag(value) and len(value) > 2}
    if labels <= set(_CHUNKS.split()) and not holds_brackets(counts):
        return 0
    return sum(
        number for value, number in counts.items() if re.match(r"[BUSbus]-|.*-[BUS]$|\(|\[", value)
    ) or len(labels)


def says_no_space(value: str) -> bool:
    """Return whether a value of CoNLL-U or HIPE says that no space follows the word."""
    return "SpaceAfter=No" in value or "NoSpaceAfter" in value


def _may_count_sentences(values: Sequence[str]) -> bool:
    """Return whether cells are filled on first rows only, or have their values in runs."""
    runs = 1 + sum(above != below for above, below in pairwise(values))
    return values[0] != "" and ("" in values or 1 < runs == len(set(values)) < len(values))


def _holds_texts(values: Sequence[str]) -> bool:
    """Return whether most cells have a text of several words, rather than a sentence's number."""
    filled = list(filter(None, values[:1000]))
    texts = list(filter(_SEVERAL_WORDS.search, filled))
    return 2 * len(texts) > len(filled)
