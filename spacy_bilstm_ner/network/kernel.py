"""The arithmetic of LSTMs and of matrix products in prediction, in numpy.

All arrays of gates have the gate as their first axis. Then each product writes its numbers where
they are needed, and every other operation of a step runs over one contiguous array. All gates of a
step share one call of tanh: a sigmoid is (1 + tanh(x / 2)) / 2. The weights of the three sigmoid
gates are therefore halved beforehand, and the factor 1 / 2 in front is applied once, to cells and
states.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

N_GATES = 4
# OpenBLAS, which comes with numpy, starts threads for a product of more multiplications. They bring
# little for small matrices, and slow everything down where other programs use the cores.
MAX_PRODUCT = 8 * 65_536 - 1


def arrange(weights: Floats) -> Floats:
    """Arrange the weights or biases of an LSTM for `lstm_states`.

    4 · hidden × n → 4 × hidden × n, or 4 · hidden → 4 × hidden. The order of the gates changes from
    torch's (input, forget, new content, output) to input, forget, output, new content. The first
    three are halved.
    """
    into, forget, content, out = np.split(weights, N_GATES)
    return np.stack((into / 2, forget / 2, out / 2, content))


def columns_in_blocks(weights: Floats, width: int) -> Floats:
    """Cut weights, n_out × n_in, into blocks for `multiply_blocks`: n_blocks × n_in × width.

    Missing columns of the last block are 0.
    """
    n_blocks = -(-len(weights) // width)
    padded = np.zeros((n_blocks * width, weights.shape[1]), dtype="float32")
    padded[: len(weights)] = weights
    return np.ascontiguousarray(padded.reshape(n_blocks, width, -1).swapaxes(1, 2))


def multiply_blocks(rows: Floats, blocks: Floats) -> Floats:
    """Multiply rows with blocks of columns.

    n_rows × n_in times n_blocks × n_in × width → n_blocks × n_rows × width. The result of a column
    does not depend on other blocks, not even in the last bit.
    """
    product = np.empty((len(blocks), len(rows), blocks.shape[2]), dtype="float32")
    multiply(rows[None], blocks, product)
    return product


def multiply(left: Floats, matrix: Floats, out: Floats) -> None:
    """Write matrix products into `out`: … × n_rows × n_in times … × n_in × width.

    Leading axes are broadcast. The pieces are so small that BLAS starts no threads.
    """
    piece = _rows_of_piece(matrix)
    for first in range(0, left.shape[-2], piece):
        rows = slice(first, first + piece)
        np.matmul(left[..., rows, :], matrix, out[..., rows, :])


def _rows_of_piece(matrix: Floats) -> int:
    n_in, width = matrix.shape[-2:]
    return max(1, MAX_PRODUCT // max(1, n_in * width))


def lstm_states(
    gates: Floats, rows: NDArray[np.int64], sizes: Sequence[int], recurrent: Floats
) -> Floats:
    """Run LSTMs (Hochreiter & Schmidhuber 1997) over packed sequences, side by side.

    gates (Floats): 4 × n_rows × hidden: a table of the part of the gates that does not depend on
        states, `arrange`d.
    rows (NDArray[int64]): n_lstms × n_words, each packed word's row of the table.
    sizes (Sequence[int]): n_steps, the number of sequences that have a word at each step.
    recurrent (Floats): 4 × n_lstms × hidden × hidden, `arrange`d weights, transposed.
    RETURNS (Floats): n_lstms × n_words × hidden, packed.
    """
    n_lstms, n_words = rows.shape
    hidden = gates.shape[2]
    states = np.empty((n_lstms, n_words, hidden), dtype="float32")
    # States are doubled while they go from step to step.
    recurrent = recurrent * np.float32(0.5)
    state: Floats = np.zeros((n_lstms, sizes[0], hidden), dtype="float32")
    cell = state
    first = 0
    for size, steps in groupby(sizes):
        n_steps = len(list(steps))
        last = first + size * n_steps
        rows_by_step = rows[:, first:last].reshape(n_lstms, n_steps, size).swapaxes(0, 1)
        doubled, cell = _run(gates, rows_by_step, state[:, :size], cell[:, :size], recurrent)
        by_lstm = doubled.swapaxes(0, 1).reshape(n_lstms, -1, hidden)
        np.multiply(by_lstm, 0.5, out=states[:, first:last])
        state = doubled[-1]
        first = last
    return states


def _run(
    gates: Floats, rows_by_step: NDArray[np.int64], state: Floats, cell: Floats, recurrent: Floats
) -> tuple[Floats, Floats]:
    """Run steps of the same sequences.

    The overhead of numpy calls dominates for few sequences, so buffers are allocated once for all
    steps, and each call does as much as it can.

    gates (Floats): 4 × n_rows × hidden.
    rows_by_step (NDArray[int64]): n_steps × n_lstms × n_sequences.
    state, cell (Floats): n_lstms × n_sequences × hidden, from the step before; the state is
        doubled.
    recurrent (Floats): 4 × n_lstms × hidden × hidden, halved.
    RETURNS (tuple): The states, doubled, n_steps × n_lstms × n_sequences × hidden; the last cell.
    """
    n = cell.size
    # Input, forget, output, new content and the cell, one after the other
    buffer = np.empty((N_GATES + 1, *cell.shape), dtype="float32")
    buffer[N_GATES] = cell
    from_states = np.empty((N_GATES, *cell.shape), dtype="float32")
    flat, flat_from_states = buffer.ravel(), from_states.ravel()
    all_gates, openings = flat[: 4 * n], flat[: 3 * n]
    input_and_forget, content_and_cell = flat[: 2 * n], flat[3 * n :]
    gate_buffer, output, cell, flat_cell = buffer[:4], buffer[2], buffer[4], flat[4 * n :]
    parts = np.empty(2 * n, dtype="float32")
    new_part, old_part = parts[:n], parts[n:]
    # Arrays instead of numbers, which numpy would convert at each step
    unity = np.ones(3 * n, dtype="float32")
    halves = np.full(n, 0.5, dtype="float32")
    states = np.empty((len(rows_by_step), *cell.shape), dtype="float32")
    is_small = cell.shape[1] <= _rows_of_piece(recurrent)
    multiply_state = np.matmul if is_small else multiply
    for rows, next_state in zip(rows_by_step, states, strict=True):
        gates.take(rows, axis=1, out=gate_buffer, mode="clip")
        multiply_state(state, recurrent, from_states)
        np.add(all_gates, flat_from_states, all_gates)
        np.tanh(all_gates, all_gates)
        # 1 + tanh is twice the sigmoid. So is the sum of both parts twice the cell.
        np.add(openings, unity, openings)
        np.multiply(input_and_forget, content_and_cell, parts)
        np.add(new_part, old_part, flat_cell)
        np.multiply(flat_cell, halves, flat_cell)
        np.tanh(cell, next_state)
        np.multiply(next_state, output, next_state)
        state = next_state
    return states, cell
