"""The recurrence of the fast prediction path for many sequences, in torch on the CPU. Knows no thinc and no Doc.

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


class Prepared(NamedTuple):
    """Weights as `encode` needs them: gates in the order input, forget, output, new cell content.

    both (Tensor): 2 × hidden × 4 · hidden.
    top_input (Tensor): 2 · hidden × 4 · width.
    top_recurrent (Tensor): width × 4 · width.
    top_bias (Tensor): 4 · width.
    """

    both: Tensor
    top_input: Tensor
    top_recurrent: Tensor
    top_bias: Tensor


def prepare(
    *, forward: NDArray, backward: NDArray, top_input: NDArray, top_recurrent: NDArray, top_bias: NDArray
) -> Prepared:
    """Arrange weights for `encode`. Gates are in its order, and what leads to new cell content is doubled.

    forward, backward (NDArray): 4 · hidden × hidden, the recurrent weights of the bidirectional LSTM.
    top_input (NDArray): 4 · width × 2 · hidden, the input weights of the LSTM on top.
    top_recurrent (NDArray): 4 · width × width.
    top_bias (NDArray): 4 · width.
    RETURNS (Prepared): The same, arranged.
    """
    return Prepared(
        both=torch.stack([2 * torch.from_numpy(weights).T for weights in (forward, backward)]),
        top_input=(2 * torch.from_numpy(top_input)).T.contiguous(),
        top_recurrent=(2 * torch.from_numpy(top_recurrent)).T.contiguous(),
        top_bias=torch.from_numpy(top_bias),
    )


@torch.no_grad()
def encode(table: NDArray, words: NDArray, mirrored: NDArray, batch_sizes: Sequence[int], w: Prepared) -> NDArray:
    """Bidirectional LSTM, then LSTM.

    table (NDArray): n_words × 2 · 4 · hidden: each word's part of the gates, bias included, per direction; gates as
        in `prepare`.
    words (NDArray): n_tokens, int64, packed: the table's row of each token.
    mirrored (NDArray): n_tokens, int64: for each packed token, the one as far from its sequence's other end.
    batch_sizes (Sequence[int]): longest, how many sequences have a token at each step; not empty.
    w (Prepared): The weights.
    RETURNS (NDArray): n_tokens × width, packed.
    """
    spare_forks()
    gates_of, rows, mirrors = torch.from_numpy(table), torch.from_numpy(words), torch.from_numpy(mirrored)
    both = _bidirectional_states(gates_of, rows, mirrors, batch_sizes, w.both)
    return _top_states(both, batch_sizes, w).mul_(2).numpy()


def _bidirectional_states(
    table: Tensor, words: Tensor, mirrored: Tensor, batch_sizes: Sequence[int], recurrent: Tensor
) -> Tensor:
    """n_tokens × 2 · hidden."""
    hidden = recurrent.shape[1]
    gates_of = table.view(-1, table.shape[1] // 2)
    # Row 2w holds word w read forwards, row 2w + 1 backwards.
    rows = torch.stack((2 * words, 2 * words[mirrored] + 1))
    outputs = table.new_empty(len(words), 2 * hidden)
    forward, backward = outputs.chunk(2, dim=1)
    state = cell = table.new_zeros(2, batch_sizes[0], hidden)
    first = 0
    for size in batch_sizes:
        step = slice(first, first + size)
        gates = gates_of.index_select(0, rows[:, step].reshape(-1)).view(2, size, -1)
        # Before the first step, states are 0.
        if first:
            gates.baddbmm_(state[:, :size], recurrent)
        state, cell = _step(gates, cell[:, :size])
        forward[step] = state[0]
        backward.index_copy_(0, mirrored[step], state[1])
        first += size
    return outputs


def _top_states(inputs: Tensor, batch_sizes: Sequence[int], w: Prepared) -> Tensor:
    """n_tokens × width."""
    width = len(w.top_recurrent)
    outputs = inputs.new_empty(len(inputs), width)
    state = cell = inputs.new_zeros(batch_sizes[0], width)
    first = 0
    for size in batch_sizes:
        step = slice(first, first + size)
        gates = torch.addmm(w.top_bias, inputs[step], w.top_input)
        if first:
            gates.addmm_(state[:size], w.top_recurrent)
        state, cell = _step(gates, cell[:size])
        outputs[step] = state
        first += size
    return outputs


def _step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step: the halved state and the doubled cell; `gates` is overwritten."""
    into, forget, out, new = gates.sigmoid_().split(cell.shape[-1], dim=-1)
    cell = (cell * forget).addcmul_(into, new, value=4).sub_(into, alpha=2)
    return torch.sigmoid(cell).sub_(0.5).mul_(out), cell
