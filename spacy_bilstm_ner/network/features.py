"""What a word's form alone tells: strings that an embedding can look up. Standard library only."""

from collections.abc import Callable

FEATURES: dict[str, Callable[[str], str]] = {
    "form": lambda word: word,
    "lower": lambda word: word.lower(),
    "prefix1": lambda word: word[:1],
    "prefix2": lambda word: word[:2],
    "prefix3": lambda word: word[:3],
    "prefix4": lambda word: word[:4],
    "suffix1": lambda word: word[-1:],
    "suffix2": lambda word: word[-2:],
    "suffix3": lambda word: word[-3:],
    "suffix4": lambda word: word[-4:],
    "shape": lambda word: shape(word),
}

# Typographic marks, and how most corpora write them.
PLAIN_MARKS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "--"})

# Longer runs of one kind of character tell nothing more.
LONGEST_RUN = 4


def plain(word: str) -> str:
    """Write a word with straight quotation marks and hyphens: a text's typography is not to change its entities."""
    return word if word.isascii() else word.translate(PLAIN_MARKS)


def shape(word: str) -> str:
    """The kinds of a word's characters: X upper case, x lower case, d digit, any other character as it is; runs
    are cut at four: "Smith-2006" → "Xxxxx-dddd"."""
    kinds: list[str] = []
    run = 0
    for char in word:
        kind = "X" if char.isupper() else "x" if char.isalpha() else "d" if char.isdigit() else char
        run = run + 1 if kinds and kind == kinds[-1] else 1
        if run <= LONGEST_RUN:
            kinds.append(kind)
    return "".join(kinds)
