"""Decide where to write a space between the words of a sentence.

The rules use the words only. `docs.make_doc` checks whether the tokenizer can divide the text into
these words again.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

# Scripts without spaces between words: Japanese, Han, Thai, Lao, Burmese and Khmer; and their marks
UNSPACED = re.compile(
    "[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uff00-\uffef]"
)
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
# Opening quotation mark -> its closing marks. “ and ‘ open a quotation in English and close it in
# German. « and » can do both. So the closing mark depends on the opening one.
_CLOSED_BY = dict(zip("„‚“‘«»‹›\"'", ("“”", "‘’", *"”’»«›‹\"'"), strict=True))


def spaces_after(words: Sequence[str]) -> list[bool]:
    """Return whether a space follows each word of a sentence; none follows the last one.

    words (Sequence[str]): At least one word, without white space.
    """
    no_space_before, no_space_after = _find_joined_marks(words)
    spaces = []
    for i, (word, following) in enumerate(pairwise(words)):
        are_dots = word[-1] in ".…" and following[0] in ".…"
        is_joined = (
            i in no_space_after
            or i + 1 in no_space_before
            or _OPENING.fullmatch(word)
            or (_CLOSING.fullmatch(following) and not are_dots)
            or (UNSPACED.match(word[-1]) and UNSPACED.match(following))
        )
        spaces.append(not is_joined)
    return [*spaces, False]


def _find_joined_marks(words: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the indices of words without a space before them, and without a space after them."""
    no_space_before = set()
    no_space_after = set()
    closing_marks: list[str] = []  # those of each open quotation, innermost last
    padded = [" ", *words, " "]
    for i, (before, word, after) in enumerate(zip(padded, words, padded[2:], strict=False)):
        closers = _CLOSED_BY.get(word, "")
        if closing_marks and word in closing_marks[-1]:
            closing_marks.pop()
            no_space_before.add(i)
        elif word == "'" and before[-1].lower() in "sxz":  # the workers ' party
            no_space_before.add(i)
        elif closers and (word in "„‚" or closers in words[i + 1 :]):
            closing_marks.append(closers)
            no_space_after.add(i)
        elif closers and before in ",: " and (before == " " or after[0].isupper()):
            # A capital letter begins a quotation. A small letter continues the outer sentence.
            no_space_after.add(i)
        elif closers:
            no_space_before.add(i)
        elif word == "#" and after[0].isdigit():
            no_space_after.add(i)
        elif _joins_neighbours(before, word, after):
            no_space_before.add(i)
            no_space_after.add(i)
    return no_space_before, no_space_after


def _joins_neighbours(before: str, word: str, after: str) -> bool:
    """Return whether a word joins its neighbours, as in `HIV/AIDS` and `2004-07`."""
    if word == "/":
        return before[-1].isalnum() and after[0].isalnum()
    return word in "-–" and before.isdigit() and after.isdigit()
