"""Which column of a table is the sentence, the word and the tag: by option, name or content."""

import re
from dataclasses import asdict, dataclass

import pandas

from ..errors import UserError
from .schemes import is_tag

DEFAULTS = {"sentence": "Sentence #", "word": "Word", "pos": "POS", "tag": "Tag"}
# Names that people give to these columns, best first; case, spaces and punctuation do not count.
# fmt: off
_KNOWN = {
    "sentence": [
        "sentenceid", "sentenceno", "sentencenumber", "sentencenr", "sentid", "sentno",
        "sentnr", "sid", "satzid", "satznr", "satznummer", "sentence", "sentences", "sent",
        "satz", "phrase", "frase", "oracion", "zin",
    ],
    "word": [
        "word", "words", "token", "tokens", "tok", "wort", "wörter", "wortform", "mot",
        "palabra", "parola", "woord", "text", "form",
    ],
    "pos": [
        "pos", "postag", "postags", "upos", "xpos", "stts", "wortart",
    ],
    "tag": [
        "nertag", "nertags", "ner", "ne", "entity", "entities", "bio", "iob", "tag", "tags",
        "label", "labels",
    ],
}
# fmt: on
_NEEDED = ("sentence", "word", "tag")


class ColumnError(UserError):
    """A needed column that is missing or cannot be told from another."""


@dataclass(frozen=True)
class Columns:
    """The names of the columns; `pos` is None where there is none: it is not read."""

    sentence: str
    word: str
    tag: str
    pos: str | None = None

    def __str__(self) -> str:
        return ", ".join(f"{role} = {name!r}" for role, name in asdict(self).items() if name is not None)


def find_columns(table: pandas.DataFrame, chosen: dict[str, str | None]) -> Columns:
    """table (pandas.DataFrame): All values as strings, "" where there is none.
    chosen (dict[str, str | None]): Role to column name, where the user gave one.
    RETURNS (Columns): The columns.
    RAISES ColumnError: when a column given is missing, or a needed one cannot be found.
    """
    names = [str(name) for name in table.columns]
    found: dict[str, str] = {}
    for role, given in chosen.items():
        if given is not None:
            if given not in names:
                raise ColumnError(f"there is no column {given!r} (--{role}-column). {_listed(names)}")
            found[role] = given
    # POS before the others, so that it is out of their way.
    for role in ("pos", "sentence", "word"):
        if role not in found:
            name = _by_name(role, [name for name in names if name not in found.values()])
            if name is not None:
                found[role] = name
    if "tag" not in found:
        name = _tag_column(table, [name for name in names if name not in found.values()])
        if name is not None:
            found["tag"] = name
    for role, candidates_of in (("sentence", _sentence_candidates), ("word", _word_candidates)):
        if role not in found:
            candidates = candidates_of(table, [name for name in names if name not in found.values()])
            if len(candidates) == 1:
                found[role] = candidates[0]
    missing = [role for role in _NEEDED if role not in found]
    if missing:
        options = " ".join(f"--{role}-column NAME" for role in missing)
        raise ColumnError(
            f"no column for the {' and the '.join(missing)} (expected "
            f"{', '.join(repr(DEFAULTS[role]) for role in missing)}, another usual name, "
            "or a column whose content leaves no doubt). "
            f"{_listed(names)} Say which is which: {options}"
        )
    doubled = [name for name in found.values() if names.count(name) > 1]
    if doubled:
        raise ColumnError(f"two columns are called {doubled[0]!r}: rename one. {_listed(names)}")
    if len(set(found.values())) < len(found):
        raise ColumnError(f"one column was given for two purposes: {found}")
    return Columns(**found)


def _listed(names: list[str]) -> str:
    return f"Columns found: {', '.join(map(repr, names))}."


def _by_name(role: str, names: list[str]) -> str | None:
    if DEFAULTS[role] in names:
        return DEFAULTS[role]
    for known in _KNOWN[role]:
        for name in names:
            if _plain(name) == known:
                return name
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _tag_column(table: pandas.DataFrame, names: list[str]) -> str | None:
    """RETURNS (str | None): The column of tags. "tag" may as well head parts of speech, so a name
    counts only if most values are tags; not all: a faulty one shall be reported, not hide its column.
    """
    named = [name for name in names if name == DEFAULTS["tag"] or _plain(name) in _KNOWN["tag"]]
    mostly = [name for name in named if _share_of_tags(table, name) > 0.5]
    if DEFAULTS["tag"] in mostly:
        return DEFAULTS["tag"]
    if len(mostly) == 1:
        return mostly[0]
    if len(mostly) > 1:
        return None
    alike = [name for name in names if _share_of_tags(table, name) == 1]
    if len(alike) == 1:
        return alike[0]
    return named[0] if len(named) == 1 and not alike else None


def _share_of_tags(table: pandas.DataFrame, name: str) -> float:
    counts = _column(table, name).value_counts()
    total = int(counts.sum())
    return sum(int(n) for tag, n in counts.items() if is_tag(str(tag))) / total if total else 0.0


def _sentence_candidates(table: pandas.DataFrame, names: list[str]) -> list[str]:
    """RETURNS (list[str]): Columns filled on first rows only, or with values in runs."""
    candidates = []
    for name in names:
        values = _column(table, name)
        empty = values == ""
        runs = int((values != values.shift()).sum())
        if len(values) and values.iloc[0] != "" and (empty.any() or 1 < runs == values.nunique() < len(values)):
            candidates.append(name)
    return candidates


def _word_candidates(table: pandas.DataFrame, names: list[str]) -> list[str]:
    """RETURNS (list[str]): The most varied columns of those that do not hold numbers only."""
    kinds = {}
    for name in names:
        values = _column(table, name)
        if (values != "").all() and not values.str.fullmatch(r"[\d.,:+-]+").all():
            kinds[name] = values.nunique()
    return [name for name, kind in kinds.items() if kind == max(kinds.values())]


def _column(table: pandas.DataFrame, name: str) -> pandas.Series:
    """RETURNS (pandas.Series): The first column of that name; where it matters, it is the only one."""
    values = table[name]
    return values.iloc[:, 0] if isinstance(values, pandas.DataFrame) else values
