"""Which column of a table is the sentence, the word and the tag: by option, name or content."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import UserError
from .options import Options
from .schemes import OUTSIDE, UNKNOWN, holds_pos, is_tag

DEFAULTS = {"sentence": "Sentence #", "word": "Word", "tag": "Tag"}
# Names that people give to these columns, best first; case, spaces and punctuation do not count.
_KNOWN = {
    "document": "doc document dokument file filename article story paragraph para chapter section page abstract pmid "
    "source url textid partid postid tweetid messageid emailid reportid recordid caseid noteid",
    "sentence": "sid sentence sentences sent satz phrase frase oracion zin",
    "word": "word words token tokens tok wort wörter wortform mot palabra parola woord text form",
    "pos": "pos postag postags upos xpos stts wortart",
    "tag": "nertag nertags ner ne entity entities bio iob tag tags label labels",
}
# What may follow the name of a column of documents or sentences
_NUMBER = re.compile("(id|ids|no|nr|num|number|nummer|idx|index|counter|key|name)$")
# An item of a list that Python or JSON has written: in quotes, null, or a plain word
_ITEM = re.compile(
    r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\bNone\b|\bnull\b)|([^\s,'"\[\]]+)"""
)


@dataclass(frozen=True)
class Columns:
    """Names of the columns; `sentence` are several if only all of them tell sentences apart."""

    sentence: str | list[str] | None
    word: str
    tag: str
    document: str | None = None


@dataclass
class Table:
    """Columns of strings, "" where there is none; the line of each row; the rows before which blank ones stood."""

    names: list[str]
    columns: list[list[str]]
    lines: Sequence[int]
    breaks: list[int]

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]


def find_columns(table: Table, options: Options) -> Columns:
    """RAISES UserError: If a column that was given is missing, or one cannot be found. That of sentences is not needed
    if blank lines stand between them, or each has a row."""
    names = table.names
    listed = f"Columns found: {', '.join(map(repr, names))}."
    keys = list(options.sentence_column)
    found = {role: name for role in ("word", "tag") if (name := getattr(options, f"{role}_column"))}
    for role, name in [*(("sentence", key) for key in keys), *found.items()]:
        if name not in names:
            raise UserError(f"there is no column {name!r} (--{role}-column). {listed}")
    pos = _by_name("pos", [name for name in names if name not in (*keys, *found.values())])
    documents = [name for name in names if _is_known("document", name) and any(table[name])]

    def rest() -> list[str]:
        return [name for name in names if name not in (*keys, *found.values(), pos)]

    if not keys and (match := _by_name("sentence", rest())) and not _holds_texts(table[match]):
        keys = [match]
    if "word" not in found and (match := _by_name("word", rest()) or _by_name("sentence", rest())):
        found["word"] = match
    if "tag" not in found and (match := _tag_column(table, rest())):
        found["tag"] = match
    missing = [role for role in ("word", "tag") if role not in found]
    word, tag = (table[found[role]] if role in found else [] for role in ("word", "tag"))
    if not (keys or missing or table.breaks or is_a_sentence_a_row(word, tag)):
        alike = [
            name for name in rest() if name not in documents and _may_count_sentences(table[name])
        ]
        keys, missing = (alike, []) if len(alike) == 1 else ([], ["sentence"])
    if len(keys) == 1 and not options.sentence_column:
        # The numbers may begin again in each document.
        keys = [name for name in rest() if name in documents] + keys
    if missing == ["sentence"] and (
        _holds_texts(word) or any(re.match(r"\[\s*[\[({]", value) for value in tag)
    ):
        what = f"column {found['word']!r} holds whole texts, and {found['tag']!r} no tag for each of their words"
        raise UserError(
            f"{what}. Expected tags such as 'B-per O O', or JSON Lines with the entities' offsets."
        )
    if missing:
        blank = ", or leave a blank line between sentences" if "sentence" in missing else ""
        speech = [name for name in rest() if "tag" in missing and holds_pos(table[name])]
        parts = f"; {speech[0]!r} holds parts of speech" if speech else ""
        raise UserError(
            f"no column for the {' and the '.join(missing)} (expected "
            f"{', '.join(repr(DEFAULTS[role]) for role in missing)}, or another usual name{parts}). {listed} "
            f"Say which is which{blank}: {' '.join(f'--{role}-column NAME' for role in missing)}"
        )
    chosen = [*keys, *found.values()]
    if doubled := [name for name in chosen if names.count(name) > 1]:
        raise UserError(f"two columns are called {doubled[0]!r}: rename one. {listed}")
    if len(set(chosen)) < len(chosen):
        raise UserError(f"one column was given for two purposes: {', '.join(chosen)}")
    sentence = keys if len(keys) > 1 else keys[0] if keys else None
    return Columns(sentence=sentence, document=documents[0] if documents else None, **found)


def allows_labels(name: str) -> bool:
    """Whether a column's name says that it may hold labels such as "PER", without a letter before"""
    return re.search("label|tag|entit|ner|etikett", name.lower()) is not None and not _is_known(
        "pos", name
    )


def is_header(names: Sequence[str]) -> bool:
    """Whether one of the names is usual for a column of sentences, words or tags"""
    return any(_is_known(role, name) for role in _KNOWN for name in names)


def split_list(value: str) -> list[str]:
    """The items of a cell that holds several: ['a', 'b'], [a, b] or a b"""
    text = value.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return text.split()
    items = _ITEM.findall(text[1:-1])
    plain = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}
    return [
        UNKNOWN
        if null
        else re.sub(r"\\.", lambda found: plain.get(found[0], found[0][1]), a or b or c)
        for a, b, null, c in items
    ]


def tag_list(value: str) -> list[str]:
    """The tags of a cell that holds several: also B-per,O,O and B-per|O|O"""
    return split_list(value) if value.startswith("[") else re.findall(r"[^\s,;|]+", value)


def is_a_sentence_a_row(words: list[str], tags: list[str]) -> bool:
    """Whether cells of the tag column hold several tags each"""
    several = fits = 0
    for text, value in zip(words[:1000], tags[:1000], strict=True):
        items = tag_list(value)
        if len(items) > 1 or value.startswith("["):
            several += 1
            fits += len(items) == len(split_list(text)) or all(map(is_tag, items))
    return fits * 2 > several


def _rank(role: str, name: str) -> int | None:
    """How good a name is, 0 for the best; None if it is not known"""
    known, plain = _KNOWN[role].split(), re.sub(r"[\W_]", "", name).lower()
    if role in ("document", "sentence") and (stem := _NUMBER.sub("", plain)) in known:
        return known.index(stem) + len(known) * (stem == plain)
    return known.index(plain) if plain in known else None


def _is_known(role: str, name: str) -> bool:
    return _rank(role, name) is not None


def _by_name(role: str, names: list[str]) -> str | None:
    known = [name for name in names if _is_known(role, name)]
    return min(
        known, key=lambda name: (name != DEFAULTS.get(role), _rank(role, name)), default=None
    )


def _tag_column(table: Table, names: list[str]) -> str | None:
    """The name "tag" may as well head parts of speech: it counts only if most values are tags. Not all: a faulty one
    shall be reported, not hide its column."""
    named = [name for name in names if _is_known("tag", name)]
    shares = {name: _share_of_tags(table[name]) for name in names}
    labels = [name for name in names if not holds_pos(table[name])]
    for candidates in (
        [name for name in named if name == DEFAULTS["tag"] and shares[name] > 0.5],
        [name for name in named if shares[name] > 0.5],
        [name for name in names if shares[name] == 1],
        # Labels without a letter, or tags with a fault
        [name for name in named if name in labels],
        [
            name
            for name in labels
            if allows_labels(name) and any(v.casefold() in OUTSIDE for v in table[name])
        ],
    ):
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _share_of_tags(values: list[str]) -> float:
    counts = Counter(values)
    tags = 0
    for value, n in counts.items():
        items = split_list(value)
        tags += n * (
            is_tag(value) or (len(items) > 1 and all(is_tag(item.strip(",")) for item in items))
        )
    # A cell without a tag does not speak against a column in which others have one.
    empty = counts[""] if tags and counts.most_common(1)[0][0] == "" else 0
    return tags / (counts.total() - empty)


def _may_count_sentences(values: list[str]) -> bool:
    """Filled on first rows only, or with its values in runs"""
    runs = 1 + sum(a != b for a, b in pairwise(values))
    return values[0] != "" and ("" in values or 1 < runs == len(set(values)) < len(values))


def _holds_texts(values: list[str]) -> bool:
    """Texts of several words rather than a sentence's number"""
    some = [value for value in values[:1000] if value]
    return sum(bool(re.search(r"\w+\s+[^\W\d]+\s+\w+", value)) for value in some) > 0.5 * len(some)
