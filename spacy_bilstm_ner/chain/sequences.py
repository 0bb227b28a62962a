"""Sequences of tags as chains: which tag may follow which, and sums over all sequences at once. Knows no Doc.

A chain's weight is the product of an emission for each token's tag and a factor for each step from tag to tag. Before
the first token stands O, and behind the last one, too.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import tags

# Natural logarithm of the smallest emission and factor: in double precision no legal step's weight becomes 0, however
# bad its score.
FLOOR = -300.0

Ints = NDArray[np.int64]


@cache
def legal_steps(n_tags: int) -> NDArray[np.bool_]:
    """Which tag may follow which.

    n_tags (int): Number of tags.
    RETURNS (NDArray[bool]): n_tags × n_tags, from row to column.
    """
    legal = np.ones((n_tags, n_tags), dtype=bool)
    for inside in range(2, n_tags, 2):
        legal[:, inside] = False
        legal[[inside - 1, inside], inside] = True
    legal.flags.writeable = False
    return legal


def step_factors(transitions: Any, legal: Any) -> Any:
    """Scores of steps → factors of a chain's weight.

    transitions (Floats2d): n_tags × n_tags, the scores, from row to column.
    legal (NDArray[bool]): See `legal_steps`.
    RETURNS (Floats2d): n_tags × n_tags, at most 1, and 0 where a step is illegal.
    """
    return np.exp(np.maximum(transitions - transitions.max(), FLOOR)) * legal


def pack(first: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Arrange sequences step by step, the longest first, so that each step is one slice.

    first (Ints): n_sequences, the first row of each.
    lengths (Ints): n_sequences, the number of its rows.
    RETURNS (tuple): the row at each packed position, n_rows; the number of sequences that have a token at each step,
        longest.
    """
    order = np.argsort(-lengths, kind="stable")
    falling = lengths[order]
    active = np.searchsorted(-falling, -np.arange(lengths.max(initial=0)), side="left")
    step = np.repeat(np.arange(len(active)), active)
    sequence = np.arange(len(step)) - np.repeat(np.cumsum(active) - active, active)
    return first[order][sequence] + step, active


def step_slices(active: Ints) -> list[slice]:
    """The packed positions of each step.

    active (Ints): longest, as `pack` gives it.
    RETURNS (list[slice]): longest.
    """
    ends = np.cumsum(active).tolist()
    return [slice(end - n, end) for n, end in zip(active.tolist(), ends, strict=True)]


def forward_backward(emissions: Any, active: Ints, factors: Any) -> tuple[Any, Any, Any]:
    """Scaled forward-backward (Rabiner 1989) over all sequences together, one matrix product a step each way.

    emissions (Floats2d): n_rows × n_tags, packed.
    active (Ints): longest, as `pack` gives it.
    factors (Floats2d): n_tags × n_tags.
    RETURNS (tuple): `before`, n_rows × n_tags: the weight of all that leads to each tag, that tag's emission included,
        scaled to sum to 1; `norms`, n_rows × 1: what that was divided by; `after`, n_rows × n_tags: the weight of all
        that follows on each tag, scaled by any number for each row but the last of a sequence, which is not scaled.
    """
    before, after = emissions.copy(), emissions.copy()
    norms = emissions[:, :1].copy()
    steps = step_slices(active)
    state = emissions[: active[0]] * factors[tags.OUTSIDE]
    for i, rows in enumerate(steps):
        if i:
            state = state[: rows.stop - rows.start] @ factors
            state *= emissions[rows]
        norm = state.sum(axis=1, keepdims=True)
        state /= norm
        before[rows], norms[rows] = state, norm
    rest = emissions[: active[0]] * 0 + factors[:, tags.OUTSIDE]
    for rows in reversed(steps):
        n = rows.stop - rows.start
        after[rows] = rest[:n]
        part = (emissions[rows] * rest[:n]) @ factors.T
        part /= part.sum(axis=1, keepdims=True)
        rest[:n] = part
    return before, norms, after
