"""Training an LSTM layer with torch, whose weights belong to the caller. The only file that imports torch."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import LSTM

# One direction's weights: input (4 · hidden × n_in), recurrent (4 · hidden × hidden) and bias (4 · hidden), gates in
# the order input, forget, new cell content, output.
Direction = tuple[Tensor, Tensor, Tensor]
# Sequences that are padded to one length differ at most by this factor.
MAX_PADDING = 4


def run_lstm(
    inputs: Tensor, sizes: Tensor, mirrored: Tensor, directions: list[Direction]
) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, list[Direction]]]]:
    """Run torch's own LSTM over packed sequences.

    Each direction runs by itself over padded sequences, the backward one over reversed sequences: this is what torch
    has fast code for on a CPU. Padding stands behind a sequence, so it changes no result.

    inputs (Tensor): n_words × n_in, packed; see `Packing` for `sizes` and `mirrored`.
    directions (list[Direction]): Weights for reading forward, and backward if there is a second.
    RETURNS (tuple): The outputs, n_words × (directions · hidden), packed; and a function from their gradient to those
        of the inputs and of the weights.
    """
    given = [inputs, *(weight for direction in directions for weight in direction)]
    x, *weights = leaves = [each.detach().requires_grad_() for each in given]
    groups = list(_groups(sizes))
    with torch.enable_grad():
        outputs = [_run(x, groups, weights[:3])]
        if len(directions) == 2:
            outputs.append(_run(x[mirrored], groups, weights[3:])[mirrored])
        output = torch.cat(outputs, dim=1)

    def backprop(d_outputs: Tensor) -> tuple[Tensor, list[Direction]]:
        d_x, *d_weights = torch.autograd.grad(output, leaves, d_outputs)
        return d_x, list(zip(d_weights[::3], d_weights[1::3], d_weights[2::3], strict=True))

    return output.detach(), backprop


def _run(x: Tensor, groups: list[tuple[Tensor, Tensor]], weights: list[Tensor]) -> Tensor:
    """One direction, n_words × hidden."""
    of_input, recurrent, bias = weights
    # torch has a second bias, which adds nothing to the first.
    named = {"weight_ih_l0": of_input, "weight_hh_l0": recurrent, "bias_ih_l0": bias}
    named["bias_hh_l0"] = torch.zeros_like(bias)
    # A module without memory of its own: it only says what is to be computed.
    module = LSTM(x.shape[1], recurrent.shape[1], device="meta")
    outputs = x.new_zeros(len(x), recurrent.shape[1])
    for rows, is_word in groups:
        padded = x.new_zeros(*is_word.shape, x.shape[1])
        padded[is_word] = x[rows]
        found, _ = functional_call(module, named, (padded,))
        outputs = outputs.index_put((rows,), found[is_word])
    return outputs


def _groups(sizes: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Sequences of similar length: their packed rows, and which places of a padded group are words, n_steps × n."""
    begins = sizes.cumsum(0) - sizes
    first, n_sequences = 0, int(sizes[0])
    while first < n_sequences:
        # The longest of those that are left, and how many are long enough to go with it.
        n_steps = int((sizes > first).sum())
        end = int(sizes[(n_steps - 1) // MAX_PADDING])
        number = torch.arange(first, end, device=sizes.device)
        is_word = number < sizes[:n_steps, None]
        yield (begins[:n_steps, None] + number)[is_word], is_word
        first = end
