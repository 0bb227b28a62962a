"""Tag scores → spans that may be entities, with their probabilities, for a whole batch at once; and the choice among
them. Knows no Doc.

Scores weigh the legal BIO sequences (an I-x follows a B-x or an I-x): a sequence's probability grows with the sum of
its tokens' scores and, where the model has learnt them, of the transitions from tag to tag. The probability that
exactly this span carries this label is that of all sequences that say so, found by the forward-backward algorithm
(Rabiner 1989). Choosing the spans that are probable by themselves, instead of the most probable sequence as a whole, is
what maximises the number of right entities (minimum Bayes risk; Goodman 1996, "Parsing Algorithms and Metrics").

Most tokens are O beyond doubt. They cut a document into short islands of open tokens, and only those in which there
may be an entity are decoded: all islands of the batch at once, one step per token of the longest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import tags
from .sequences import FLOOR, legal_steps, step_factors

# Spans that are less probable are not looked at.
LEAST = 0.05
# A token is O if the odds that an entity covers it are at most this, whatever tags its neighbours have.
DOUBT = 0.001
# How many tokens before it are asked whether that entity can have begun there. Before those, it may always have.
LOOK_BACK = 3
# So many tokens are decoded at once, or one island.
BLOCK = 1024
# The score of an illegal step: no sum of scores outweighs it.
NEVER = np.float32(-1e30)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """Spans of a batch, ordered by position: parallel arrays of n_spans.

    start (Ints): First row of the span, in rows of the batch's scores.
    end (Ints): One past its last row.
    label (Ints): Number of its label.
    confidence (Floats): Probability that exactly this span with this label is right.
    """

    start: Ints
    end: Ints
    label: Ints
    confidence: Floats

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen: NDArray) -> "Spans":
        return Spans(self.start[chosen], self.end[chosen], self.label[chosen], self.confidence[chosen])


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

    scores (Floats): n_tokens × n_tags, the documents' tokens one after the other.
    lengths (Ints): n_docs, the number of tokens of each document. No entity spans two.
    transitions (Optional[Floats]): n_tags × n_tags, the score of each step from row to column; None for 0. O stands
        before a document's first token and behind its last.
    outside (Optional[NDArray[bool]]): n_tokens, True for tokens that no entity may cover.
    RETURNS (Spans): The spans with a probability of at least LEAST. They may overlap: see `choose`.
    """
    n_tags = scores.shape[1]
    if transitions is None:
        transitions = np.zeros((n_tags, n_tags), dtype="float32")
    steps = _steps_of(transitions.tobytes(), transitions.dtype.str, n_tags)
    starts = (lengths.cumsum() - lengths)[lengths > 0]
    covered = _odds_of_cover(scores, starts, steps)
    if outside is not None:
        covered[outside] = 0.0
    first, run_lengths = _promising_islands(covered, starts)
    if not len(first):
        return NO_SPANS
    return _probable_spans(scores, first, run_lengths, steps)


def choose(spans: Spans, least: NDArray) -> Spans:
    """Take the spans that are probable enough. Of those that overlap, the one farthest above what is asked of it stays.

    spans (Spans): The spans.
    least (NDArray): n_labels, the least probability of a label's spans.
    RETURNS (Spans): Those that are taken. No two overlap.
    """
    gain = spans.confidence - least[spans.label]
    enough = gain >= 0
    spans, gain = spans[enough], gain[enough]
    ends = np.maximum.accumulate(spans.end)
    overlaps = spans.start[1:] < ends[:-1]
    if not overlaps.any():
        return spans
    cluster = np.cumsum(np.concatenate(([True], ~overlaps)))
    taken = np.concatenate(([True], ~overlaps)) & np.concatenate((~overlaps, [True]))
    contested = np.flatnonzero(~taken)
    taken_of: dict[int, list[tuple[int, int]]] = {}
    for i in contested[np.argsort(-gain[contested], kind="stable")].tolist():
        start, end = int(spans.start[i]), int(spans.end[i])
        others = taken_of.setdefault(int(cluster[i]), [])
        if all(end <= other_start or other_end <= start for other_start, other_end in others):
            others.append((start, end))
            taken[i] = True
    return spans[taken]


@dataclass(frozen=True)
class _Steps:
    """What transitions say of steps from tag to tag.

    both_ways (Doubles): 2 × n_tags × n_tags + 1, the factors, see `step_factors`, and for the way back their transpose;
        a last column of ones, for sums.
    begun, gone_on (Doubles): n_labels, the factors of the steps from B- to I- and from I- to I-.
    gain (Floats): n_tags - 1, for each tag but O, the most that the steps to and from it can add to its score, as
        against those to and from O between the same neighbours.
    """

    both_ways: Doubles
    begun: Doubles
    gone_on: Doubles
    gain: Floats


# They are the same from call to call, and for a short text they would take as long as all the rest.
@lru_cache(maxsize=8)
def _steps_of(values: bytes, dtype: str, n_tags: int) -> _Steps:
    transitions = np.frombuffer(values, dtype=dtype).reshape(n_tags, n_tags)
    legal = legal_steps(n_tags)
    scores = np.where(legal, transitions, NEVER).astype("float32")
    free = np.flatnonzero(legal[tags.OUTSIDE])
    arriving = (scores - scores[:, :1]).max(axis=0)
    leaving = (scores - scores[tags.OUTSIDE])[:, free].max(axis=1)
    gain = (arriving + leaving)[1:]
    factors = step_factors(transitions.astype("float64"), legal)
    begun, gone_on = factors[1::2, 2::2].diagonal(), factors[2::2, 2::2].diagonal()
    both_ways = np.ones((2, n_tags, n_tags + 1))
    both_ways[:, :, :-1] = factors, factors.T
    return _Steps(both_ways, begun, gone_on, gain)


def _odds_of_cover(scores: Floats, starts: Ints, steps: _Steps) -> Floats:
    """n_tokens, at least the odds that an entity covers the token."""
    odds = scores[:, 1:] + steps.gain
    odds -= scores[:, :1]
    # The bound keeps infinity out, and is far beyond any doubt.
    np.exp(np.minimum(odds, 80.0, out=odds), out=odds)
    begin, inside = odds[:, 0::2], odds[:, 1::2]
    # No entity goes on from another document.
    inside[starts] = 0.0
    # The odds that an entity covers the token, at most 1. Those of the token before are a factor, since I- scores
    # mean little where no entity has begun: nothing teaches a model with transitions to keep them low there.
    covered = np.minimum(begin + inside, 1.0)
    for _ in range(LOOK_BACK - 1):
        goes_on = inside[1:] * covered[:-1]
        covered = begin.copy()
        covered[1:] += goes_on
        np.minimum(covered, 1.0, out=covered)
    return covered.sum(axis=1)


def _promising_islands(covered: Floats, starts: Ints) -> tuple[Ints, Ints]:
    """The first row of each run of open tokens in which an entity may be probable, and its length."""
    (rows,) = (covered > DOUBT).nonzero()
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
    promising = np.maximum.reduceat(covered[rows], at) > LEAST
    return rows[at[promising]], lengths[promising]


def _probable_spans(scores: Floats, first: Ints, lengths: Ints, steps: _Steps) -> Spans:
    """The spans within islands that have a probability of at least LEAST.

    scores (Floats): n_tokens × n_tags.
    first (Ints): n_islands, the first row of each island; at least one.
    lengths (Ints): n_islands, its length.
    steps (_Steps): See there.
    """
    # Blocks of islands of similar length, small enough for the processor's cache.
    falling = (-lengths).argsort(kind="stable")
    parts = []
    while len(falling):
        n_islands = max(1, BLOCK // int(lengths[falling[0]]))
        block, falling = falling[:n_islands], falling[n_islands:]
        parts.append(_spans_of_islands(scores, first[block], lengths[block], steps))
    start, end, label, confidence = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((label, end, start))
    return Spans(start[order], end[order], label[order], np.minimum(confidence[order], 1.0).astype("float32"))


def _spans_of_islands(scores: Floats, first: Ints, lengths: Ints, steps: _Steps) -> tuple[Ints, Ints, Ints, Doubles]:
    """What `_probable_spans` finds, in any order: starts, ends, labels and probabilities."""
    emissions = _emissions(scores, first, lengths)
    before, norms, after = _forward_backward(emissions, steps)
    begins, goes_through = before[:-1, :, 1::2].ravel(), after[:, :, 1::2].ravel()
    # What a span's weight is multiplied by when the next token is inside, too, and all that follows on that one.
    inside = emissions[1:, :, 2::2] / norms[1:]
    stride, n_labels = inside[0].size, inside.shape[2]
    from_begin, from_inside = (inside * steps.begun).ravel(), (inside * steps.gone_on).ravel()
    follows = np.zeros(inside.size)
    follows[:-stride] = after[1:, :, 2::2].ravel()
    # For each span that has begun: where that is, its last token so far, the weight of all that leads there through it,
    # and the probability that it begins there and goes this far. To the next token of an island is one stride.
    reaches = begins * goes_through
    (begin,) = (reaches >= LEAST).nonzero()
    last = begin
    weight, reaches = begins[begin], reaches[begin]
    goes_on = from_begin
    found = []
    while True:
        weight = weight * goes_on[last]
        goes_further = weight * follows[last]
        # What reaches this token and not the next one is exactly this span.
        found.append((begin, last, reaches - goes_further))
        live = goes_further >= LEAST
        if not live.any():
            break
        begin, last, weight, reaches = begin[live], last[live] + stride, weight[live], goes_further[live]
        goes_on = from_inside
    begin, last, confidence = (np.concatenate(parts) for parts in zip(*found, strict=True))
    enough = confidence >= LEAST
    begin, last, confidence = begin[enough], last[enough], confidence[enough]
    place, number = np.divmod(begin, stride)
    island, label = np.divmod(number, n_labels)
    start = first[island] + place
    return start, start + (last - begin) // stride + 1, label, confidence


def _emissions(scores: Floats, first: Ints, lengths: Ints) -> Doubles:
    """longest + 1 × n_islands × n_tags. Behind an island's last token, all is O."""
    place = np.arange(lengths.max() + 1)[:, None]
    rows = np.minimum(first + place, len(scores) - 1)
    emissions = scores[rows].astype("float64")
    emissions -= emissions.max(axis=2, keepdims=True)
    np.exp(np.maximum(emissions, FLOOR, out=emissions), out=emissions)
    behind = place >= lengths
    emissions *= ~behind[..., None]
    emissions[..., tags.OUTSIDE] += behind
    return emissions


def _forward_backward(emissions: Doubles, steps: _Steps) -> tuple[Doubles, Doubles, Doubles]:
    """What `chain.forward_backward` finds, for sequences that are equally long, both ways at once.

    emissions (Doubles): n_tokens × n_islands × n_tags. Each island's last token is O.
    steps (_Steps): See there.
    RETURNS (tuple): `before`, n_tokens × n_islands × n_tags: the weight of all that leads to each tag, that tag's
        emission included, scaled; `norms`, n_tokens × n_islands × 1: what the weights before it were divided by;
        `after`, n_tokens - 1 × n_islands × n_tags, scaled so that its products with `before` are probabilities.
    """
    n_tags = emissions.shape[2]
    states = np.empty((len(emissions), 2, *emissions.shape[1:]))
    states[:, 0], states[:, 1] = emissions, emissions[::-1]
    # What arrives from the token before, and in a last column the sum that it is divided by.
    arriving = np.ones((len(emissions) + 1, *states.shape[1:-1], n_tags + 1))
    arriving[0, ..., :-1] = steps.both_ways[:, tags.OUTSIDE, None, :-1]
    for state, arrives, leaves in zip(states, arriving, arriving[1:], strict=False):
        state *= arrives[..., :-1]
        state /= arrives[..., -1:]
        np.matmul(state, steps.both_ways, out=leaves)
    before, norms, after = states[:, 0], arriving[:-1, 0, :, -1:], arriving[-2:0:-1, 1, :, :-1]
    after /= (before[:-1] * after).sum(axis=2, keepdims=True)
    return before, norms, after
