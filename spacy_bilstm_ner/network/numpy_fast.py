"""The recurrence of the fast prediction path for a few sequences, in numpy: calls cost less there than in torch.

Each step has one matrix product, for both directions together, and one tanh for all gates: since the sigmoid is
(1 + tanh(x/2)) / 2, weights that lead to it are halved. The state h is kept as 2h, and weights that read a state are
halved to make up for it.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from thinc.types import Floats1d, Floats2d, Floats3d, Ints1d


class Prepared(NamedTuple):
    """Weights as `encode` needs them: gates in the order input, forget, output, new cell content.

    both (Floats3d): 2 × hidden × 4 · hidden, one for each direction.
    top_input (Floats2d): 2 · hidden × 4 · width.
    top_recurrent (Floats3d): 1 × width × 4 · width.
    top_bias (Floats1d): 4 · width.
    """

    both: Floats3d
    top_input: Floats2d
    top_recurrent: Floats3d
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
    return Prepared(
        both=np.ascontiguousarray([forward.T, backward.T]) / 4,
        top_input=np.ascontiguousarray(top_input.T) / 4,
        top_recurrent=np.ascontiguousarray([top_recurrent.T]) / 4,
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
    # Row 2w holds word w read forwards, row 2w + 1 backwards.
    rows = np.array((2 * words, 2 * words[mirrored] + 1))
    gates = table.reshape(2 * len(table), -1).take(rows, axis=0)
    gates *= 0.5
    forward, backward = _states(gates, batch_sizes, w.both)
    gates = np.concatenate((forward, backward[mirrored]), axis=1) @ w.top_input
    gates += w.top_bias
    (states,) = _states(gates[None], batch_sizes, w.top_recurrent)
    states *= 0.5
    return states


def _states(gates: Floats3d, batch_sizes: Sequence[int], recurrent: Floats3d) -> Floats3d:
    """The states of LSTMs that run side by side.

    gates (Floats3d): n_lstms × n_tokens × 4 · hidden, packed; what does not depend on states.
    batch_sizes (Sequence[int]): See `encode`.
    recurrent (Floats3d): n_lstms × hidden × 4 · hidden.
    RETURNS (Floats3d): n_lstms × n_tokens × hidden, packed, doubled.
    """
    n_lstms, hidden = recurrent.shape[:2]
    states = np.empty((n_lstms, gates.shape[1], hidden), dtype="float32")
    # Before the first step, states and cells are 0.
    state = cell = np.zeros((n_lstms, batch_sizes[0], hidden), dtype="float32")
    first = 0
    for size, steps in groupby(batch_sizes):
        rows = slice(first, first + size * len(list(steps)))
        by_step = gates[:, rows].reshape(n_lstms, -1, size, 4, hidden).transpose(1, 3, 0, 2, 4)
        found, cell = _run(by_step, state[:, :size], cell[:, :size], recurrent)
        states[:, rows] = found.swapaxes(0, 1).reshape(n_lstms, -1, hidden)
        state, first = found[-1], rows.stop
    return states


def _run(gates: NDArray, state: Floats3d, cell: Floats3d, recurrent: Floats3d) -> tuple[NDArray, Floats3d]:
    """Steps that the same sequences have. What a call costs counts for more here than the numbers that it computes:
    everything has its place from the start, and what is alike lies side by side.

    gates (NDArray): n_steps × 4 × n_lstms × n_sequences × hidden.
    state, cell (Floats3d): n_lstms × n_sequences × hidden, from the step before.
    recurrent (Floats3d): n_lstms × hidden × 4 · hidden.
    RETURNS (tuple): The states, n_steps × n_lstms × n_sequences × hidden; the last cell.
    """
    n = cell.size
    place = np.empty((5, *cell.shape), dtype="float32")
    place[4] = cell
    gate, output, cell = place[:4], place[2], place[4]
    flat = place.ravel()
    tanhs, openings, kept = flat[: 4 * n], flat[: 3 * n], flat[: 2 * n]
    contents, flat_cell = flat[3 * n :], flat[4 * n :]
    parts = np.empty(2 * n, dtype="float32")
    of_new, of_old = parts[:n], parts[n:]
    ones, halves = np.empty(3 * n, dtype="float32"), np.empty(n, dtype="float32")
    ones.fill(1.0)
    halves.fill(0.5)
    product = np.empty((*cell.shape[:2], recurrent.shape[2]), dtype="float32")
    from_state = product.reshape(*cell.shape[:2], 4, -1).transpose(2, 0, 1, 3)
    states = np.empty((len(gates), *cell.shape), dtype="float32")
    for step_gates, next_state in zip(gates, states, strict=True):
        np.matmul(state, recurrent, product)
        np.add(from_state, step_gates, gate)
        np.tanh(tanhs, tanhs)
        np.add(openings, ones, openings)
        np.multiply(kept, contents, parts)
        np.add(of_new, of_old, flat_cell)
        np.multiply(flat_cell, halves, flat_cell)
        np.tanh(cell, next_state)
        np.multiply(next_state, output, next_state)
        state = next_state
    return states, cell
