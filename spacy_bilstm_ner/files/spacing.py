"""Decide where a person would write a space between the words of a sentence.

The rules see the words only. Whether a tokenizer can divide the text into the words again depends
on the tokenizer: `docs.make_doc` checks that.
"""

import re
from collections.abc import Sequence

# Scripts without spaces between words: their characters, and the languages whose tokenizer divides
# such text
SCRIPTS = {
    "Japanese": ("\u3040-\u30ff", ("ja",)),
    "Han": ("\u3400-\u4dbf\u4e00-\u9fff", ("zh", "ja")),
    "Thai": ("\u0e00-\u0e7f", ("th",)),
    "Lao": ("\u0e80-\u0eff", ()),
    "Burmese": ("\u1000-\u109f", ()),
    "Khmer": ("\u1780-\u17ff", ()),
}
UNSPACED = re.compile(f"[{''.join(characters for characters, _ in SCRIPTS.values())}、。「」『』]")
# No space comes before closing punctuation, or after opening punctuation.
_CLOSING = {*".,;:!?%)]}…", "..", "...", "....", "!!", "?!", "°C", "°F"}
_OPENING = {*"([{$£€¥¿¡"}
_ENGLISH_CLITICS = {"'s", "'re", "'ve", "'ll", "'d", "'m", "n't"}
# French and Italian elisions
_ELIDED = re.compile(
    "(c|d|j|l|m|n|s|t|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu|entr|un|dell|all|nell|sull|dall|"
    "coll|dov|cos|com|quest|quell|sant|bell|anch|tutt|mezz)'",
    re.IGNORECASE,
)
# A mark that may open -> those that close it. “ and ‘ open in English and close in German, « and »
# do both: the mark that opened decides.
_CLOSED_BY = {
    "„": ("“", "”"),
    "‚": ("‘", "’"),
    "“": ("”",),
    "‘": ("’",),
    "«": ("»",),
    "»": ("«",),
    "‹": ("›",),
    "›": ("‹",),
    "``": ("''",),
    '"': ('"',),
    "'": ("'",),
}


def spaces_after(words: Sequence[str]) -> list[bool]:
    """Return whether a space follows each word of a sentence; none follows the last one.

    words (Sequence[str]): Words without white space.
    """
    to_left, to_right = _quotation_marks(words)
    spaces = []
    for i in range(len(words) - 1):
        word, following = words[i], words[i + 1]
        joined = (
            i in to_right
            or i + 1 in to_left
            or word in _OPENING
            or (following in _CLOSING and not (word[-1] in ".…" and following[0] in ".…"))
            or following.replace("’", "'").lower() in _ENGLISH_CLITICS
            or _ELIDED.fullmatch(word.replace("’", "'")) is not None
            or (word == "#" and following[0].isdigit())
            or _ties(words, i)
            or _ties(words, i + 1)
            or (UNSPACED.match(word[-1]) is not None and UNSPACED.match(following) is not None)
        )
        spaces.append(not joined)
    return spaces + [False] * (len(words) > 0)


def _ties(words: Sequence[str], i: int) -> bool:
    """Return whether word `i` joins its two neighbours, as in `HIV/AIDS` and `2004-07`."""
    if i == 0 or i + 1 >= len(words):
        return False
    left, right = words[i - 1], words[i + 1]
    if words[i] == "/":
        return left[-1].isalnum() and right[0].isalnum()
    return words[i] in ("-", "–") and left.isdigit() and right.isdigit()


def _quotation_marks(words: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the quotation marks without a space before them, and those without one after them."""
    to_left: set[int] = set()
    to_right: set[int] = set()
    open_marks: list[tuple[str, ...]] = []  # what closes each open quotation, innermost last
    for i, word in enumerate(words):
        if open_marks and word in open_marks[-1]:
            open_marks.pop()
            to_left.add(i)
        elif word == "'" and i > 0 and words[i - 1][-1].lower() in "sxz":
            # the workers ' party
            to_left.add(i)
        elif word in ("„", "‚") or (word in _CLOSED_BY and _CLOSED_BY[word][0] in words[i + 1 :]):
            open_marks.append(_CLOSED_BY[word])
            to_right.add(i)
        elif word in _CLOSED_BY:
            (to_right if _opens_alone(words, i) else to_left).add(i)
        elif word in ("”", "’", "''"):
            to_left.add(i)
    return to_left - {0}, to_right


def _opens_alone(words: Sequence[str], i: int) -> bool:
    """Return whether a mark without a partner opens rather than closes."""
    if i == 0 or i + 1 == len(words):
        return i == 0
    # A capital begins the quotation, a small letter continues the sentence around it.
    return words[i - 1] in (",", ":") and words[i + 1][0].isupper()
