"""Docs → their words, cut into the sequences that the network reads.

A recurrent network learns on sentences and later meets whole articles. Cut where sentences end, these look like what it
has learnt on, and little has to be held in memory at once. White space is left out, so that line breaks change nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, ORTH, SENT_START
from spacy.pipeline import Sentencizer
from spacy.strings import hash_string
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..ranges import check_range

TERMINALS = frozenset([*Sentencizer.default_punct_chars, "…", "...", "?!", "!?"])
TERMINAL_IDS = np.sort(np.array([hash_string(char) for char in TERMINALS], dtype="uint64"))
# Marks after which the next sentence may follow without a space: the full-width and ideographic ones.
SPACELESS_TERMINALS = frozenset("。！？．｡")
# A paragraph whose lines are all shorter than this is not hard-wrapped: each line is an item.
MIN_WRAP_WIDTH = 40
# In hard-wrapped text, a line and the first word of the next line together reach this share of the
# width. Below 1, because lines of proportional type differ in their number of characters.
WRAPPED_SHARE = 0.9
FIRST_WORD = re.compile(r"\S+")
# What a terminal mark may be followed by: others, and closing marks of several languages, German's among them, which
# are opening ones in others.
FOLLOWERS = TERMINALS | set("\"'“”‘’«»‹›)]}」』）】") | {"''"}


@dataclass(frozen=True)
class Words:
    """The words of a batch of Docs: all tokens but white space. Found once for a batch."""

    tokens: NDArray[np.int64]  # n_words, the words' tokens, counted through all Docs of the batch
    orths: NDArray[np.uint64]  # n_words, hashes of the words' text
    per_doc: NDArray[np.int64]  # n_docs, how many words each Doc has
    lengths: NDArray[
        np.int64
    ]  # n_sequences, how many words each sequence has that the network reads; all above 0

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class TagScores:
    """What a tagger says of the words of a batch; or the gradient of a loss by it."""

    words: Words
    scores: Floats2d  # n_words × n_tags, the logits
    # n_tags × n_tags, the score of each step from a tag (row) to the next (column); None for a tagger that scores each
    # word by itself.
    transitions: Floats2d | None


Segmenter = Callable[[Sequence[Doc]], Words]


def sentence_segments(max_length: int, *, line_breaks: bool = False) -> Segmenter:
    """Cut Docs, at least one, into sentences. Registered as
    `spacy_bilstm_ner.sentence_segments.v1`.

    If a Doc has sentence starts, they are used. Otherwise a sentence ends at a blank line, and at a
    terminal mark that is followed by white space and not by a word in lower case. The Doc is not
    changed.

    max_length (int): The largest number of words in a segment. A longer sentence is cut into equal
        parts of at most this length.
    line_breaks (bool): Whether a sentence also ends at each line break, as in lists and address
        lines. Line breaks of hard-wrapped text do not end a sentence: see `is_wrapped`.
    RETURNS (Segmenter): A function from Docs to `Words`.
    RAISES ValueError: If max_length is below 1.
    """
    check_range("max_length", max_length, 1)
    return partial(_cut, max_length=max_length, line_breaks=line_breaks)


def is_wrapped(text: str, start: int, end: int) -> bool:
    """Return whether the white space text[start:end], which contains one line break, only wraps a
    long line.

    It does if the next line begins with a lower-case letter, or if the first word of the next line
    would not have fitted on this line. The width of the text is the length of the longest of three
    lines: the previous one, this one and the next one. Below MIN_WRAP_WIDTH characters, lines are
    items of a list.
    """
    first_word = FIRST_WORD.match(text, end)
    if first_word is None:
        return False
    if first_word[0][0].islower():
        return True
    line_start = text.rfind("\n", 0, start) + 1
    previous_start = text.rfind("\n", 0, max(0, line_start - 1)) + 1
    next_end = text.find("\n", end)
    next_length = (next_end if next_end >= 0 else len(text)) - end
    line_length = start - line_start
    width = max(line_start - previous_start, line_length, next_length)
    return width >= MIN_WRAP_WIDTH and line_length + len(first_word[0]) >= WRAPPED_SHARE * width


def whole_docs(docs: Sequence[Doc]) -> Words:
    """Take each Doc that has words as one sequence; at least one Doc."""
    ends = np.cumsum([len(doc) for doc in docs])
    return _words(_attrs(docs, [ORTH, IS_SPACE]), ends, ends)


def _cut(docs: Sequence[Doc], *, max_length: int, line_breaks: bool) -> Words:
    attrs = _attrs(docs, [ORTH, IS_SPACE, SENT_START])
    orths, is_space, sent_starts = attrs.T
    ends_doc = np.array([len(doc) for doc in docs]).cumsum()
    # Several times as fast as np.isin
    is_terminal = TERMINAL_IDS.take(TERMINAL_IDS.searchsorted(orths), mode="clip") == orths
    candidates = (is_terminal | (is_space != 0)).nonzero()[0]
    of_doc = ends_doc.searchsorted(candidates, side="right")
    # Nothing is left to cut behind a Doc's last token.
    may_cut = candidates + 1 < ends_doc[of_doc]
    # The tokens before which the text is cut.
    cuts = ends_doc.tolist()
    if sent_starts.any():
        has_own = np.array([doc.has_annotation("SENT_START") for doc in docs])
        own_starts = (sent_starts == 1).nonzero()[0]
        in_doc = ends_doc.searchsorted(own_starts, side="right")
        cuts += own_starts[has_own[in_doc]].tolist()
        may_cut &= ~has_own[of_doc]
    text_of_doc: dict[int, str] = {}
    for token, number in zip(candidates[may_cut].tolist(), of_doc[may_cut].tolist(), strict=True):
        doc = docs[number]
        first = int(ends_doc[number]) - len(doc)
        if line_breaks and is_space[token] and number not in text_of_doc:
            text_of_doc[number] = doc.text
        end = _sentence_end(doc, token - first, text_of_doc.get(number))
        if end is not None:
            cuts.append(first + end)
    return _words(attrs, ends_doc, np.sort(cuts), max_length=max_length)


def _attrs(docs: Sequence[Doc], names: list[int]) -> NDArray[np.uint64]:
    return np.concatenate([doc.to_array(names) for doc in docs])


def _sentence_end(doc: Doc, i: int, text: str | None) -> int | None:
    """Return the index after the sentence that token i, a terminal mark or white space, ends, or
    None if it ends none. With the Doc's text, a sentence also ends at a line break."""
    token = doc[i]
    end = i + 1
    if token.is_space:
        n_breaks = token.text.count("\n")
        if n_breaks == 1 and text is not None:
            return None if is_wrapped(text, token.idx, token.idx + len(token)) else end
        return end if n_breaks > 1 else None
    n_tokens = len(doc)
    while end < n_tokens and not doc[end - 1].whitespace_ and doc[end].text in FOLLOWERS:
        end += 1
    following = end
    while following < n_tokens and doc[following].is_space:
        following += 1
    if following == n_tokens:
        return None
    is_spaced = bool(doc[end - 1].whitespace_) or following > end
    if not is_spaced and token.text not in SPACELESS_TERMINALS:
        return None
    # "approx. five": an abbreviation. "J. Miller": an initial.
    if doc[following].text[0].islower():
        return None
    if token.text == "." and i > 0 and len(doc[i - 1]) == 1 and doc[i - 1].text.isupper():
        return None
    return end


def _words(
    attrs: NDArray[np.uint64],
    ends_doc: NDArray[np.int64],
    cuts: NDArray[np.int64],
    *,
    max_length: int | None = None,
) -> Words:
    tokens = (attrs[:, 1] == 0).nonzero()[0]
    lengths = _counts(tokens, cuts)
    lengths = lengths[lengths > 0]
    if max_length is not None and lengths.max(initial=0) > max_length:
        # Into equal parts
        n_parts = -(-lengths // max_length)
        bounds = [
            np.arange(n + 1) * length // n for n, length in zip(n_parts, lengths, strict=True)
        ]
        lengths = np.concatenate([np.diff(each) for each in bounds])
    return Words(tokens, attrs[tokens, 0], _counts(tokens, ends_doc), lengths)


def _counts(tokens: NDArray[np.int64], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the tokens stand before each bound, from the one before it."""
    counts = tokens.searchsorted(bounds)
    # Several times as fast as np.diff.
    counts[1:] -= counts[:-1].copy()
    return counts
