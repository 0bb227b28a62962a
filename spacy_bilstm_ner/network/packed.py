"""Sequences of unequal length as one array without padding, and the layer that converts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model
from thinc.types import Floats2d

Layer = TypeVar("Layer", bound=Model)


@dataclass(frozen=True)
class Packed:
    """A batch of sequences, ordered by step and, within a step, by falling sequence length.

    data (Floats2d): n_tokens × width.
    sequence (NDArray[int64]): n_tokens, the number of the sequence that each row belongs to, counted from
        the longest.
    batch_sizes (NDArray[int64]): longest, how many sequences have a token at each step.
    """

    data: Floats2d
    sequence: NDArray[np.int64]
    batch_sizes: NDArray[np.int64]

    def replace(self, data: Floats2d) -> "Packed":
        """The same sequences with other vectors."""
        return Packed(data, self.sequence, self.batch_sizes)


def packing_order(lengths: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
    """Where each row of a packed batch comes from.

    lengths (NDArray[int64]): n_sequences, all at least 0, in any order.
    RETURNS (tuple): rows of the concatenated sequences in packed order (n_tokens); the sequence of each
        packed row, counted from the longest (n_tokens); the number of sequences at each step (longest).
    """
    order = np.argsort(-lengths, kind="stable")
    falling = lengths[order]
    longest = int(falling[0]) if len(falling) else 0
    batch_sizes = np.searchsorted(-falling, -np.arange(longest), side="left")
    step = np.repeat(np.arange(longest), batch_sizes)
    sequence = np.arange(len(step)) - np.repeat(np.cumsum(batch_sizes) - batch_sizes, batch_sizes)
    first = (np.cumsum(lengths) - lengths)[order]
    return first[sequence] + step, sequence, batch_sizes


def with_packed(layer: Model[Packed, Packed], nO: int, *, name: str) -> Model[list[Floats2d], list[Floats2d]]:
    """Let a layer over packed sequences take and give lists.

    layer (Model[Packed, Packed]): The layer.
    nO (int): The layer's output width.
    name (str): The name of the model.
    RETURNS (Model[list[Floats2d], list[Floats2d]]): Each array is one sequence, n_tokens × width; empty ones
        stay empty.
    """
    return Model(name, _forward, init=_init, layers=[layer], dims={"nI": None, "nO": nO})


def _forward(model: Model, sequences: list[Floats2d], is_train: bool) -> tuple[list[Floats2d], Callable]:
    layer = model.layers[0]
    lengths = np.array([len(x) for x in sequences], dtype=np.int64)
    if not lengths.any():
        empty = [model.ops.alloc2f(0, model.get_dim("nO")) for _ in sequences]
        return empty, lambda d_empty: [model.ops.alloc2f(0, model.get_dim("nI")) for _ in d_empty]
    order, sequence, batch_sizes = packing_order(lengths)
    rows = model.ops.asarray(order)
    data = model.ops.xp.concatenate(sequences)[rows]
    packed, backprop_packed = layer(Packed(data, sequence, batch_sizes), is_train)

    def unpack(data: Floats2d) -> list[Floats2d]:
        flat = model.ops.xp.empty_like(data)
        flat[rows] = data
        return model.ops.xp.split(flat, np.cumsum(lengths)[:-1].tolist())

    def backprop(d_sequences: list[Floats2d]) -> list[Floats2d]:
        d_data = model.ops.xp.concatenate(d_sequences)[rows]
        return unpack(backprop_packed(packed.replace(d_data)).data)

    return unpack(packed.data), backprop


def _init(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    (layer,) = model.layers
    if X is None:
        layer.initialize()
        return
    lengths = np.array([len(x) for x in X], dtype=np.int64)
    rows, sequence, batch_sizes = packing_order(lengths)
    data = model.ops.xp.concatenate(X)[rows]
    layer.initialize(X=Packed(data, sequence, batch_sizes))
    model.set_dim("nI", data.shape[1])
