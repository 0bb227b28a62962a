"""One LSTM layer as a thinc layer that owns its weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d
from thinc.util import torch2xp, xp2torch

from .kernel import N_GATES, arranged, columns_in_blocks, lstm_states, products
from .packed import Packed

# The forget gate's place in torch's order: input, forget, new cell content, output.
FORGET = 1
# Input weights, recurrent weights, bias.
KINDS = ("W", "R", "b")


def lstm(hidden_width: int, *, bidirectional: bool = False) -> Model[Packed, Packed]:
    """A long short-term memory layer (Hochreiter & Schmidhuber 1997).

    The weights are thinc parameters, so that thinc's optimizer trains and averages them, `use_params` reaches
    them and bytes hold them. torch computes while training, numpy in prediction.

    RETURNS (Model[Packed, Packed]): n_words × nI → n_words × (directions · hidden_width), the results of both
        directions side by side.
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


def _forward(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    weights = [
        tuple(model.get_param(f"{kind}_{direction}") for kind in KINDS) for direction in model.attrs["directions"]
    ]
    if not is_train and isinstance(model.ops, NumpyOps):
        return X.replace(_predict(X, weights)), lambda dY: dY
    run_lstm = _import_torch_lstm()
    sizes, mirrored = (xp2torch(model.ops.asarray(each)) for each in (X.packing.sizes, X.packing.mirrored))
    outputs, backprop_outputs = run_lstm(
        xp2torch(X.data), sizes, mirrored, [tuple(map(xp2torch, each)) for each in weights]
    )

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
        raise ImportError(f'training needs torch: pip install "spacy-bilstm-ner[train]" ({error})') from error
    return run_lstm


def _predict(X: Packed, weights: list[tuple]) -> Floats2d:
    orders = [np.arange(len(X.data)), X.packing.mirrored][: len(weights)]
    gates = np.stack(
        [
            products(X.data, columns_in_blocks(arranged(W), len(W) // N_GATES))[:, order]
            + arranged(b).reshape(N_GATES, 1, -1)
            for order, (W, _, b) in zip(orders, weights, strict=True)
        ],
        axis=1,
    )
    recurrent = np.stack([arranged(R).T for _, R, _ in weights])
    states = lstm_states(gates, X.packing.sizes.tolist(), recurrent)
    return np.concatenate([state[order] for order, state in zip(orders, states, strict=True)], axis=1)


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
