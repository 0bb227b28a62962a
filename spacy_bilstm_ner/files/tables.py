"""A table: named columns of strings, with the line of each row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .schemes import INVISIBLE, is_tag

# Names that people give to columns, best first. Case, spaces and punctuation do not count.
KNOWN_NAMES = {
    "document": "doc document dokument file filename article story paragraph para chapter section "
    "page abstract pmid source url textid partid postid tweetid messageid emailid reportid recordid "
    "caseid noteid",
    "sentence": "sid sentence sentences sent satz phrase frase oracion zin",
    "word": "word words token tokens tok wort wörter wortform mot palabra parola woord text form",
    "pos": "pos postag postags upos xpos stts wortart",
    "tag": "nertag nertags ner ne entity entities bio iob tag tags label labels spans",
}


@dataclass
class Table:
    """Columns of strings.

    name (str): Name of the file.
    names (list[str]): Names of the n columns; "1", "2", … if there is no header.
    columns (list[list[str]]): n columns of m cells; "" for an empty cell.
    lines (Sequence[int]): Line of each row.
    breaks (list[int]): Rows before which there are empty lines, in order.
    has_header (bool): Whether the file names its columns.
    documents (list[str]): Id of each row's document; empty if the file does not have them.
    """

    name: str
    names: list[str]
    columns: list[list[str]]
    lines: Sequence[int]
    breaks: list[int] = field(default_factory=list)
    has_header: bool = True
    documents: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]


def clean(value: str) -> str:
    """Return a value without white space and invisible characters at its edges."""
    return value.strip().strip(INVISIBLE).strip()


def is_header(names: Sequence[str]) -> bool:
    """Return whether fields name columns: none is a tag, and one is a usual name."""
    return not any(map(is_tag, names)) and any(map(is_known, names))


def is_known(name: str) -> bool:
    """Return whether a name is usual for a column of any kind."""
    return any(rank(kind, name) is not None for kind in KNOWN_NAMES)


def rank(kind: str, name: str) -> int | None:
    """Return how usual a name is for a kind of column, 0 for the best; None if it is not.

    kind (str): A key of KNOWN_NAMES.
    """
    known = KNOWN_NAMES[kind].split()
    plain = "".join(char for char in name.lower() if char.isalnum())
    if plain in known:
        shift = len(known) if kind in ("document", "sentence") else 0
        return known.index(plain) + shift
    if kind in ("document", "sentence"):
        for suffix in "ids id no nr number num nummer idx index counter key name".split():
            if plain.removesuffix(suffix) in known:
                return known.index(plain.removesuffix(suffix))
    return None


def best_name(kind: str, names: Iterable[str]) -> str | None:
    """Return the most usual of the names for a kind of column; None if none is usual."""
    ranks = {name: place for name in names if (place := rank(kind, name)) is not None}
    return min(ranks, key=lambda name: ranks[name], default=None)
