"""One LSTM layer over packed sequences, in torch. Knows no thinc and no Doc.

The weights are arguments, not parameters of a module: they belong to the caller, who stores, trains and
averages them. A packed batch holds no padding, so a sequence gives the same result in any company.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def lstm(inputs: Tensor, batch_sizes: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Run a one-layer LSTM, in both directions if there are weights for two.

    inputs (Tensor): n_tokens × n_in, packed: the first tokens of all sequences, longest sequence first,
        then the second tokens, and so on.
    batch_sizes (Tensor): longest, int64, on the CPU: how many sequences have a token at each step.
    weights (Sequence[Tensor]): Per direction: input weights (4·hidden × n_in), recurrent weights
        (4·hidden × hidden) and bias (4·hidden), gates in torch's order: input, forget, cell, output.
    RETURNS (Tensor): n_tokens × (directions · hidden), packed like the inputs.
    """
    n_directions = len(weights) // 3
    hidden = weights[1].shape[1]
    flat = []
    for w_in, w_rec, bias in zip(weights[0::3], weights[1::3], weights[2::3], strict=True):
        # torch wants two biases that it adds; the second is a constant.
        flat += [w_in, w_rec, bias, torch.zeros_like(bias)]
    start = inputs.new_zeros(n_directions, int(batch_sizes[0]), hidden)
    outputs, _, _ = torch.lstm(
        inputs,
        batch_sizes,
        (start, start),
        flat,
        True,  # has biases
        1,  # layers
        0.0,  # dropout between layers
        torch.is_grad_enabled(),
        n_directions == 2,
    )
    return outputs


def predict(inputs: Tensor, batch_sizes: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Like `lstm`, recording nothing for gradients."""
    with torch.no_grad():
        return lstm(inputs, batch_sizes, weights)


class Update:
    """A run of `lstm` that can be differentiated once."""

    def __init__(self, inputs: Tensor, batch_sizes: Tensor, weights: Sequence[Tensor]) -> None:
        self._leaves = [x.detach().requires_grad_() for x in (inputs, *weights)]
        with torch.enable_grad():
            self._outputs = lstm(self._leaves[0], batch_sizes, self._leaves[1:])

    @property
    def outputs(self) -> Tensor:
        """n_tokens × (directions · hidden), packed."""
        return self._outputs.detach()

    def gradients(self, d_outputs: Tensor) -> tuple[Tensor, ...]:
        """Gradients of the inputs and of each weight, given the outputs' gradient."""
        return torch.autograd.grad(self._outputs, self._leaves, d_outputs)
