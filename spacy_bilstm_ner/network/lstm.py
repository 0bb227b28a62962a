"""One LSTM layer as a thinc layer that owns its weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d, Floats3d, Floats4d
from thinc.util import torch2xp, xp2torch

from ..sequences.packing import Packing
from .kernel import N_GATES, arranged, columns_in_blocks, lstm_states, products

# The forget gate's place in torch's order: input, forget, new cell content, output.
FORGET = 1
# Input weights, recurrent weights, bias.
KINDS = ("W", "R", "b")


@dataclass(frozen=True)
class Packed:
    """A batch of sequences of vectors: n_words × width, in the order that `packing` says."""

    data: Floats2d
    packing: Packing

    def replace(self, data: Floats2d) -> "Packed":
        return Packed(data, self.packing)


def lstm(hidden_width: int, *, bidirectional: bool = False) -> Model[Packed, Packed]:
    """A long short-term memory layer (Hochreiter & Schmidhuber 1997): n_words × nI → n_words × (directions ·
    hidden_width), the results of both directions side by side.

    The weights are thinc parameters, so that thinc's optimizer trains and averages them, `use_params` reaches
    them and bytes hold them. torch computes while training, numpy in prediction.
    """
    directions = ["forward", "backward"] if bidirectional else ["forward"]
    names = [f"{kind}_{direction}" for direction in directions for kind in KINDS]
    return Model(
        "bilstm" if bidirectional else "lstm",
        _forward,
        init=partial(_init, hidden_width),
        dims={"nI": None, "nO": hidden_width * len(directions)},
        params=dict.fromkeys(names),
        attrs={"directions": directions},
    )


def _forward(model: Model[Packed, Packed], X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    if not is_train and isinstance(model.ops, NumpyOps):
        return X.replace(predict(prepared(model), X.data, X.packing)), lambda dY: dY
    run_lstm = _import_torch_lstm()
    weights = [
        [xp2torch(model.get_param(f"{kind}_{name}")) for kind in KINDS]
        for name in model.attrs["directions"]
    ]
    sizes, mirrored = (
        xp2torch(model.ops.asarray(each)) for each in (X.packing.sizes, X.packing.mirrored)
    )
    outputs, backprop_outputs = run_lstm(xp2torch(X.data), sizes, mirrored, weights)

    def backprop(dY: Packed) -> Packed:
        d_inputs, d_weights = backprop_outputs(xp2torch(dY.data))
        for direction, d_weight in zip(model.attrs["directions"], d_weights, strict=True):
            for kind, gradient in zip(KINDS, d_weight, strict=True):
                model.inc_grad(f"{kind}_{direction}", torch2xp(gradient))
        return dY.replace(torch2xp(d_inputs))

    return X.replace(torch2xp(outputs)), backprop


def _import_torch_lstm() -> Callable:
    # Not at the top: who only predicts needs no torch.
    try:
        from .torch_lstm import run_lstm
    except ImportError as error:
        raise ImportError(
            f'training needs torch: pip install "spacy-bilstm-ner[train]" ({error})'
        ) from error
    return run_lstm


class Prepared(NamedTuple):
    """A layer's weights as numpy computes with them: `arranged`, the directions side by side."""

    of_input: Floats3d  # in blocks, see `products`: directions · 4 × n_in × hidden
    bias: Floats2d  # directions · 4 × hidden
    recurrent: Floats3d  # directions × hidden × 4 · hidden


def prepared(layer: Model[Packed, Packed]) -> Prepared:
    of_input, recurrent, bias = (
        [
            arranged(layer.get_param(f"{kind}_{direction}"))
            for direction in layer.attrs["directions"]
        ]
        for kind in KINDS
    )
    hidden = recurrent[0].shape[1]
    blocks = columns_in_blocks(np.concatenate(of_input), hidden)
    return Prepared(
        blocks, np.concatenate(bias).reshape(-1, hidden), np.stack([each.T for each in recurrent])
    )


def input_gates(weights: Prepared, X: Floats2d) -> Floats3d:
    """The part of the gates that depends on the input alone: n_words × n_in → n_words × directions · 4 × hidden."""
    return products(X, weights.of_input).swapaxes(0, 1) + weights.bias


def states(weights: Prepared, gates: Floats4d, packing: Packing) -> Floats2d:
    """What the layer gives, n_words × directions · hidden, from `input_gates` that each direction has in the order in
    which it reads: directions × n_words × 4 × hidden."""
    found = lstm_states(gates.transpose(2, 0, 1, 3), packing.sizes.tolist(), weights.recurrent)
    return np.concatenate((found[0], *(each[packing.mirrored] for each in found[1:])), axis=1)


def predict(weights: Prepared, X: Floats2d, packing: Packing) -> Floats2d:
    """The layer outside training, on a CPU: n_words × n_in, packed → n_words × directions · hidden."""
    of_direction = np.split(input_gates(weights, X), len(weights.recurrent), axis=1)
    backwards = [each[packing.mirrored] for each in of_direction[1:]]
    return states(weights, np.stack([of_direction[0], *backwards]), packing)


def _init(hidden: int, model: Model, X: Packed | None = None, Y: Packed | None = None) -> None:
    if X is not None:
        model.set_dim("nI", X.data.shape[1])
    for name in model.param_names:
        if name.startswith("W"):
            gates = [_glorot(hidden, model.get_dim("nI")) for _ in range(N_GATES)]
        elif name.startswith("R"):
            gates = [_orthogonal(hidden) for _ in range(N_GATES)]
        else:
            # A forget gate that starts open lets gradients through (Jozefowicz et al. 2015).
            gates = [np.full(hidden, float(gate == FORGET)) for gate in range(N_GATES)]
        model.set_param(name, model.ops.asarray(np.concatenate(gates).astype("float32")))


def _glorot(n_out: int, n_in: int) -> Floats2d:
    limit = np.sqrt(6.0 / (n_out + n_in))
    return np.random.uniform(-limit, limit, (n_out, n_in))


def _orthogonal(width: int) -> Floats2d:
    # The signs make the distribution uniform over the orthogonal matrices (Mezzadri 2007).
    q, r = np.linalg.qr(np.random.normal(size=(width, width)))
    return q * np.sign(np.diag(r))
