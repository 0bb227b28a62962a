"""Training a chain of tags (a conditional random field, Lafferty et al. 2001): its loss and gradients. Knows no Doc."""

import numpy as np
from numpy.typing import NDArray
from thinc.api import get_array_module
from thinc.types import Floats2d

from . import tags
from .sequences import FLOOR, forward_backward, legal_steps, pack, step_factors


def loss(
    scores: Floats2d, transitions: Floats2d, gold: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[float, Floats2d, Floats2d]:
    """Negative log-likelihood of the gold tags among all legal sequences, and its gradients, for each known tag.

    scores (Floats2d): n_words × n_tags, the documents' words one after the other.
    transitions (Floats2d): n_tags × n_tags, the score of each step from row to column. O stands before a document's
        first word and behind its last.
    gold (NDArray[int64]): n_words, tags.MISSING where any tag may be right. An I- tag that nothing before it allows
        is read as B-.
    lengths (NDArray[int64]): n_docs, the number of words of each document.
    RETURNS (tuple[float, Floats2d, Floats2d]): The loss in nats per known tag; its gradients by the scores and by the
        transitions, 0 for illegal steps.
    """
    xp = get_array_module(scores)
    n_words, n_tags = scores.shape
    n_known = int((gold != tags.MISSING).sum())
    if not n_known:
        return 0.0, xp.zeros_like(scores), xp.zeros_like(transitions)
    factors = step_factors(transitions.astype("float64"), xp.asarray(legal_steps(n_tags)))
    # Each document twice, side by side: once free, once bound to the gold tags. The loss is the difference.
    both = xp.concatenate((scores, scores)).astype("float64")
    allowed = xp.asarray(np.concatenate((np.ones((n_words, n_tags), dtype=bool), _allowed(gold, lengths, n_tags))))
    first = np.cumsum(lengths) - lengths
    packed, active = pack(np.concatenate((first, first + n_words)), np.concatenate((lengths, lengths)))
    sign = xp.asarray(np.where(packed < n_words, 1.0, -1.0)[:, None])
    rows = xp.asarray(packed)
    both, allowed = both[rows], allowed[rows]
    highest = xp.where(allowed, both, -xp.inf).max(axis=1, keepdims=True)
    emissions = xp.exp(xp.clip(both - highest, FLOOR, 0.0)) * allowed

    before, norms, after = forward_backward(emissions, active, factors)
    total = (before * after).sum(axis=1, keepdims=True)
    last = xp.asarray(_last_rows(active))
    value = (sign * (xp.log(norms) + highest)).sum() + (sign * xp.log(total))[last].sum()
    weights = sign / total / n_known
    d_both = xp.empty_like(both)
    d_both[rows] = before * after * weights
    d_scores = d_both[:n_words] + d_both[n_words:]

    # Expected steps: from O to a first word, from word to word, and to O behind a last word.
    arrives = emissions * after * (weights / norms)
    n_first = int(active[0])
    previous = xp.asarray(np.arange(n_first, len(packed)) - np.repeat(active[:-1], active[1:]))
    counts = before[previous].T @ arrives[n_first:]
    counts[tags.OUTSIDE] += arrives[:n_first].sum(axis=0)
    counts[:, tags.OUTSIDE] += (before[last] * weights[last]).sum(axis=0)
    return float(value) / n_known, d_scores.astype(scores.dtype), (counts * factors).astype(transitions.dtype)


def _allowed(gold: NDArray[np.int64], lengths: NDArray[np.int64], n_tags: int) -> NDArray[np.bool_]:
    """n_words × n_tags, the tags that agree with the gold ones. Always leaves a legal sequence."""
    previous = np.concatenate(([tags.OUTSIDE], gold[:-1]))
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    previous[starts] = tags.OUTSIDE
    known = gold != tags.MISSING
    stray = known & (previous != tags.MISSING) & ~legal_steps(n_tags)[previous, gold]
    allowed = np.ones((len(gold), n_tags), dtype=bool)
    allowed[known] = False
    allowed[known, (gold - stray)[known]] = True
    return allowed


def _last_rows(active: NDArray[np.int64]) -> NDArray[np.int64]:
    """The packed positions of the sequences' last tokens."""
    following = np.append(active[1:], 0)
    ends = np.cumsum(active)
    return np.concatenate([np.arange(end - n + m, end) for n, m, end in zip(active, following, ends, strict=True)])
