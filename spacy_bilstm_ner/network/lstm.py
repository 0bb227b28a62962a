"""One LSTM layer as a thinc layer that owns its weights: torch trains it, numpy predicts with it.

In prediction, arrays of gates have the gates on the first axis. Matrix products then write their
results in place, and all other operations of a step run over one contiguous array.
All gates of a step share one call of tanh: a sigmoid is (1 + tanh(x / 2)) / 2. The weights of the
three sigmoid gates are therefore halved beforehand, and the outer factor 1 / 2 is applied to cells
and states.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, NumpyOps
from thinc.initializers import glorot_uniform_init
from thinc.types import Floats2d, Floats3d, Floats4d
from thinc.util import torch2xp, xp2torch

from ..sequences.packing import Ints, Packing

Floats = NDArray[np.float32]
N_GATES = 4
# The forget gate's place in torch's order: input, forget, new cell content, output.
FORGET = 1
# Input weights, recurrent weights, bias.
PARAMETER_KINDS = ("W", "R", "b")
# OpenBLAS, which comes with numpy, starts threads for a product with more multiplications than
# this. Threads do not help with small matrices, and are slow if other programs use the cores.
MAX_PRODUCT = 8 * 65_536 - 1


@dataclass(frozen=True)
class Packed:
    """A batch of sequences of vectors: n_words × width, in the order of `packing`."""

    data: Floats2d
    packing: Packing


def lstm(hidden_width: int, *, bidirectional: bool = False) -> Model[Packed, Floats2d]:
    """Construct a long short-term memory layer (Hochreiter & Schmidhuber 1997).

    n_words × nI → n_words × (directions · hidden_width), the outputs of the directions, packed.

    The weights are thinc parameters: thinc's optimizer trains and averages them, `use_params`
    replaces them, and `to_bytes` saves them.
    """
    name, directions = "lstm", ["forward"]
    if bidirectional:
        name, directions = "bilstm", ["forward", "backward"]
    params = {f"{kind}_{direction}": None for direction in directions for kind in PARAMETER_KINDS}
    return Model(
        name,
        _forward,
        init=partial(_init, hidden_width),
        dims={"nI": None, "nO": hidden_width * len(directions)},
        params=params,
        attrs={"directions": directions},
    )


def _forward(model: Model, X: Packed, is_train: bool) -> tuple[Floats2d, Callable]:
    if not is_train and isinstance(model.ops, NumpyOps):
        return predict(prepare(model), X.data, X.packing), lambda d_outputs: d_outputs
    run_lstm = _import_torch_lstm()
    weights = [xp2torch(model.get_param(name)) for name in model.param_names]
    sizes = xp2torch(model.ops.asarray(X.packing.sizes))
    mirrored = xp2torch(model.ops.asarray(X.packing.mirrored))
    outputs, backprop_outputs = run_lstm(xp2torch(X.data), sizes, mirrored, weights)

    def backprop(d_outputs: Floats2d) -> Floats2d:
        d_inputs, *d_weights = backprop_outputs(xp2torch(d_outputs))
        for name, gradient in zip(model.param_names, d_weights, strict=True):
            model.inc_grad(name, torch2xp(gradient))
        return torch2xp(d_inputs)

    return torch2xp(outputs), backprop


def _import_torch_lstm() -> Callable:
    # Imported here, because torch is only needed for training
    try:
        from .torch_lstm import run_lstm
    except ImportError as error:
        raise ImportError(
            f'training needs torch: pip install "spacy-bilstm-ner[train]" ({error})'
        ) from error
    return run_lstm


class Prepared(NamedTuple):
    """A layer's weights for numpy, with the gates first: input, forget, output, new content."""

    input_weights: Floats3d  # 4 · directions × n_in × hidden
    bias: Floats3d  # 4 · directions × 1 × hidden
    recurrent: Floats4d  # 4 × directions × hidden × hidden, for doubled states


def prepare(layer: Model[Packed, Floats2d]) -> Prepared:
    """Arrange a layer's weights for prediction on a CPU."""
    directions = layer.attrs["directions"]
    hidden = layer.get_dim("nO") // len(directions)
    arranged = []
    for kind in PARAMETER_KINDS:
        weights = np.stack([layer.get_param(f"{kind}_{direction}") for direction in directions])
        by_direction = weights.reshape(len(directions), N_GATES, hidden, -1)
        into, forget, content, out = by_direction.swapaxes(1, 0)
        # The weights of the sigmoid gates are halved, see the top of the module.
        by_gate = np.stack((into / 2, forget / 2, out / 2, content))
        arranged.append(np.ascontiguousarray(by_gate.swapaxes(2, 3)))
    input_weights, recurrent, bias = arranged
    return Prepared(
        input_weights.reshape(-1, layer.get_dim("nI"), hidden),
        bias.reshape(-1, 1, hidden),
        recurrent / 2,
    )


def input_gates(weights: Prepared, X: Floats2d) -> Floats4d:
    """Compute the part of the gates that depends on the input alone.

    n_words × n_in → 4 × directions × n_words × hidden.
    """
    gates = multiply(X, weights.input_weights)
    gates += weights.bias
    return gates.reshape(N_GATES, -1, *gates.shape[1:])


def multiply(rows: Floats2d, weights: Floats3d) -> Floats3d:
    """Multiply rows with matrices, in blocks that are small enough for BLAS to start no threads.

    n_rows × n_in times n × n_in × width → n × n_rows × width.
    """
    n, n_in, width = weights.shape
    product = np.empty((n, len(rows), width), dtype="float32")
    step = max(1, MAX_PRODUCT // max(1, n_in * width))
    for first in range(0, len(rows), step):
        piece = slice(first, first + step)
        np.matmul(rows[piece], weights, product[:, piece])
    return product


def predict(weights: Prepared, X: Floats2d, packing: Packing) -> Floats2d:
    """Compute the output of the layer for prediction on a CPU.

    n_words × n_in, packed → n_words × directions · hidden.
    """
    gates = input_gates(weights, X)
    return states(weights, gates, np.arange(len(X)), packing)


def states(weights: Prepared, gates: Floats4d, rows: Ints, packing: Packing) -> Floats2d:
    """Compute the layer's output from a table of `input_gates` on a CPU.

    The directions are computed side by side.

    gates (Floats4d): 4 × directions × n_rows × hidden.
    rows (NDArray[int64]): n_words, the row of each packed word.
    RETURNS (Floats2d): n_words × directions · hidden, packed.
    """
    _, directions, n_rows, hidden = gates.shape
    rows_by_direction = np.empty((directions, len(rows)), dtype="int64")
    rows_by_direction[0] = rows
    rows_by_direction[1:] = rows[packing.mirrored] + n_rows
    table = gates.reshape(N_GATES, directions * n_rows, hidden)
    outputs = np.empty((directions, len(rows), hidden), dtype="float32")
    # `_run_steps` computes twice the state, see the top of the module.
    state: Floats = np.zeros((directions, int(packing.sizes[0]), hidden), dtype="float32")
    cell = state
    first = 0
    for size, steps in groupby(packing.sizes.tolist()):
        stop = first + size * len(list(steps))
        rows_by_step = rows_by_direction[:, first:stop].reshape(directions, -1, size).swapaxes(0, 1)
        doubled, cell = _run_steps(
            table, rows_by_step, state[:, :size], cell[:, :size], weights.recurrent
        )
        by_direction = doubled.swapaxes(0, 1).reshape(directions, -1, hidden)
        np.multiply(by_direction, 0.5, out=outputs[:, first:stop])
        state = doubled[-1]
        first = stop
    if directions == 1:
        return outputs[0]
    return np.concatenate((outputs[0], outputs[1][packing.mirrored]), axis=1)


def _run_steps(
    gates: Floats, rows_by_step: Ints, state: Floats, cell: Floats, recurrent: Floats4d
) -> tuple[Floats, Floats]:
    """Run consecutive steps, in which the same sequences have words.

    For few sequences, the overhead of numpy calls dominates. Buffers are therefore allocated once
    for all steps, and adjacent arrays are computed in one call.

    gates (Floats): 4 × n_rows × hidden.
    rows_by_step (NDArray[int64]): n_steps × directions × n_sequences.
    state, cell (Floats): directions × n_sequences × hidden, from the step before; the state is
        doubled.
    RETURNS (tuple): The states, doubled, n_steps × directions × n_sequences × hidden; the last
        cell.
    """
    n = cell.size
    n_steps = len(rows_by_step)
    # Input, forget, output, new content and the cell, one after the other
    buffer = np.empty((N_GATES + 1, *cell.shape), dtype="float32")
    buffer[N_GATES] = cell
    gate_buffer = buffer[:N_GATES]
    flat = buffer.ravel()
    all_gates = flat[: 4 * n]
    sigmoid_gates = flat[: 3 * n]
    input_and_forget = flat[: 2 * n]
    output = flat[2 * n : 3 * n]
    content_and_cell = flat[3 * n :]
    flat_cell = flat[4 * n :]
    parts = np.empty(2 * n, dtype="float32")
    new_part = parts[:n]
    old_part = parts[n:]
    from_states = np.empty((N_GATES, *cell.shape), dtype="float32")
    flat_from_states = from_states.ravel()
    # Arrays instead of numbers, which numpy would convert at each step
    units = np.ones(3 * n, dtype="float32")
    halves = np.full(n, 0.5, dtype="float32")
    states = np.empty((n_steps, *cell.shape), dtype="float32")
    flat_states = states.reshape(n_steps, n)
    for rows, next_state, flat_state in zip(rows_by_step, states, flat_states, strict=True):
        gates.take(rows, 1, gate_buffer, "clip")
        np.matmul(state, recurrent, from_states)
        np.add(all_gates, flat_from_states, all_gates)
        np.tanh(all_gates, all_gates)
        # 1 + tanh is twice the sigmoid. The sum of both parts is therefore twice the cell.
        np.add(sigmoid_gates, units, sigmoid_gates)
        np.multiply(input_and_forget, content_and_cell, parts)
        np.add(new_part, old_part, flat_cell)
        np.multiply(flat_cell, halves, flat_cell)
        np.tanh(flat_cell, flat_state)
        np.multiply(flat_state, output, flat_state)
        state = next_state
    return states, buffer[N_GATES]


def _init(hidden: int, model: Model, X: None = None, Y: None = None) -> None:
    for name in model.param_names:
        if name.startswith("W"):
            shape = hidden, model.get_dim("nI")
            gates = [glorot_uniform_init(model.ops, shape) for _ in range(N_GATES)]
        elif name.startswith("R"):
            gates = [_orthogonal(hidden) for _ in range(N_GATES)]
        else:
            gates = [np.zeros(hidden) for _ in range(N_GATES)]
            # A forget gate that is open at first lets gradients pass (Jozefowicz et al. 2015).
            gates[FORGET] += 1
        weights = np.concatenate(gates).astype("float32")
        model.set_param(name, model.ops.asarray(weights))


def _orthogonal(width: int) -> Floats2d:
    # The signs make the distribution uniform over the orthogonal matrices (Mezzadri 2007).
    q, r = np.linalg.qr(np.random.normal(size=(width, width)))
    return q * np.sign(np.diag(r))
