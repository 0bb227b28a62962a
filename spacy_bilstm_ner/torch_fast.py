"""The recurrence of the fast prediction path, in torch on the CPU. Knows no thinc and no Doc.

Against `torch.lstm`, it starts from input that was already multiplied by the input weights, looked up by word, and runs
both directions in one matrix product a step. And it has no tanh, which costs four times a sigmoid s: since
tanh(x) = 2 s(2x) - 1, weights that lead to the new cell content are doubled, the cell c is kept as 2c and the
state h as h/2, and weights that read a state are doubled to make up for it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from .torch_threads import spare_forks

# With up to this many sequences at once, torch's own loop over the steps is faster.
FEW = 4


class Weights(NamedTuple):
    """The recurrent part's weights, gates in torch's order: input, forget, cell, output.

    forward, backward (NDArray): 4 · hidden × hidden, the recurrent weights of the bidirectional LSTM.
    top_input (NDArray): 4 · width × 2 · hidden, the input weights of the LSTM on top.
    top_recurrent (NDArray): 4 · width × width.
    top_bias (NDArray): 4 · width.
    """

    forward: NDArray
    backward: NDArray
    top_input: NDArray
    top_recurrent: NDArray
    top_bias: NDArray


@torch.no_grad()
def encode(table: NDArray, words: NDArray, mirrored: NDArray, batch_sizes: Sequence[int], weights: Weights) -> NDArray:
    """Bidirectional LSTM, then LSTM.

    table (NDArray): n_words × 2 · 4 · hidden: each word's part of the gates, bias included, per direction, the new
        cell content's part doubled.
    words (NDArray): n_tokens, int64, packed: the table's row of each token.
    mirrored (NDArray): n_tokens, int64: for each packed token, the one as far from its sequence's other end.
    batch_sizes (Sequence[int]): longest, how many sequences have a token at each step; not empty.
    weights (Weights): The weights.
    RETURNS (NDArray): n_tokens × width, packed.
    """
    spare_forks()
    w = Weights(*map(torch.from_numpy, weights))
    tensors = (torch.from_numpy(table), torch.from_numpy(words), torch.from_numpy(mirrored))
    encode_batch = _encode_few if batch_sizes[0] <= FEW else _encode_many
    return encode_batch(*tensors, batch_sizes, w).numpy()


def _encode_many(table: Tensor, words: Tensor, mirrored: Tensor, batch_sizes: Sequence[int], w: Weights) -> Tensor:
    recurrent = torch.stack((_double_new_cell(2 * w.forward).T, _double_new_cell(2 * w.backward).T))
    both = _bidirectional_states(table, words, mirrored, batch_sizes, recurrent)
    gates = torch.addmm(_double_new_cell(w.top_bias), both, _double_new_cell(2 * w.top_input).T)
    return 2 * _states(gates, batch_sizes, _double_new_cell(2 * w.top_recurrent).T)


def _encode_few(table: Tensor, words: Tensor, mirrored: Tensor, batch_sizes: Sequence[int], w: Weights) -> Tensor:
    """torch's own LSTM: its steps cost more arithmetic, but no Python."""
    forward, backward = table[words].chunk(2, dim=1)
    sizes = torch.tensor(batch_sizes)
    # The gates are there already: all that the input weights have to do is to halve what is doubled in the table.
    halve = torch.diag(1 / _double_new_cell(torch.ones(table.shape[1] // 2)))
    both = torch.cat(
        (
            _lstm(forward, sizes, halve, w.forward),
            _lstm(backward[mirrored], sizes, halve, w.backward)[mirrored],
        ),
        dim=1,
    )
    return _lstm(both, sizes, w.top_input, w.top_recurrent, w.top_bias)


def _lstm(inputs: Tensor, sizes: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor | None = None) -> Tensor:
    start = inputs.new_zeros(1, int(sizes[0]), w_rec.shape[1])
    none = inputs.new_zeros(len(w_in))
    weights = [w_in, w_rec, none if bias is None else bias, none]
    # has biases, layers, dropout, training, bidirectional
    return torch.lstm(inputs, sizes, (start, start), weights, True, 1, 0.0, False, False)[0]


def _double_new_cell(gates: Tensor) -> Tensor:
    """Double the third of four equal parts along the first dimension: what leads to the new cell content."""
    doubled = gates.clone()
    doubled.chunk(4)[2].mul_(2)
    return doubled


def _bidirectional_states(
    table: Tensor, words: Tensor, mirrored: Tensor, batch_sizes: Sequence[int], recurrent: Tensor
) -> Tensor:
    """n_tokens × 2 · hidden."""
    hidden = recurrent.shape[1]
    gates_of = table.view(-1, table.shape[1] // 2)
    # Row 2w holds word w read forwards, row 2w + 1 backwards.
    rows = torch.stack((2 * words, 2 * words[mirrored] + 1))
    outputs = table.new_empty(2, len(words), hidden)
    state = cell = table.new_zeros(2, batch_sizes[0], hidden)
    first = 0
    for size in batch_sizes:
        step = slice(first, first + size)
        gates = gates_of.index_select(0, rows[:, step].reshape(-1)).view(2, size, -1)
        gates.baddbmm_(state[:, :size], recurrent)
        state, cell = _step(gates, cell[:, :size])
        outputs[:, step] = state
        first += size
    return torch.cat((outputs[0], outputs[1][mirrored]), dim=1)


def _states(gates: Tensor, batch_sizes: Sequence[int], recurrent: Tensor) -> Tensor:
    """n_tokens × hidden; `gates`, n_tokens × 4 · hidden, is overwritten."""
    hidden = recurrent.shape[0]
    outputs = gates.new_empty(len(gates), hidden)
    state = cell = gates.new_zeros(batch_sizes[0], hidden)
    first = 0
    for size in batch_sizes:
        step = slice(first, first + size)
        state, cell = _step(gates[step].addmm_(state[:size], recurrent), cell[:size])
        outputs[step] = state
        first += size
    return outputs


def _step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step: the halved state and the doubled cell; `gates` is overwritten."""
    into, forget, new, out = gates.sigmoid_().split(cell.shape[-1], dim=-1)
    cell = (cell * forget).addcmul_(into, new, value=4).sub_(into, alpha=2)
    return torch.sigmoid(cell).sub_(0.5).mul_(out), cell
