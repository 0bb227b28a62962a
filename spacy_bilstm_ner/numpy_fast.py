"""The recurrence of the fast prediction path for a few sequences, in numpy: calls cost less there than in torch.

Each step has one matrix product, for both directions together, and one tanh for all gates: since the sigmoid is
(1 + tanh(x/2)) / 2, weights that lead to it are halved. The state h is kept as 2h, and weights that read a state are
halved to make up for it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d


class Prepared(NamedTuple):
    """Weights as `encode` needs them: gates in the order input, forget, output, new cell content.

    both (Floats2d): 2 · hidden × 4 · 2 · hidden, one LSTM whose state holds both directions.
    top_input (Floats2d): 2 · hidden × 4 · width.
    top_recurrent (Floats2d): width × 4 · width.
    top_bias (Floats1d): 4 · width.
    """

    both: Floats2d
    top_input: Floats2d
    top_recurrent: Floats2d
    top_bias: Floats1d


def prepare(
    *, forward: Floats2d, backward: Floats2d, top_input: Floats2d, top_recurrent: Floats2d, top_bias: Floats1d
) -> Prepared:
    """Arrange weights for `encode`. Gates are in its order, and what leads to new cell content is doubled.

    forward, backward (Floats2d): 4 · hidden × hidden, the recurrent weights of the bidirectional LSTM.
    top_input (Floats2d): 4 · width × 2 · hidden, the input weights of the LSTM on top.
    top_recurrent (Floats2d): 4 · width × width.
    top_bias (Floats1d): 4 · width.
    RETURNS (Prepared): The same, arranged.
    """
    hidden = forward.shape[1]
    both = np.zeros((2, hidden, 4, 2, hidden), dtype="float32")
    for direction, recurrent in enumerate((forward, backward)):
        both[direction, :, :, direction] = recurrent.T.reshape(hidden, 4, hidden)
    return Prepared(
        both=both.reshape(2 * hidden, 8 * hidden) / 4,
        top_input=np.ascontiguousarray(top_input.T) / 4,
        top_recurrent=np.ascontiguousarray(top_recurrent.T) / 4,
        top_bias=top_bias / 2,
    )


def encode(table: Floats2d, words: Ints1d, mirrored: Ints1d, batch_sizes: Sequence[int], w: Prepared) -> Floats2d:
    """Bidirectional LSTM, then LSTM: what `torch_fast.encode` does.

    table (Floats2d): n_words × 2 · 4 · hidden: each word's part of the gates, bias included, per direction; gates as
        in `prepare`.
    words (Ints1d): n_tokens, packed: the table's row of each token.
    mirrored (Ints1d): n_tokens: for each packed token, the one as far from its sequence's other end.
    batch_sizes (Sequence[int]): longest, how many sequences have a token at each step; not empty.
    w (Prepared): The weights.
    RETURNS (Floats2d): n_tokens × width, packed.
    """
    n_tokens, hidden = len(words), table.shape[1] // 8
    of_word = table[words].reshape(n_tokens, 2, 4, hidden)
    gates = np.empty((n_tokens, 4, 2, hidden), dtype="float32")
    gates[:, :, 0] = of_word[:, 0]
    gates[:, :, 1] = of_word[mirrored, 1]
    gates *= 0.5
    both = _states(gates.reshape(n_tokens, -1), batch_sizes, w.both)
    both[:, hidden:] = both[mirrored, hidden:]
    states = _states(both @ w.top_input + w.top_bias, batch_sizes, w.top_recurrent)
    states *= 0.5
    return states


def _states(gates: Floats2d, batch_sizes: Sequence[int], recurrent: Floats2d) -> Floats2d:
    """n_tokens × hidden, doubled; `gates`, n_tokens × 4 · hidden, is overwritten."""
    hidden = len(recurrent)
    states = np.empty((len(gates), hidden), dtype="float32")
    state = cell = states[:0]
    first = 0
    for size in batch_sizes:
        step = slice(first, first + size)
        gate = gates[step]
        # Before the first step, states and cells are 0.
        if first:
            gate += state[:size] @ recurrent
        np.tanh(gate, out=gate)
        openings, content = gate[:, : 3 * hidden], gate[:, 3 * hidden :]
        openings += 1
        content *= openings[:, :hidden]
        if first:
            content += cell[:size] * openings[:, hidden : 2 * hidden]
        content *= 0.5
        cell = content
        state = np.tanh(cell, out=states[step])
        state *= openings[:, 2 * hidden :]
        first += size
    return states
