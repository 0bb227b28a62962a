"""Tag scores → legal entities with their probabilities, for a whole batch at once. Knows no Doc.

Each token's scores are read as independent log-probabilities, restricted to the legal BIO sequences (an
I-x follows a B-x or an I-x). Under that model the best sequence is found by Viterbi's algorithm, and the
probability that exactly this span carries this label by the forward-backward algorithm (Rabiner 1989).
Legal BIO needs one state per label and one for O, so both take O(n_tokens × n_labels).

Most tokens are O beyond doubt. They cut a document into short islands of open tokens, and only these are
decoded: all islands of the batch at once, one step per token of the longest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import tags

# A token with at least this probability of O, taken by itself, is O. An exact decoder would weigh its neighbours
# first; that the two differ takes a neighbour that is all but sure to be the middle of an entity.
CERTAIN = 0.999

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


@dataclass(frozen=True)
class _Islands:
    """Runs of open tokens, longest first, so that step t concerns the first `active[t]` of them.

    first (Ints): n_islands, the first row of each run.
    active (Ints): longest run, the number of runs that have a token at each step.
    """

    first: Ints
    active: Ints

    def rows(self, step: int) -> Ints:
        return self.first[: self.active[step]] + step


def decode(scores: Floats, lengths: Ints, *, outside: NDArray[np.bool_] | None = None) -> Spans:
    """Find the entities of a batch.

    scores (Floats): n_tokens × n_tags, the documents' tokens one after the other.
    lengths (Ints): n_docs, the number of tokens of each document. No entity spans two.
    outside (Optional[NDArray[bool]]): n_tokens, True for tokens that no entity may cover.
    RETURNS (Spans): The entities of the most probable legal tag sequence of each document.
    """
    probs = _softmax(scores)
    if outside is not None:
        probs[outside] = 0.0
        probs[outside, tags.OUTSIDE] = 1.0
    islands = _find_islands(probs[:, tags.OUTSIDE] < CERTAIN, lengths)
    best = _viterbi(probs, islands)
    norms, after = _forward_backward(probs, islands)
    return _read_spans(best, probs, norms, after)


def _softmax(scores: Floats) -> Floats:
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    return probs


def _find_islands(is_open: NDArray[np.bool_], lengths: Ints) -> _Islands:
    padded = np.concatenate(([False], is_open, [False]))
    starts_doc = np.zeros(len(is_open) + 1, dtype=bool)
    starts_doc[np.cumsum(lengths)[:-1]] = True
    starts = padded[1:] & (~padded[:-1] | starts_doc)
    ends = padded[:-1] & (~padded[1:] | starts_doc)
    first = np.flatnonzero(starts)
    run_lengths = np.flatnonzero(ends) - first
    order = np.argsort(-run_lengths, kind="stable")
    longest = int(run_lengths.max(initial=0))
    active = np.searchsorted(-run_lengths[order], -np.arange(longest), side="left")
    return _Islands(first[order], active)


def _viterbi(probs: Floats, islands: _Islands) -> Ints:
    """The best legal tag of each row; O outside the islands."""
    n_labels = (probs.shape[1] - 1) // 2
    best_state, continues = [], []
    # Probability of the best path that ends inside each label, over that of the best path overall.
    ongoing = np.zeros((len(islands.first), n_labels), dtype=probs.dtype)
    for step in range(len(islands.active)):
        row = probs[islands.rows(step)]
        ongoing = row[:, 2::2] * ongoing[: len(row)]
        beginning = row[:, 1::2]
        continues.append(ongoing > beginning)
        ongoing = np.maximum(ongoing, beginning)
        states = np.concatenate((row[:, :1], ongoing), axis=1)
        best_state.append(states.argmax(axis=1))
        ongoing /= np.maximum(states.max(axis=1, keepdims=True), np.finfo(probs.dtype).tiny)
    best = np.zeros(len(probs), dtype=np.int64)
    # State 0 is O; state 1 + i is "inside label i". -1: the path may end in any state here.
    state = np.full(len(islands.first), -1)
    for step in reversed(range(len(islands.active))):
        n = int(islands.active[step])
        here = np.where(state[:n] < 0, best_state[step], state[:n])
        label = here - 1
        goes_on = (here > 0) & continues[step][np.arange(n), label]
        best[islands.rows(step)] = np.where(here == 0, tags.OUTSIDE, 1 + 2 * label + goes_on)
        state[:n] = np.where(goes_on, here, -1)
    return best


def _forward_backward(probs: Floats, islands: _Islands) -> tuple[Floats, Floats]:
    """Scaled forward-backward over the legal sequences.

    RETURNS (tuple): For each row, the forward pass's norm, and the scaled probability of everything to the
        right of the row given that no entity goes on beyond it. Both are 1 outside the islands.
    """
    norms = np.ones(len(probs), dtype=probs.dtype)
    after = np.ones(len(probs), dtype=probs.dtype)
    n_labels = (probs.shape[1] - 1) // 2
    tiny = np.finfo(probs.dtype).tiny
    ongoing = np.zeros((len(islands.first), n_labels), dtype=probs.dtype)
    for step in range(len(islands.active)):
        rows = islands.rows(step)
        row = probs[rows]
        ongoing = row[:, 1::2] + row[:, 2::2] * ongoing[: len(row)]
        norm = np.maximum(row[:, 0] + ongoing.sum(axis=1), tiny)
        ongoing /= norm[:, None]
        norms[rows] = norm
    # Right of an island stands O or nothing: every state may end there.
    free = np.ones(len(islands.first), dtype=probs.dtype)
    bound = np.ones((len(islands.first), n_labels), dtype=probs.dtype)
    for step in reversed(range(len(islands.active))):
        rows = islands.rows(step)
        n = len(rows)
        after[rows] = free[:n]
        row, norm = probs[rows], norms[rows]
        fresh = (row[:, 0] * free[:n] + (row[:, 1::2] * bound[:n]).sum(axis=1)) / norm
        bound[:n] = fresh[:, None] + row[:, 2::2] * bound[:n] / norm[:, None]
        free[:n] = fresh
    return norms, after


def _read_spans(best: Ints, probs: Floats, norms: Floats, after: Floats) -> Spans:
    rows = np.flatnonzero(best)
    begins = best[rows] % 2 == 1
    at = np.flatnonzero(begins)
    start = rows[at]
    n_rows = np.diff(np.append(at, len(rows)))
    if len(start) == 0:
        return NO_SPANS
    path = np.log(probs[rows, best[rows]] / norms[rows])
    end = start + n_rows
    confidence = np.exp(np.add.reduceat(path, at)) * after[end - 1]
    return Spans(start, end, (best[start] - 1) // 2, np.minimum(confidence, 1.0))
