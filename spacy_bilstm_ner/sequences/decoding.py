"""Tag scores → spans that may be entities, with their probabilities, for a whole batch at once; and
the choice among them.

Scores weigh the legal BIO sequences (an I-x follows a B-x or an I-x): a sequence's probability
grows with the sum of its words' scores and, where the model has learnt them, of the transitions
from tag to tag. The probability that exactly this span carries this label is that of all sequences
that say so, found by the forward-backward algorithm (Rabiner 1989). Choosing the spans that are
probable by themselves, instead of the most probable sequence as a whole, is what maximises the
number of right entities (minimum Bayes risk; Goodman 1996, "Parsing Algorithms and Metrics").

Most words are O beyond doubt. They cut a document into short islands of open words, and only those
in which there may be an entity are decoded: all islands of the batch at once, one step per word of
the longest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import tags
from .forward_backward import forward_backward, legal_steps, padded_emissions, step_factors
from .packing import groups_of_similar_length

# Spans that are less probable are not looked at.
MIN_SPAN_PROBABILITY = 0.05
# A word is O if the odds that an entity covers it are at most this, whatever tags its neighbours
# have.
MAX_ODDS_OF_O = 0.001
# How many words before it are asked whether that entity can have begun there. Before those, it may
# always have.
LOOK_BACK = 3
# What is decoded at once: it stays in the processor's cache.
MAX_GROUP_WORDS = 1024
# What fits into the processor's cache, and bounds what is held at once for a text of any length. A
# longer island is cut, as if an O stood between.
PART_WORDS = 32_768
MAX_ISLAND_WORDS = 8192
# The score of an illegal step: no sum of scores outweighs it.
ILLEGAL_STEP = np.float32(-1e30)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
# What transitions say of steps from tag to tag: their factors, see `step_factors`; and for each tag
# but O, n_tags - 1, the most that the steps to and from it can add to its score, as against those
# to and from O with the same neighbours.
Steps = tuple[Doubles, Floats]


@dataclass(frozen=True)
class Spans:
    """Spans of a batch, ordered by position: parallel arrays of n_spans."""

    start: Ints  # the span's first word, counted through the batch
    end: Ints  # one past its last word
    label: Ints  # number of its label
    confidence: Floats  # probability that exactly this span with this label is right

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen: NDArray) -> "Spans":
        return Spans(
            self.start[chosen], self.end[chosen], self.label[chosen], self.confidence[chosen]
        )


_NO_INTS: Ints = np.zeros(0, dtype=np.int64)
NO_SPANS = Spans(_NO_INTS, _NO_INTS, _NO_INTS, np.zeros(0, dtype="float32"))


def decode(
    scores: Floats,
    lengths: Ints,
    *,
    transitions: Floats | None = None,
    outside: NDArray[np.bool_] | None = None,
) -> Spans:
    """Find all spans of a batch that may be entities.

    scores (Floats): n_words × n_tags, the texts' words one after the other.
    lengths (Ints): n_texts, the number of words of each text. No entity spans two.
    transitions (Floats | None): n_tags × n_tags, as in `crf_loss`; None for 0.
    outside (NDArray[bool] | None): n_words, True for words that no entity may cover.
    RETURNS (Spans): The spans with a probability of at least MIN_SPAN_PROBABILITY. They may
        overlap: see `choose`.
    """
    n_tags = scores.shape[1]
    if transitions is None:
        transitions = np.zeros((n_tags, n_tags), dtype="float32")
    steps = _steps_of(transitions.tobytes(), transitions.dtype.str, n_tags)
    starts = (lengths.cumsum() - lengths)[lengths > 0]
    firsts = range(0, max(1, len(scores)), PART_WORDS)
    odds = np.concatenate([_odds_of_part(scores, first, starts, steps) for first in firsts])
    if outside is not None:
        odds[outside] = 0.0
    first, island_lengths = _promising_islands(odds, starts)
    if not len(first):
        return NO_SPANS
    return _probable_spans(scores, first, island_lengths, steps)


def choose(spans: Spans, min_confidence: NDArray) -> Spans:
    """Take the spans that are as probable as `min_confidence`, n_labels, asks of their labels. Of
    those that overlap, the most probable counts, also if too little for its label: so what a label
    asks changes nothing for the others."""
    spans = spans[spans.confidence >= min_confidence.min(initial=1.0)]
    ends = np.maximum.accumulate(spans.end)
    overlaps = spans.start[1:] < ends[:-1]
    if overlaps.any():
        taken = np.concatenate(([True], ~overlaps)) & np.concatenate((~overlaps, [True]))
        contested = np.flatnonzero(~taken)
        covered = np.zeros(ends[-1], dtype=bool)
        for i in contested[np.argsort(-spans.confidence[contested], kind="stable")].tolist():
            place = slice(spans.start[i], spans.end[i])
            if not covered[place].any():
                covered[place] = taken[i] = True
        spans = spans[taken]
    return spans[spans.confidence >= min_confidence[spans.label]]


# The same from call to call: for a short text they would take as long as all the rest.
@lru_cache(maxsize=8)
def _steps_of(values: bytes, dtype: str, n_tags: int) -> Steps:
    transitions = np.frombuffer(values, dtype=dtype).reshape(n_tags, n_tags)
    legal = legal_steps(n_tags)
    scores = np.where(legal, transitions, ILLEGAL_STEP).astype("float32")
    arriving = (scores - scores[:, :1]).max(axis=0)
    leaving = (scores - scores[tags.OUTSIDE])[:, legal[tags.OUTSIDE]].max(axis=1)
    return step_factors(transitions), (arriving + leaving)[1:]


def _odds_of_part(scores: Floats, first: int, starts: Ints, steps: Steps) -> Floats:
    """`_odds_of_cover` of PART_WORDS words from one on: what it needs of those before them is
    computed again."""
    begin, end = max(0, first - LOOK_BACK), first + PART_WORDS
    within = starts[starts.searchsorted(begin) : starts.searchsorted(end)] - begin
    return _odds_of_cover(scores[begin:end], within, steps)[first - begin :]


def _odds_of_cover(scores: Floats, starts: Ints, steps: Steps) -> Floats:
    """n_words, at least the odds that an entity covers the word."""
    _, gain = steps
    odds = scores[:, 1:] + gain
    odds -= scores[:, :1]
    # The bound keeps infinity out, and is far beyond any doubt.
    np.exp(np.minimum(odds, 80.0, out=odds), out=odds)
    begin, inside = odds[:, 0::2], odds[:, 1::2]
    # No entity goes on from another document.
    inside[starts] = 0.0
    # The odds that an entity covers the word, at most 1. Those of the word before are a factor,
    # since I- scores mean little where no entity has begun: nothing teaches a model with
    # transitions to keep them low there.
    covered = np.minimum(begin + inside, 1.0)
    for _ in range(LOOK_BACK - 1):
        goes_on = inside[1:] * covered[:-1]
        covered = begin.copy()
        covered[1:] += goes_on
        np.minimum(covered, 1.0, out=covered)
    return covered.sum(axis=1)


def _promising_islands(covered: Floats, starts: Ints) -> tuple[Ints, Ints]:
    """The first row of each run of open words in which an entity may be probable, and its length."""
    (rows,) = (covered > MAX_ODDS_OF_O).nonzero()
    if not len(rows):
        return rows, rows
    starts_doc = np.zeros(len(covered), dtype=bool)
    starts_doc[starts] = True
    # With one more, behind the last.
    begins = np.ones(len(rows) + 1, dtype=bool)
    np.logical_or(rows[1:] - rows[:-1] > 1, starts_doc[rows[1:]], out=begins[1:-1])
    (bounds,) = begins.nonzero()
    at, lengths = bounds[:-1], bounds[1:] - bounds[:-1]
    # In most islands, nothing is probable.
    promising = np.maximum.reduceat(covered[rows], at) > MIN_SPAN_PROBABILITY
    first, lengths = rows[at[promising]], lengths[promising]
    if lengths.max(initial=0) <= MAX_ISLAND_WORDS:
        return first, lengths
    n_parts = -(-lengths // MAX_ISLAND_WORDS)
    part = np.arange(n_parts.sum()) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    begin = part * MAX_ISLAND_WORDS
    return np.repeat(first, n_parts) + begin, np.minimum(
        np.repeat(lengths, n_parts) - begin, MAX_ISLAND_WORDS
    )


def _probable_spans(scores: Floats, first: Ints, lengths: Ints, steps: Steps) -> Spans:
    """The probable spans within islands, at least one."""
    groups = groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_WORDS, max_words=MAX_GROUP_WORDS
    )
    parts = [_spans_of_islands(scores, first[group], lengths[group], steps) for group in groups]
    start, end, label, confidence = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    order = np.lexsort((label, end, start))
    return Spans(
        start[order], end[order], label[order], np.minimum(confidence[order], 1.0).astype("float32")
    )


def _spans_of_islands(
    scores: Floats, first: Ints, lengths: Ints, steps: Steps
) -> tuple[Ints, Ints, Ints, Doubles]:
    """What `_probable_spans` finds, in any order: starts, ends, labels and probabilities."""
    emissions, _, _ = padded_emissions(scores, first, lengths)
    factors, _ = steps
    before, norms, after = forward_backward(emissions, factors)
    begins, goes_through = before[:-1, :, 1::2].ravel(), after[:, :, 1::2].ravel()
    # What a span's weight is multiplied by when the next word is inside, too, and all that follows
    # on that one.
    inside = emissions[1:, :, 2::2] / norms[1:]
    stride, n_labels = inside[0].size, inside.shape[2]
    from_begin, from_inside = ((inside * factors[0, i::2, 2::2].diagonal()).ravel() for i in (1, 2))
    follows = np.zeros(inside.size)
    follows[:-stride] = after[1:, :, 2::2].ravel()
    # For each span that has begun: where that is, its last word so far, the weight of all that
    # leads there through it, and the probability that it begins there and goes this far. To the
    # next word of an island is one stride.
    reaches = begins * goes_through
    (begin,) = (reaches >= MIN_SPAN_PROBABILITY).nonzero()
    last = begin
    weight, reaches = begins[begin], reaches[begin]
    goes_on = from_begin
    found = []
    while True:
        weight = weight * goes_on[last]
        goes_further = weight * follows[last]
        # What reaches this word and not the next one is exactly this span.
        found.append((begin, last, reaches - goes_further))
        live = goes_further >= MIN_SPAN_PROBABILITY
        if not live.any():
            break
        begin, last, weight, reaches = (
            begin[live],
            last[live] + stride,
            weight[live],
            goes_further[live],
        )
        goes_on = from_inside
    begin, last, confidence = (np.concatenate(parts) for parts in zip(*found, strict=True))
    enough = confidence >= MIN_SPAN_PROBABILITY
    begin, last, confidence = begin[enough], last[enough], confidence[enough]
    place, number = np.divmod(begin, stride)
    island, label = np.divmod(number, n_labels)
    start = first[island] + place
    return start, start + (last - begin) // stride + 1, label, confidence
