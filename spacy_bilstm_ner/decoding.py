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
from .chain import FLOOR, forward_backward, legal_steps, pack, step_factors

# Spans that are less probable are not looked at.
LEAST = 0.05
# A token is O if the odds that an entity covers it are at most this, whatever tags its neighbours have.
DOUBT = 0.001
# How many tokens before it are asked whether that entity can have begun there. Before those, it may always have.
LOOK_BACK = 3
# The score of an illegal step: no sum of scores outweighs it.
NEVER = np.float32(-1e30)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


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
    covered = _odds_of_cover(scores, lengths, steps)
    if outside is not None:
        covered[outside] = 0.0
    first, run_lengths = _islands(covered > DOUBT, lengths)
    if not len(first):
        return NO_SPANS
    # In most islands, nothing is probable.
    promising = np.maximum.reduceat(covered, first) > LEAST
    if not promising.any():
        return NO_SPANS
    return _probable_spans(scores, first[promising], run_lengths[promising], steps)


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

    factors (Floats2d): n_tags × n_tags, see `step_factors`.
    gain (Floats): n_tags - 1, for each tag but O, the most that the steps to and from it can add to its score, as
        against those to and from O between the same neighbours.
    """

    factors: NDArray[np.float64]
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
    return _Steps(step_factors(transitions.astype("float64"), legal), gain)


def _odds_of_cover(scores: Floats, lengths: Ints, steps: _Steps) -> Floats:
    """n_tokens, at least the odds that an entity covers the token."""
    odds = scores[:, 1:] + steps.gain
    odds -= scores[:, :1]
    # The bound keeps infinity out, and is far beyond any doubt.
    np.exp(np.minimum(odds, 80.0, out=odds), out=odds)
    begin, inside = odds[:, 0::2], odds[:, 1::2]
    # The odds that an entity covers the token, at most 1. Those of the token before are a factor, since I- scores
    # mean little where no entity has begun: nothing teaches a model with transitions to keep them low there.
    covered = np.ones_like(begin)
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    for _ in range(LOOK_BACK):
        covered[1:] = inside[1:] * covered[:-1]
        covered[starts] = 0.0
        covered += begin
        np.minimum(covered, 1.0, out=covered)
    return covered.sum(axis=1)


def _islands(is_open: NDArray[np.bool_], lengths: Ints) -> tuple[Ints, Ints]:
    """The first row of each run of open tokens, and its length."""
    padded = np.concatenate(([False], is_open, [False]))
    starts_doc = np.zeros(len(is_open) + 1, dtype=bool)
    starts_doc[np.cumsum(lengths)[:-1]] = True
    starts = padded[1:] & (~padded[:-1] | starts_doc)
    ends = padded[:-1] & (~padded[1:] | starts_doc)
    first = np.flatnonzero(starts)
    return first, np.flatnonzero(ends) - first


def _probable_spans(scores: Floats, first: Ints, lengths: Ints, steps: _Steps) -> Spans:
    """The spans within islands that have a probability of at least LEAST.

    scores (Floats): n_tokens × n_tags.
    first (Ints): n_islands, the first row of each island.
    lengths (Ints): n_islands, its length.
    steps (_Steps): See there.
    """
    rows, active = pack(first, lengths)
    weights = scores[rows].astype("float64")
    emissions = np.exp(np.maximum(weights - weights.max(axis=1, keepdims=True), FLOOR))
    before, norms, after = forward_backward(emissions, active, steps.factors)
    after /= np.einsum("ij,ij->i", before, after)[:, None]
    packed = np.empty(len(scores), dtype=np.int64)
    packed[rows] = np.arange(len(rows))
    goes_on = np.zeros(len(scores), dtype=bool)
    goes_on[rows] = True
    goes_on[first + lengths - 1] = False
    # For each span that has begun: its first row and the last one so far, that one's packed position and tag; the
    # weight of the paths that lead there through the span; and the probability that it begins there and goes this far.
    at, label = np.nonzero((before * after)[:, 1::2] >= LEAST)
    tag = 1 + 2 * label
    first_row = last_row = rows[at]
    weight = before[at, tag]
    reaches = weight * after[at, tag]
    found = []
    while len(at):
        inside = 2 + 2 * label
        can_go_on = goes_on[last_row]
        following = np.where(can_go_on, packed[last_row + can_go_on], at)
        weight = weight * steps.factors[tag, inside] * emissions[following, inside] / norms[following, 0] * can_go_on
        goes_further = weight * after[following, inside]
        # What reaches this token and not the next one is exactly this span.
        found.append((first_row, last_row + 1, label, reaches - goes_further))
        live = goes_further >= LEAST
        first_row, last_row, label, tag = first_row[live], last_row[live] + 1, label[live], inside[live]
        at, weight, reaches = following[live], weight[live], goes_further[live]
    if not found:
        return NO_SPANS
    start, end, label, confidence = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((label, end, start))
    order = order[confidence[order] >= LEAST]
    return Spans(start[order], end[order], label[order], np.minimum(confidence[order], 1.0).astype("float32"))
