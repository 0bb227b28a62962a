"""Docs → their words, divided into the sequences that the network reads.

The network is trained on sentences. In prediction, whole articles are therefore divided into
sentences, which also limits memory. Tokens of white space are left out.
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
from spacy.tokens import Doc, Token
from thinc.types import Floats2d

from ..ranges import check_range

TERMINALS = frozenset([*Sentencizer.default_punct_chars, "…", "...", "?!", "!?"])
TERMINAL_IDS = np.sort(np.array([hash_string(char) for char in TERMINALS], dtype="uint64"))
# Full-width and ideographic marks, after which the next sentence may follow without a space
SPACELESS_TERMINALS = frozenset("。！？．｡")
# If lines are shorter than this, a line break only wraps before a lower-case letter.
MIN_WRAP_WIDTH = 40
# In hard-wrapped text, a line plus the first word of the next line has at least this share of the
# width. It is below 1, because the number of characters per line varies in proportional fonts.
WRAPPED_SHARE = 0.9
FIRST_WORD = re.compile(r"\S+")
# Marks that belong to the sentence before them: terminal marks, closing quotes and brackets.
# German closing quotes are opening quotes in English.
FOLLOWERS = TERMINALS | set("\"'“”‘’«»‹›)]}」』）】") | {"''"}

Ints = NDArray[np.int64]
Attributes = NDArray[np.uint64]  # n_tokens × n_attributes


@dataclass(frozen=True)
class Words:
    """The words of a batch of Docs: all tokens except white space."""

    # n_words: the index of each word's token in the concatenated batch
    tokens: Ints
    # n_words: the hash of each word's text
    orths: NDArray[np.uint64]
    # n_docs: the number of words of each Doc
    per_doc: Ints
    # n_blocks: the number of words of each block, in order. No entity extends over two blocks.
    per_block: Ints
    # n_sequences: the number of words, at least 1, of each sequence that the network reads
    lengths: Ints

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class TagScores:
    """The output of a tagger for a batch, or the gradient of a loss with respect to it."""

    words: Words
    # n_words × n_tags: the logits
    scores: Floats2d
    # n_tags × n_tags: the score of each step from a tag (row) to the next one (column). None if the
    # tagger does not score transitions. The gradient of the transitions is then not used.
    transitions: Floats2d | None


Segmenter = Callable[[Sequence[Doc]], Words]


def sentence_segments(max_length: int, *, line_breaks: bool = False) -> Segmenter:
    """Make a function that cuts Docs into sentences.

    Registered as `spacy_bilstm_ner.sentence_segments.v1`.

    If a Doc has sentence starts, they are used, and an entity may extend over a line break.
    Otherwise a sentence ends at a blank line, and at terminal punctuation that is followed by white
    space and a word that is not in lower case. No entity then extends over a line break that ends a
    sentence. The Doc is not changed.

    max_length (int): The largest number of words in a sentence. A longer sentence is cut into parts
        of about equal length.
    line_breaks (bool): Whether a sentence also ends at each line break, as in lists and address
        lines. Line breaks of hard-wrapped text do not count: see `is_wrapped`.
    RETURNS (Segmenter): A function from Docs (at least one) to `Words`.
    RAISES ValueError: If max_length is below 1.
    """
    check_range("max_length", max_length, 1)
    return partial(_cut, max_length=max_length, line_breaks=line_breaks)


def is_wrapped(text: str, start: int, end: int) -> bool:
    """Return whether the line break in the white space text[start:end] only wraps a long line.

    A line break wraps if the next line begins with a lower-case letter, or if the first word of the
    next line would not have fitted on this line. The width of the text is the length of the longest
    of the previous, this and the next line. The second rule needs a width of MIN_WRAP_WIDTH
    characters or more: shorter lines are items of a list.
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
    """Return the words of Docs (at least one). Each Doc that has words is one sequence."""
    doc_ends = np.cumsum([len(doc) for doc in docs])
    return _make_words(_attributes(docs, [ORTH, IS_SPACE]), doc_ends, doc_ends, doc_ends)


def _cut(docs: Sequence[Doc], *, max_length: int, line_breaks: bool) -> Words:
    attributes = _attributes(docs, [ORTH, IS_SPACE, SENT_START])
    orths, is_space, sent_starts = attributes.T
    doc_ends = np.array([len(doc) for doc in docs]).cumsum()
    # Several times as fast as np.isin
    is_terminal = TERMINAL_IDS.take(TERMINAL_IDS.searchsorted(orths), mode="clip") == orths
    (candidates,) = (is_terminal | (is_space != 0)).nonzero()
    doc_of_candidate = doc_ends.searchsorted(candidates, side="right")
    # The last token of a Doc always ends a sentence.
    may_cut = candidates + 1 < doc_ends[doc_of_candidate]
    sentence_ends = doc_ends.tolist()
    # A sentence start ends the previous sentence. The first token of a Doc is a sentence start as
    # well. It adds an empty sentence, which `_make_words` leaves out.
    sentence_ends += np.flatnonzero(sent_starts == 1).tolist()
    has_sentences = np.array([doc.has_annotation("SENT_START") for doc in docs])
    may_cut &= ~has_sentences[doc_of_candidate]
    block_ends = doc_ends.tolist()
    text_of_doc = {}
    tokens, doc_numbers = candidates[may_cut].tolist(), doc_of_candidate[may_cut].tolist()
    for token, doc_number in zip(tokens, doc_numbers, strict=True):
        doc = docs[doc_number]
        doc_start = int(doc_ends[doc_number]) - len(doc)
        if not is_space[token]:
            end = _sentence_end(doc, token - doc_start)
            if end is not None:
                sentence_ends.append(doc_start + end)
            continue
        if line_breaks and doc_number not in text_of_doc:
            text_of_doc[doc_number] = doc.text
        if _ends_block(doc[token - doc_start], text_of_doc.get(doc_number)):
            block_ends.append(token + 1)
    return _make_words(
        attributes,
        doc_ends,
        np.sort(block_ends),
        np.sort(sentence_ends + block_ends),
        max_length=max_length,
    )


def _attributes(docs: Sequence[Doc], attribute_ids: list[int]) -> Attributes:
    return np.concatenate([doc.to_array(attribute_ids) for doc in docs])


def _ends_block(token: Token, text: str | None) -> bool:
    """Return whether a token of white space ends a block.

    A block ends at a blank line, or at a line break that does not wrap a line, see `is_wrapped`.

    text (str | None): The text of the Doc; None if a single line break ends no block.
    """
    n_breaks = token.text.count("\n")
    if n_breaks == 1 and text is not None:
        return not is_wrapped(text, token.idx, token.idx + len(token))
    return n_breaks > 1


def _sentence_end(doc: Doc, i: int) -> int | None:
    """Return the index after the sentence that token i, a terminal mark, ends.

    RETURNS: None if it does not end a sentence.
    """
    end = i + 1
    n_tokens = len(doc)
    while end < n_tokens and not doc[end - 1].whitespace_ and doc[end].text in FOLLOWERS:
        end += 1
    next_word = end
    while next_word < n_tokens and doc[next_word].is_space:
        next_word += 1
    if next_word == n_tokens:
        return None
    is_spaced = bool(doc[end - 1].whitespace_) or next_word > end
    if not is_spaced and doc[i].text not in SPACELESS_TERMINALS:
        return None
    # An abbreviation: "approx. five"
    if doc[next_word].text[0].islower():
        return None
    # An initial: "J. Miller"
    if doc[i].text == "." and i > 0 and len(doc[i - 1]) == 1 and doc[i - 1].text.isupper():
        return None
    return end


def _make_words(
    attributes: Attributes,
    doc_ends: Ints,
    block_ends: Ints,
    sentence_ends: Ints,
    *,
    max_length: int | None = None,
) -> Words:
    """Make `Words` of the attributes of tokens, n_tokens × (ORTH, IS_SPACE, …).

    The other arguments are the indices after the last tokens of Docs, blocks and sentences.
    """
    (tokens,) = (attributes[:, 1] == 0).nonzero()
    lengths = _count_between(tokens, sentence_ends)
    lengths = lengths[lengths > 0]
    if max_length is not None and lengths.max(initial=0) > max_length:
        lengths = _divide(lengths, max_length)
    return Words(
        tokens=tokens,
        orths=attributes[tokens, 0],
        per_doc=_count_between(tokens, doc_ends),
        per_block=_count_between(tokens, block_ends),
        lengths=lengths,
    )


def _divide(lengths: Ints, max_length: int) -> Ints:
    """Divide each length into the fewest parts of at most max_length, which differ by at most 1."""
    parts = []
    for length in lengths.tolist():
        n_parts = -(-length // max_length)
        parts.append(np.diff(np.arange(n_parts + 1) * length // n_parts))
    return np.concatenate(parts)


def _count_between(tokens: Ints, bounds: Ints) -> Ints:
    """Count the tokens between consecutive bounds."""
    counts = tokens.searchsorted(bounds)
    # Several times as fast as np.diff
    counts[1:] -= counts[:-1].copy()
    return counts
