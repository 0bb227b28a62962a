"""Compute sums over all legal sequences of BIO tags with the forward-backward algorithm.

The weight of a sequence is the product of an emission for each tag and a factor for each
transition. The tag before the first word and after the last word is O. Shorter sequences are
padded with O, so that all sequences of a batch are computed at the same time.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import tags

# Natural logarithm of the smallest emission and factor. Without this limit, a single extreme score
# could make the weights of all legal sequences 0.
MIN_LOG_WEIGHT = -300.0

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


@cache
def legal_steps(n_tags: int) -> NDArray[np.bool_]:
    """Return whether a tag (column) may follow another tag (row), n_tags × n_tags."""
    legal = np.ones((n_tags, n_tags), dtype=bool)
    for inside in range(2, n_tags, 2):
        legal[:, inside] = False
        legal[[inside - 1, inside], inside] = True
    return legal


def step_factors(transitions: NDArray) -> Doubles:
    """Turn scores of transitions from a tag (row) to the next one (column) into factors.

    RETURNS (Doubles): 2 × n_tags × (n_tags + 1): the factors, and their transpose for the
        backward pass. Factors are at most 1, and 0 for illegal transitions. The last column is 1,
        so that the matrix products in `forward_backward` also compute the sums of the weights.
    """
    n_tags = len(transitions)
    scores = transitions.astype("float64")
    log_factors = np.maximum(scores - scores.max(), MIN_LOG_WEIGHT)
    factors = np.exp(log_factors) * legal_steps(n_tags)
    both_ways = np.ones((2, n_tags, n_tags + 1))
    both_ways[0, :, :-1] = factors
    both_ways[1, :, :-1] = factors.T
    return both_ways


def padded_emissions(scores: NDArray, firsts: Ints, lengths: Ints) -> tuple[Doubles, Doubles, Ints]:
    """Turn tag scores into emissions. Sequences are padded with O, at least once.

    scores (NDArray): n_rows × n_tags. Some scores of a word may be -inf, but not all of them.
    firsts (Ints): n_sequences, the row of the first word of each sequence.
    lengths (Ints): n_sequences, the number of words of each sequence.
    RETURNS (tuple): With n_steps = the longest length + 1: the emissions, at most 1, n_steps ×
        n_sequences × n_tags; the score that was subtracted from those of each word, n_steps ×
        n_sequences × 1; the row of each word, -1 for padding, n_steps × n_sequences.
    """
    place = np.arange(lengths.max() + 1)[:, None]
    rows = np.where(place < lengths, firsts + place, -1)
    emissions = scores[rows].astype("float64")
    highest = emissions.max(axis=2, keepdims=True)
    emissions -= highest
    np.maximum(emissions, MIN_LOG_WEIGHT, out=emissions)
    np.exp(emissions, out=emissions)
    is_padding = (rows < 0)[..., None]
    emissions *= ~is_padding
    emissions[..., tags.OUTSIDE] += is_padding[..., 0]
    return emissions, np.where(is_padding, 0.0, highest), rows


def forward_backward(emissions: Doubles, factors: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Run the scaled forward-backward algorithm (Rabiner 1989) over all sequences of a batch.

    The forward and the backward pass share one matrix product per step.

    emissions (Doubles): n_steps × n_sequences × n_tags. The last step is O in all sequences.
    factors (Doubles): The result of `step_factors`.
    RETURNS (tuple): `before`, n_steps × n_sequences × n_tags: the scaled weight of all sequences up
        to each tag, with the emission of the tag; `norms`, n_steps × n_sequences × 1: the divisors
        of the scaling; `after`, (n_steps - 1) × n_sequences × n_tags: the weight of all sequences
        after each tag, scaled so that `before` × `after` is the probability of the tag.
    """
    n_tags = emissions.shape[2]
    states = np.empty((len(emissions), 2, *emissions.shape[1:]))
    states[:, 0] = emissions
    states[:, 1] = emissions[::-1]
    # The weights that arrive from the previous step. They are divided by the sum of the weights of
    # that step, which is in the last column.
    arriving = np.ones((len(emissions) + 1, *states.shape[1:-1], n_tags + 1))
    arriving[0, ..., :-1] = factors[:, tags.OUTSIDE, None, :-1]
    for state, arrives, leaves in zip(states, arriving, arriving[1:], strict=False):
        state *= arrives[..., :-1]
        state /= arrives[..., -1:]
        np.matmul(state, factors, out=leaves)
    before = states[:, 0]
    norms = arriving[:-1, 0, :, -1:]
    # The backward pass runs from the last step to the first. Its results are reversed here.
    after = arriving[-2:0:-1, 1, :, :-1]
    after /= (before[:-1] * after).sum(axis=2, keepdims=True)
    return before, norms, after
