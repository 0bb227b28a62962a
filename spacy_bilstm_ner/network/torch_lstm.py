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

# The weights of one direction: input (4 · hidden × n_in), recurrent (4 · hidden × hidden) and bias
# (4 · hidden). The order of the gates is input, forget, new cell content, output.
Direction = tuple[Tensor, Tensor, Tensor]
# The longest sequence of a group is at most this many times as long as the shortest one.
MAX_PADDING = 4


def run_lstm(
    inputs: Tensor, sizes: Tensor, mirrored: Tensor, directions: list[Direction]
) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, list[Direction]]]]:
    """Run torch's own LSTM over packed sequences.

    Each direction runs separately over padded sequences, the backward one over reversed sequences.
    torch has fast code for this case on a CPU. Padding is at the end of a sequence, so it does not
    change the result.

    inputs (Tensor): n_words × n_in, packed; see `Packing` for `sizes` and `mirrored`.
    directions (list[Direction]): Weights for reading forward, and backward if there is a second.
    RETURNS (tuple): The outputs, n_words × (directions · hidden), packed; and a function from their
        gradient to those of the inputs and of the weights.
    """
    x = inputs.detach().requires_grad_()
    leaves = [x]
    for direction in directions:
        leaves += [weight.detach().requires_grad_() for weight in direction]
    groups, places = _group_by_length(sizes)
    orders = [torch.arange(len(x), device=x.device), mirrored]
    with _one_thread(), torch.enable_grad():
        # The row after the last word is padding.
        rows = torch.cat((x, x.new_zeros(1, x.shape[1])))
        outputs = []
        for number in range(len(directions)):
            order = orders[number]
            row_of_place = torch.cat((order, order.new_tensor([len(x)])))
            padded = [rows[row_of_place[group]] for group in groups]
            first = 1 + 3 * number
            states = _run_direction(padded, leaves[first : first + 3])
            outputs.append(states[places[order]])
        output = torch.cat(outputs, dim=1)

    def backprop(d_outputs: Tensor) -> tuple[Tensor, list[Direction]]:
        with _one_thread():
            d_x, *d_weights = torch.autograd.grad(output, leaves, d_outputs)
        by_direction = [d_weights[first : first + 3] for first in range(0, len(d_weights), 3)]
        return d_x, [
            (input_weights, recurrent, bias) for input_weights, recurrent, bias in by_direction
        ]

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
    """Make an LSTM without weights. It describes the computation."""
    return LSTM(n_in, hidden, device="meta")


def _run_direction(padded: list[Tensor], weights: list[Tensor]) -> Tensor:
    """Run one direction over groups, each n_steps × n × n_in.

    RETURNS (Tensor): The states of all groups, n_places × hidden.
    """
    input_weights, recurrent, bias = weights
    # torch has two biases, of which one is enough.
    weights_by_name = {
        "weight_ih_l0": input_weights,
        "weight_hh_l0": recurrent,
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    module = _module(input_weights.shape[1], recurrent.shape[1])
    states = []
    for group in padded:
        group_states, _ = functional_call(module, weights_by_name, (group,))
        states.append(group_states.flatten(0, 1))
    return torch.cat(states)


def _group_by_length(sizes: Tensor) -> tuple[list[Tensor], Tensor]:
    """Put sequences of similar length into groups.

    RETURNS (tuple): For each group the packed rows, n_steps × n, in which the number of words
        marks padding; for each word its place in the concatenated groups.
    """
    begins, n_words = sizes.cumsum(0) - sizes, int(sizes.sum())
    places = begins.new_empty(n_words + 1)
    groups: list[Tensor] = []
    first, n_sequences, n_places = 0, int(sizes[0]), 0
    while first < n_sequences:
        # The longest sequence that has no group yet, and the end of those that are long enough
        n_steps = int((sizes > first).sum())
        end = int(sizes[(n_steps - 1) // MAX_PADDING])
        number = torch.arange(first, end, device=sizes.device)
        rows = torch.where(number < sizes[:n_steps, None], begins[:n_steps, None] + number, n_words)
        places[rows.ravel()] = torch.arange(n_places, n_places + rows.numel(), device=sizes.device)
        groups.append(rows)
        first, n_places = end, n_places + rows.numel()
    return groups, places[:-1]
