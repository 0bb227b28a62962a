"""Tag scores → legal entities with their probabilities, for a whole batch at once. Knows no Doc.

Scores weigh the legal BIO sequences (an I-x follows a B-x or an I-x): a sequence's probability grows with the sum of
its tokens' scores and, where the model has learnt them, of the transitions from tag to tag. The best sequence is found
by Viterbi's algorithm, and the probability that exactly this span carries this label by the forward-backward algorithm.

Most tokens are O beyond doubt. They cut a document into short islands of open tokens, and only these are
decoded: all islands of the batch at once, one step per token of the longest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import tags
from .chain import FLOOR, forward_backward, legal_steps, pack, step_factors, step_slices

# A token is O if the odds that an entity covers it are at most this, whatever tags its neighbours have.
DOUBT = 0.001
# How many tokens before it are asked whether that entity can have begun there. Before those, it may always have.
LOOK_BACK = 3
# The score of an illegal step: no sum of scores outweighs it.
NEVER = np.float32(-1e30)
# Numbers that a step of Viterbi's algorithm holds at once: few enough for a processor's cache.
BLOCK = 1 << 16

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spans:
    """Entities of a batch, ordered by position: parallel arrays of n_spans.

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


_NO_INTS: Ints = np.zeros(0, dtype=np.int64)
NO_SPANS = Spans(_NO_INTS, _NO_INTS, _NO_INTS, np.zeros(0, dtype="float32"))


def decode(
    scores: Floats,
    lengths: Ints,
    *,
    transitions: Floats | None = None,
    outside: NDArray[np.bool_] | None = None,
) -> Spans:
    """Find the entities of a batch.

    scores (Floats): n_tokens × n_tags, the documents' tokens one after the other.
    lengths (Ints): n_docs, the number of tokens of each document. No entity spans two.
    transitions (Optional[Floats]): n_tags × n_tags, the score of each step from row to column; None for 0. O stands
        before a document's first token and behind its last.
    outside (Optional[NDArray[bool]]): n_tokens, True for tokens that no entity may cover.
    RETURNS (Spans): The entities of the most probable legal tag sequence of each document.
    """
    n_tags = scores.shape[1]
    if transitions is None:
        transitions = np.zeros((n_tags, n_tags), dtype="float32")
    steps = _steps_of(transitions.tobytes(), transitions.dtype.str, n_tags)
    is_open = _is_open(scores, lengths, steps)
    if outside is not None:
        is_open &= ~outside
    first, run_lengths = _islands(is_open, lengths)
    if not len(first):
        return NO_SPANS
    rows, active = pack(first, run_lengths)
    best = np.zeros(len(scores), dtype=np.int64)
    best[rows] = _viterbi(np.ascontiguousarray(scores[rows].T), active, steps)
    # Most islands have no entity, and so nothing that could be probable.
    has_entity = np.add.reduceat(best, first) > 0
    if not has_entity.any():
        return NO_SPANS
    return _read_spans(best, scores, first[has_entity], run_lengths[has_entity], steps)


@dataclass(frozen=True)
class _Steps:
    """What transitions say of steps from tag to tag.

    scores (Floats): n_tags × n_tags, from row to column, NEVER where a step is illegal.
    factors (Floats2d): n_tags × n_tags, see `step_factors`.
    gain (Floats): n_tags - 1, for each tag but O, the most that the steps to and from it can add to its score, as
        against those to and from O between the same neighbours.
    free (Ints): The tags that may follow any: O and each B-.
    """

    scores: Floats
    factors: NDArray[np.float64]
    gain: Floats
    free: Ints


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
    return _Steps(scores, step_factors(transitions.astype("float64"), legal), gain, free)


def _is_open(scores: Floats, lengths: Ints, steps: _Steps) -> NDArray[np.bool_]:
    """n_tokens, False for tokens that are O beyond doubt."""
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
    return covered.sum(axis=1) > DOUBT


def _islands(is_open: NDArray[np.bool_], lengths: Ints) -> tuple[Ints, Ints]:
    """The first row of each run of open tokens, and its length."""
    padded = np.concatenate(([False], is_open, [False]))
    starts_doc = np.zeros(len(is_open) + 1, dtype=bool)
    starts_doc[np.cumsum(lengths)[:-1]] = True
    starts = padded[1:] & (~padded[:-1] | starts_doc)
    ends = padded[:-1] & (~padded[1:] | starts_doc)
    first = np.flatnonzero(starts)
    return first, np.flatnonzero(ends) - first


def _viterbi(scores: Floats, active: Ints, steps: _Steps) -> Ints:
    """The best legal tag at each packed position.

    scores (Floats): n_tags × n_rows, packed. One row per tag: arithmetic on long rows is fast.
    active (Ints): See `pack`.
    steps (_Steps): See there.
    """
    n_tags = len(scores)
    to_free = steps.scores[:, steps.free].T[:, :, None]
    begin_inside = np.diagonal(steps.scores, 1)[1::2, None]
    inside_inside = np.diagonal(steps.scores)[2::2, None]
    slices = step_slices(active)
    # The score of the best path that ends in each tag.
    best = np.empty_like(scores)
    state = scores[:, : active[0]] + steps.scores[tags.OUTSIDE, :, None]
    best[:, slices[0]] = state
    for i, rows in enumerate(slices[1:]):
        n = rows.stop - rows.start
        old, state = state[:, :n], best[:, rows]
        block = max(1, BLOCK // (n_tags * n))
        for k in range(0, len(steps.free), block):
            state[steps.free[k : k + block]] = (old + to_free[k : k + block]).max(axis=1)
        np.maximum(old[1::2] + begin_inside, old[2::2] + inside_inside, out=state[2::2])
        state += scores[:, rows]
        if i % 16 == 0:
            # Large numbers have few digits behind the point.
            state -= state.max(axis=0)
    path = np.empty(scores.shape[1], dtype=np.int64)
    following = np.zeros(active[0], dtype=np.int64)
    for rows in reversed(slices):
        n = rows.stop - rows.start
        path[rows] = following[:n] = (best[:, rows] + steps.scores[:, following[:n]]).argmax(axis=0)
    return path


def _read_spans(best: Ints, scores: Floats, first: Ints, lengths: Ints, steps: _Steps) -> Spans:
    """The entities of the best tags, with their probabilities.

    best (Ints): n_tokens.
    scores (Floats): n_tokens × n_tags.
    first (Ints): n_islands, the first row of each island that has an entity.
    lengths (Ints): n_islands, its length.
    steps (_Steps): See there.
    """
    rows, active = pack(first, lengths)
    weights = scores[rows].astype("float64")
    emissions = np.exp(np.maximum(weights - weights.max(axis=1, keepdims=True), FLOOR))
    before, norms, after = forward_backward(emissions, active, steps.factors)
    packed = np.empty(len(best), dtype=np.int64)
    packed[rows] = np.arange(len(rows))
    row = np.flatnonzero(best)
    at_row, tag = packed[row], best[row]
    begins = np.flatnonzero(tag % 2 == 1)
    ends = np.append(begins[1:], len(tag)) - 1
    # The share of the paths that go through all of a span's tags, among all up to its last word.
    share = np.ones(len(tag))
    share[1:] = steps.factors[tag[:-1], tag[1:]] * emissions[at_row[1:], tag[1:]] / norms[at_row[1:], 0]
    share[begins] = before[at_row[begins], tag[begins]]
    # And among all that may follow, the share of what does not go on inside the span.
    last, last_tag = at_row[ends], tag[ends]
    following = _following(last, active, emissions * after)
    everything = ((before[last] @ steps.factors) * following).sum(axis=1)
    following *= steps.factors[last_tag]
    following[np.arange(len(last)), last_tag + last_tag % 2] = 0
    confidence = np.multiply.reduceat(share, begins) * following.sum(axis=1) / everything
    label = (tag[begins] - 1) // 2
    return Spans(row[begins], row[ends] + 1, label, np.minimum(confidence, 1.0).astype("float32"))


def _following(positions: Ints, active: Ints, weights: NDArray) -> NDArray:
    """The weights of the tags at the next position of the same island; behind an island stands O."""
    ends = np.cumsum(active)
    step = np.searchsorted(ends, positions, side="right")
    goes_on = positions + active[step] < np.append(ends, 0)[step + 1]
    following = np.zeros((len(positions), weights.shape[1]))
    following[~goes_on, tags.OUTSIDE] = 1.0
    following[goes_on] = weights[(positions + active[step])[goes_on]]
    return following
