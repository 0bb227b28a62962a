"""Sequences of vectors as one array without padding, and the layer that converts from lists of arrays."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from thinc.api import Model
from thinc.types import Floats2d

from ..packing import Packing, pack


@dataclass(frozen=True)
class Packed:
    """A batch of sequences of vectors: n_words × width, in the order that `packing` says."""

    data: Floats2d
    packing: Packing

    def replace(self, data: Floats2d) -> "Packed":
        return Packed(data, self.packing)


def with_packed(layer: Model[Packed, Packed], nO: int, *, name: str) -> Model[list[Floats2d], list[Floats2d]]:
    """Let a layer over packed sequences, of output width `nO`, take and give lists. Each array is one sequence,
    n_words × width; empty ones stay empty."""
    return Model(name, _forward, init=_init, layers=[layer], dims={"nI": None, "nO": nO})


def _forward(model: Model, sequences: list[Floats2d], is_train: bool) -> tuple[list[Floats2d], Callable]:
    layer, ops = model.layers[0], model.ops
    lengths = np.array([len(x) for x in sequences], dtype=np.int64)
    if not lengths.any():
        empty = [ops.alloc2f(0, model.get_dim("nO")) for _ in sequences]
        return empty, lambda d_empty: [ops.alloc2f(0, model.get_dim("nI")) for _ in d_empty]
    packing = pack(lengths)
    rows = ops.asarray(packing.rows)
    packed, backprop_packed = layer(Packed(ops.xp.concatenate(sequences)[rows], packing), is_train)

    def unpack(data: Floats2d) -> list[Floats2d]:
        flat = ops.xp.empty_like(data)
        flat[rows] = data
        return ops.xp.split(flat, np.cumsum(lengths)[:-1].tolist())

    def backprop(d_sequences: list[Floats2d]) -> list[Floats2d]:
        return unpack(backprop_packed(Packed(ops.xp.concatenate(d_sequences)[rows], packing)).data)

    return unpack(packed.data), backprop


def _init(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    (layer,) = model.layers
    if X is None:
        layer.initialize()
        return
    packing = pack(np.array([len(x) for x in X], dtype=np.int64))
    layer.initialize(X=Packed(model.ops.xp.concatenate(X)[packing.rows], packing))
    model.set_dim("nI", X[0].shape[1])
