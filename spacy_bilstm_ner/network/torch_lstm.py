"""Training an LSTM layer with torch, whose weights belong to the caller. The only file that imports torch."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import LSTM
from torch.nn.utils.rnn import PackedSequence

# One direction's weights: input (4 · hidden × n_in), recurrent (4 · hidden × hidden) and bias (4 · hidden), gates in
# the order input, forget, new cell content, output.
Direction = tuple[Tensor, Tensor, Tensor]


def run_lstm(
    inputs: Tensor, sizes: list[int], directions: list[Direction]
) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, list[Direction]]]]:
    """Run torch's own LSTM over packed sequences.

    inputs (Tensor): n_words × n_in, packed.
    sizes (list[int]): n_steps, how many sequences have a word at each step.
    directions (list[Direction]): Weights for reading forward, and backward if there is a second.
    RETURNS (tuple): The outputs, n_words × (directions · hidden), packed; and a function from their gradient to those of
        the inputs and of the weights.
    """
    leaves = [inputs, *(weight for direction in directions for weight in direction)]
    leaves = [leaf.detach().requires_grad_() for leaf in leaves]
    x, *weights = leaves
    named = {}
    for i, suffix in enumerate(("", "_reverse")[: len(directions)]):
        of_input, recurrent, bias = weights[3 * i : 3 * i + 3]
        named |= {f"weight_ih_l0{suffix}": of_input, f"weight_hh_l0{suffix}": recurrent, f"bias_ih_l0{suffix}": bias}
        # torch has a second bias, which adds nothing to the first.
        named[f"bias_hh_l0{suffix}"] = torch.zeros_like(bias)
    hidden = directions[0][1].shape[1]
    # A module without memory of its own: it only says what is to be computed.
    module = LSTM(x.shape[1], hidden, bidirectional=len(directions) == 2, device="meta")
    with torch.enable_grad():
        outputs, _ = functional_call(module, named, (PackedSequence(x, torch.tensor(sizes)),))

    def backprop(d_outputs: Tensor) -> tuple[Tensor, list[Direction]]:
        d_x, *d_weights = torch.autograd.grad(outputs.data, leaves, d_outputs)
        return d_x, [(d_weights[i], d_weights[i + 1], d_weights[i + 2]) for i in range(0, len(d_weights), 3)]

    return outputs.data.detach(), backprop
