"""One LSTM layer as a thinc layer that owns its weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d, Floats3d, Floats4d
from thinc.util import torch2xp, xp2torch

from ..sequences.packing import Packing
from .kernel import N_GATES, arrange, columns_in_blocks, lstm_states, multiply_blocks

# The forget gate's place in torch's order: input, forget, new cell content, output.
FORGET = 1
# Input weights, recurrent weights, bias.
KINDS = ("W", "R", "b")


@dataclass(frozen=True)
class Packed:
    """A batch of sequences of vectors: n_words × width, in the order of `packing`."""

    data: Floats2d
    packing: Packing

    def replace(self, data: Floats2d) -> "Packed":
        return Packed(data, self.packing)


def lstm(hidden_width: int, *, bidirectional: bool = False) -> Model[Packed, Packed]:
    """Construct a long short-term memory layer (Hochreiter & Schmidhuber 1997).

    n_words × nI → n_words × (directions · hidden_width), the outputs of the directions.

    The weights are thinc parameters: thinc's optimizer trains and averages them, `use_params`
    replaces them, and bytes contain them. torch computes in training, numpy in prediction.
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
        return X.replace(predict(prepare(model), X.data, X.packing)), lambda dY: dY
    run_lstm = _import_torch_lstm()
    weights = [
        [xp2torch(model.get_param(f"{kind}_{name}")) for kind in KINDS]
        for name in model.attrs["directions"]
    ]
    sizes = xp2torch(model.ops.asarray(X.packing.sizes))
    mirrored = xp2torch(model.ops.asarray(X.packing.mirrored))
    outputs, backprop_outputs = run_lstm(xp2torch(X.data), sizes, mirrored, weights)

    def backprop(dY: Packed) -> Packed:
        d_inputs, d_weights = backprop_outputs(xp2torch(dY.data))
        for direction, d_weight in zip(model.attrs["directions"], d_weights, strict=True):
            for kind, gradient in zip(KINDS, d_weight, strict=True):
                model.inc_grad(f"{kind}_{direction}", torch2xp(gradient))
        return dY.replace(torch2xp(d_inputs))

    return X.replace(torch2xp(outputs)), backprop


def _import_torch_lstm() -> Callable:
    # Here and not at the top, because torch is only needed for training
    try:
        from .torch_lstm import run_lstm
    except ImportError as error:
        raise ImportError(
            f'training needs torch: pip install "spacy-bilstm-ner[train]" ({error})'
        ) from error
    return run_lstm


class Prepared(NamedTuple):
    """A layer's weights for numpy, with the gates first: see `kernel.arrange`."""

    input_blocks: Floats3d  # 4 · directions × n_in × hidden, see `multiply_blocks`
    bias: Floats3d  # 4 · directions × 1 × hidden
    recurrent: Floats4d  # 4 × directions × hidden × hidden, transposed


def prepare(layer: Model[Packed, Packed]) -> Prepared:
    """Arrange a layer's weights for prediction on a CPU."""
    kinds = []
    for kind in KINDS:
        names = [f"{kind}_{direction}" for direction in layer.attrs["directions"]]
        kinds.append(np.stack([arrange(layer.get_param(name)) for name in names], axis=1))
    of_input, recurrent, bias = kinds
    _, _, hidden, n_in = of_input.shape
    return Prepared(
        columns_in_blocks(of_input.reshape(-1, n_in), hidden),
        bias.reshape(-1, 1, hidden),
        np.ascontiguousarray(recurrent.swapaxes(2, 3)),
    )


def input_gates(weights: Prepared, X: Floats2d) -> Floats4d:
    """Compute the part of the gates that depends on the input alone.

    n_words × n_in → 4 × directions × n_words × hidden.
    """
    gates = multiply_blocks(X, weights.input_blocks)
    gates += weights.bias
    return gates.reshape(N_GATES, -1, *gates.shape[1:])


def states(
    weights: Prepared, gates: Floats4d, rows: NDArray[np.int64], packing: Packing
) -> Floats2d:
    """Compute the layer's output from a table of `input_gates` on a CPU.

    gates (Floats4d): 4 × directions × n_rows × hidden.
    rows (NDArray[int64]): n_words, the row of each packed word.
    RETURNS (Floats2d): n_words × directions · hidden, packed.
    """
    _, directions, n_rows, hidden = gates.shape
    rows_by_direction = np.empty((directions, len(rows)), dtype="int64")
    rows_by_direction[0] = rows
    rows_by_direction[1:] = rows[packing.mirrored] + n_rows
    table = gates.reshape(N_GATES, directions * n_rows, hidden)
    by_direction = lstm_states(table, rows_by_direction, packing.sizes.tolist(), weights.recurrent)
    if directions == 1:
        return by_direction[0]
    return np.concatenate((by_direction[0], by_direction[1][packing.mirrored]), axis=1)


def predict(weights: Prepared, X: Floats2d, packing: Packing) -> Floats2d:
    """Compute the output of the layer for prediction on a CPU.

    n_words × n_in, packed → n_words × directions · hidden.
    """
    return states(weights, input_gates(weights, X), np.arange(len(X)), packing)


def _init(hidden: int, model: Model, X: Packed | None = None, Y: Packed | None = None) -> None:
    if X is not None:
        model.set_dim("nI", X.data.shape[1])
    for name in model.param_names:
        if name.startswith("W"):
            gates = [_glorot(hidden, model.get_dim("nI")) for _ in range(N_GATES)]
        elif name.startswith("R"):
            gates = [_orthogonal(hidden) for _ in range(N_GATES)]
        else:
            # A forget gate that is open at first lets gradients pass (Jozefowicz et al. 2015).
            gates = [np.full(hidden, float(gate == FORGET)) for gate in range(N_GATES)]
        model.set_param(name, model.ops.asarray(np.concatenate(gates).astype("float32")))


def _glorot(n_out: int, n_in: int) -> Floats2d:
    limit = np.sqrt(6.0 / (n_out + n_in))
    return np.random.uniform(-limit, limit, (n_out, n_in))


def _orthogonal(width: int) -> Floats2d:
    # The signs make the distribution uniform over the orthogonal matrices (Mezzadri 2007).
    q, r = np.linalg.qr(np.random.normal(size=(width, width)))
    return q * np.sign(np.diag(r))
