"""The arithmetic of predicting with LSTMs, in numpy.

It starts from gates that were already multiplied by the input weights, since for the first layer these depend on a word
alone. All gates of a step take one tanh: a sigmoid is (1 + tanh(x / 2)) / 2, so weights of the three sigmoid gates are
halved beforehand, and what is a half too much afterwards is put right where states and cells are made.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

N_GATES = 4
# For a product of more multiplications OpenBLAS, which numpy brings, starts threads. These cost much where other
# programs use the cores, and bring little for matrices this small.
MAX_PRODUCT = 8 * 65_536 - 1


def arranged(weights: Floats) -> Floats:
    """Arrange an LSTM's weights, 4 · hidden × n or 4 · hidden, for `lstm_states`: from torch's order of gates, input,
    forget, new cell content, output, to input, forget, output, new cell content. The first three are halved."""
    into, forget, new, out = np.split(weights, N_GATES)
    return np.concatenate((into / 2, forget / 2, out / 2, new))


def columns_in_blocks(weights: Floats, width: int) -> Floats:
    """Cut weights, n_out × n_in, into blocks for `products`, n_blocks × n_in × width. Columns that are missing from the
    last block are 0."""
    n_blocks = -(-len(weights) // width)
    padded = np.zeros((n_blocks * width, weights.shape[1]), dtype="float32")
    padded[: len(weights)] = weights
    return np.ascontiguousarray(padded.reshape(n_blocks, width, -1).swapaxes(1, 2))


def products(rows: Floats, blocks: Floats) -> Floats:
    """Multiply rows, n_rows × n_in, with what `columns_in_blocks` gives: n_blocks × n_rows × width. A column's result
    depends on no column of another block, not even in the last bit."""
    found = np.empty((len(blocks), len(rows), blocks.shape[2]), dtype="float32")
    multiply(rows[None], blocks, found)
    return found


def multiply(left: Floats, right: Floats, out: Floats) -> None:
    """Write several matrix products into their place, in pieces so small that BLAS computes each in this thread:
    n (or 1) × n_rows × n_in times n × n_in × width into n × n_rows × width."""
    _, n_rows, n_in = left.shape
    piece = _rows_of_a_piece(right)
    whole = n_rows - n_rows % piece
    if n_rows > piece:
        shape = (-1, whole // piece, piece)
        np.matmul(
            left[:, :whole].reshape(*shape, n_in),
            right[:, None],
            out[:, :whole].reshape(*shape, right.shape[2]),
        )
        left, out = left[:, whole:], out[:, whole:]
    np.matmul(left, right, out)


def _rows_of_a_piece(right: Floats) -> int:
    return max(1, MAX_PRODUCT // max(1, right.shape[1] * right.shape[2]))


def lstm_states(gates: Floats, sizes: Sequence[int], recurrent: Floats) -> Floats:
    """Run LSTMs (Hochreiter & Schmidhuber 1997) over packed sequences, side by side.

    gates (Floats): 4 × n_lstms × n_words × hidden, packed: what does not depend on states; gates as in `arranged`.
    sizes (Sequence[int]): n_steps, how many sequences have a word at each step.
    recurrent (Floats): n_lstms × hidden × 4 · hidden, `arranged` weights, transposed.
    RETURNS (Floats): n_lstms × n_words × hidden, packed.
    """
    _, n_lstms, n_words, hidden = gates.shape
    states = np.empty((n_lstms, n_words, hidden), dtype="float32")
    # While they go from step to step, states are doubled.
    recurrent = recurrent * np.float32(0.5)
    state: Floats = np.zeros((n_lstms, sizes[0], hidden), dtype="float32")
    cell = state
    first = 0
    # Steps that the same sequences have share their memory.
    for size, steps in groupby(sizes):
        rows = slice(first, first + size * len(list(steps)))
        by_step = (
            gates[:, :, rows].reshape(N_GATES, n_lstms, -1, size, hidden).transpose(2, 0, 1, 3, 4)
        )
        found, cell = _run(by_step, state[:, :size], cell[:, :size], recurrent)
        np.multiply(found.swapaxes(0, 1).reshape(n_lstms, -1, hidden), 0.5, out=states[:, rows])
        state, first = found[-1], rows.stop
    return states


def _run(gates: NDArray, state: Floats, cell: Floats, recurrent: Floats) -> tuple[NDArray, Floats]:
    """Steps of the same sequences. What a call costs counts for more here than the numbers that it computes: everything
    has its place from the start, and what is alike lies side by side.

    gates (NDArray): n_steps × 4 × n_lstms × n_sequences × hidden.
    state, cell (Floats): n_lstms × n_sequences × hidden, from the step before; the state is doubled.
    recurrent (Floats): n_lstms × hidden × 4 · hidden, halved.
    RETURNS (tuple): The states, doubled, n_steps × n_lstms × n_sequences × hidden; the last cell.
    """
    n = cell.size
    place = np.empty((5, *cell.shape), dtype="float32")
    place[4] = cell
    gate, output, cell = place[:4], place[2], place[4]
    flat = place.ravel()
    openings, kept, contents, flat_cell = flat[: 3 * n], flat[: 2 * n], flat[3 * n :], flat[4 * n :]
    parts = np.empty(2 * n, dtype="float32")
    # Arrays: a number would be made into one at each step.
    ones, halves = np.ones(3 * n, dtype="float32"), np.full(n, 0.5, dtype="float32")
    times = np.matmul if cell.shape[1] <= _rows_of_a_piece(recurrent) else multiply
    tanhs, of_new, of_old = flat[: 4 * n], parts[:n], parts[n:]
    product_of_state = np.empty((*cell.shape[:2], recurrent.shape[2]), dtype="float32")
    from_state = product_of_state.reshape(*cell.shape[:2], N_GATES, -1).transpose(2, 0, 1, 3)
    states = np.empty((len(gates), *cell.shape), dtype="float32")
    for step_gates, next_state in zip(gates, states, strict=True):
        times(state, recurrent, product_of_state)
        np.add(from_state, step_gates, gate)
        np.tanh(tanhs, tanhs)
        # 1 + tanh: twice the sigmoid. Input times new content and forget times old cell, each doubled: halve their sum.
        np.add(openings, ones, openings)
        np.multiply(kept, contents, parts)
        np.add(of_new, of_old, flat_cell)
        np.multiply(flat_cell, halves, flat_cell)
        np.tanh(cell, next_state)
        np.multiply(next_state, output, next_state)
        state = next_state
    return states, cell
