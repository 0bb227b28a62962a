"""Decide where a person would write a space between the words of a sentence.

The rules see the words only. Whether a tokenizer can divide the text into the words again depends
on the tokenizer: `docs.make_doc` checks that.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

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
# No space comes before closing punctuation and English clitics, or after opening punctuation and
# French or Italian elisions.
_CLOSING = re.compile(
    r"[,;:!?%)\]}…”’]|\.{1,4}|!!|\?!|''|°[CF]|['’](s|re|ve|ll|d|m)|n['’]t", re.IGNORECASE
)
_OPENING = re.compile(
    "[([{$£€¥¿¡]|``|(c|d|j|l|m|n|s|t|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu|entr|un|dell|all|"
    "nell|sull|dall|coll|dov|cos|com|quest|quell|sant|bell|anch|tutt|mezz)['’]",
    re.IGNORECASE,
)
# A mark that may open -> those that close it. “ and ‘ open in English and close in German, « and »
# do both: the mark that opened decides.
_CLOSED_BY = dict(zip("„‚“‘«»‹›\"'", ("“”", "‘’", *"”’»«›‹\"'"), strict=True))


def spaces_after(words: Sequence[str]) -> list[bool]:
    """Return whether a space follows each word of a sentence; none follows the last one.

    words (Sequence[str]): Words without white space.
    """
    to_left, to_right = _joined_marks(words)
    spaces = []
    for i, (word, following) in enumerate(pairwise(words)):
        are_dots = word[-1] in ".…" and following[0] in ".…"
        is_joined = (
            i in to_right
            or i + 1 in to_left
            or _OPENING.fullmatch(word)
            or (_CLOSING.fullmatch(following) and not are_dots)
            or (UNSPACED.match(word[-1]) and UNSPACED.match(following))
        )
        spaces.append(not is_joined)
    return spaces + [False] * bool(words)


def _joined_marks(words: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the marks without a space before them, and those without one after them."""
    to_left: set[int] = set()
    to_right: set[int] = set()
    open_marks: list[str] = []  # what closes each open quotation, innermost last
    for i, word in enumerate(words):
        before = words[i - 1] if i else " "
        after = words[i + 1] if i + 1 < len(words) else " "
        closers = _CLOSED_BY.get(word, "")
        if open_marks and word in open_marks[-1]:
            open_marks.pop()
            to_left.add(i)
        elif word == "'" and before[-1].lower() in "sxz":  # the workers ' party
            to_left.add(i)
        elif closers and (word in "„‚" or closers in words[i + 1 :]):
            open_marks.append(closers)
            to_right.add(i)
        elif closers and before in ",: " and (before == " " or after[0].isupper()):
            # A capital begins the quotation, a small letter continues the sentence around it.
            to_right.add(i)
        elif closers:
            to_left.add(i)
        elif word == "#" and after[0].isdigit():
            to_right.add(i)
        elif _ties(before, word, after):
            to_left.add(i)
            to_right.add(i)
    return to_left, to_right


def _ties(before: str, word: str, after: str) -> bool:
    """Return whether a word joins its neighbours, as in `HIV/AIDS` and `2004-07`."""
    if word == "/":
        return before[-1].isalnum() and after[0].isalnum()
    return word in "-–" and before.isdigit() and after.isdigit()
