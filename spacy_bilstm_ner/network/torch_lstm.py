"""Train an LSTM layer with torch. The weights belong to the caller.

No other module imports torch.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import LSTM

# The longest sequence of a group is at most this many times as long as the shortest one.
MAX_LENGTH_RATIO = 4


def run_lstm(
    inputs: Tensor, sizes: Tensor, mirrored: Tensor, weights: list[Tensor]
) -> tuple[Tensor, Callable[[Tensor], list[Tensor]]]:
    """Run torch's own LSTM over packed sequences.

    Each direction runs separately over padded sequences, the backward one over reversed sequences.
    torch has fast code for this case on a CPU. Padding is at the end of a sequence, so it does not
    change the result.

    inputs (Tensor): n_words × n_in, packed; see `Packing` for `sizes` and `mirrored`.
    weights (list[Tensor]): Input weights (4 · hidden × n_in), recurrent weights (4 · hidden ×
        hidden) and bias (4 · hidden) for reading forward, followed by those for reading backward
        if the layer has two directions. The order of the gates is input, forget, new cell content,
        output.
    RETURNS (tuple): The outputs, n_words × (directions · hidden), packed; and a function from their
        gradient to those of the inputs and of all weights.
    """
    leaves = [tensor.detach().requires_grad_() for tensor in (inputs, *weights)]
    x, *weights = leaves
    groups = _group_by_length(sizes)
    with _one_thread(), torch.enable_grad():
        forward = torch.arange(len(x), device=x.device)
        outputs = [_run_direction(x, forward, groups, weights[:3])]
        if len(weights) > 3:
            outputs.append(_run_direction(x, mirrored, groups, weights[3:]))
        output = torch.cat(outputs, dim=1)

    def backprop(d_outputs: Tensor) -> list[Tensor]:
        with _one_thread():
            return list(torch.autograd.grad(output, leaves, d_outputs))

    return output.detach(), backprop


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on a CPU with one thread.

    More threads do not help with small matrices. They wait for each other at each step, which takes
    many times as long if other programs use the cores.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


@cache
def _module(n_in: int, hidden: int) -> LSTM:
    """Make an LSTM without weights, for `functional_call`, which gets the weights."""
    return LSTM(n_in, hidden, device="meta")


def _run_direction(x: Tensor, order: Tensor, groups: list[Tensor], weights: list[Tensor]) -> Tensor:
    """Run one direction over groups, see `_group_by_length`.

    order (Tensor): n_words, the place of each word in this direction. It is its own
        inverse.
    RETURNS (Tensor): The states, n_words × hidden, packed.
    """
    input_weights, recurrent, bias = weights
    # torch has two biases, of which one is enough.
    weights_by_name = {
        "weight_ih_l0": input_weights,
        "weight_hh_l0": recurrent,
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    n_words, n_in = x.shape
    hidden = recurrent.shape[1]
    # The row after the last word is padding.
    inputs = torch.cat((x, x.new_zeros(1, n_in)))
    row_of_place = torch.cat((order, order.new_tensor([n_words])))
    states = x.new_empty(n_words + 1, hidden)
    for group in groups:
        rows = row_of_place[group]
        padded, _ = functional_call(_module(n_in, hidden), weights_by_name, (inputs[rows],))
        states = states.index_copy(0, rows.ravel(), padded.flatten(0, 1))
    return states[:n_words]


def _group_by_length(sizes: Tensor) -> list[Tensor]:
    """Put sequences of similar length into groups.

    RETURNS (list[Tensor]): For each group, the packed rows, n_steps × n, where the value n_words
        marks padding.
    """
    n_words = int(sizes.sum())
    n_sequences = int(sizes[0])
    begins = sizes.cumsum(0) - sizes
    groups = []
    first = 0
    while first < n_sequences:
        # The length of the longest sequence without a group, and the end of its group
        n_steps = int((sizes > first).sum())
        end = int(sizes[(n_steps - 1) // MAX_LENGTH_RATIO])
        sequence_numbers = torch.arange(first, end, device=sizes.device)
        is_word = sequence_numbers < sizes[:n_steps, None]
        rows = begins[:n_steps, None] + sequence_numbers
        groups.append(torch.where(is_word, rows, n_words))
        first = end
    return groups
