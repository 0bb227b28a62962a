"""Sequences of BIO tags as chains, and sums over all legal sequences at once.

A chain's weight is the product of an emission for each word's tag and a factor for each step from
tag to tag. O stands before the first word and behind the last one. Sequences are padded with O, so
that they can be computed side by side.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import tags

# Natural logarithm of the smallest emission and factor: in double precision no legal step's weight
# becomes 0, however bad its score.
MIN_LOG_WEIGHT = -300.0

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


@cache
def legal_steps(n_tags: int) -> NDArray[np.bool_]:
    """Which tag, a column, may follow which, a row: n_tags × n_tags."""
    legal = np.ones((n_tags, n_tags), dtype=bool)
    for inside in range(2, n_tags, 2):
        legal[:, inside] = False
        legal[[inside - 1, inside], inside] = True
    return legal


def step_factors(transitions: NDArray) -> Doubles:
    """Turn scores of steps from tag (row) to tag (column) into factors of a chain's weight.

    RETURNS (Doubles): 2 × n_tags × n_tags + 1: the factors, at most 1, and 0 where a step is
        illegal; for the way back their transpose; and behind both a column of ones, which makes
        `forward_backward` sum.
    """
    n_tags = len(transitions)
    scores = transitions.astype("float64")
    factors = np.exp(np.maximum(scores - scores.max(), MIN_LOG_WEIGHT)) * legal_steps(n_tags)
    both_ways = np.ones((2, n_tags, n_tags + 1))
    both_ways[:, :, :-1] = factors, factors.T
    return both_ways


def padded_emissions(scores: NDArray, first: Ints, lengths: Ints) -> tuple[Doubles, Doubles, Ints]:
    """Turn words' scores into emissions of sequences that lie side by side, each ended by at least
    one O.

    scores (NDArray): n_rows × n_tags; -inf for a tag that a word cannot have, but not for all of
        its tags.
    first (Ints): n_sequences, the row of each sequence's first word.
    lengths (Ints): n_sequences, the number of its words.
    RETURNS (tuple): The emissions, longest + 1 × n_sequences × n_tags, at most 1; the scores that
        they are relative to, longest + 1 × n_sequences × 1; the rows that they come from, longest +
        1 × n_sequences, -1 for padding.
    """
    place = np.arange(lengths.max() + 1)[:, None]
    rows = np.where(place < lengths, first + place, -1)
    emissions = scores[rows].astype("float64")
    highest = emissions.max(axis=2, keepdims=True)
    emissions -= highest
    np.exp(np.maximum(emissions, MIN_LOG_WEIGHT, out=emissions), out=emissions)
    is_padding = (rows < 0)[..., None]
    emissions *= ~is_padding
    emissions[..., tags.OUTSIDE] += is_padding[..., 0]
    return emissions, np.where(is_padding, 0.0, highest), rows


def forward_backward(emissions: Doubles, factors: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Scaled forward-backward (Rabiner 1989) over all sequences at once, both ways in one matrix
    product a step.

    emissions (Doubles): n_steps × n_sequences × n_tags. At the last step, all are O.
    factors (Doubles): What `step_factors` returned.
    RETURNS (tuple): `before`, n_steps × n_sequences × n_tags: the weight of all that leads to each
        tag, that tag's emission included, scaled; `norms`, n_steps × n_sequences × 1: what the
        weights before it were divided by; `after`, n_steps - 1 × n_sequences × n_tags: the weight
        of all that follows on each tag, scaled so that its product with `before` is the tag's
        probability.
    """
    n_tags = emissions.shape[2]
    states = np.empty((len(emissions), 2, *emissions.shape[1:]))
    states[:, 0], states[:, 1] = emissions, emissions[::-1]
    # What arrives from the step before, and in a last column the sum that it is divided by.
    arriving = np.ones((len(emissions) + 1, *states.shape[1:-1], n_tags + 1))
    arriving[0, ..., :-1] = factors[:, tags.OUTSIDE, None, :-1]
    for state, arrives, leaves in zip(states, arriving, arriving[1:], strict=False):
        state *= arrives[..., :-1]
        state /= arrives[..., -1:]
        np.matmul(state, factors, out=leaves)
    before, norms, after = states[:, 0], arriving[:-1, 0, :, -1:], arriving[-2:0:-1, 1, :, :-1]
    after /= (before[:-1] * after).sum(axis=2, keepdims=True)
    return before, norms, after
