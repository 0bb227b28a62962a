"""Store tables of numbers in layers: quantized, arranged to compress well, in one archive."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, deserialize_attr, serialize_attr
from thinc.types import Floats2d

# The largest value of eight bits with a sign
MAX_VALUE = 127


class Archived:
    """Base class of dataclasses whose fields are arrays, of any type except uint8.

    An instance can be an attribute of a layer, and is saved with the layer.

    Arrays of the type uint32 are stored byte by byte: all first bytes, then all second bytes, and
    so on. Arrays whose names end with "keys" are sorted, so the differences between neighbours are
    stored. Both compress well.
    """

    def to_bytes(self) -> bytes:
        """Write the arrays to a compressed .npz archive."""
        arrays = {}
        for name, array in vars(self).items():
            if name.endswith("keys"):
                array = np.diff(array, prepend=np.uint32(0))
            if array.dtype == "uint32":
                array = np.asfortranarray(array.view("uint8").reshape(-1, 4))
            arrays[name] = array
        file = BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Archived":
        """Read what `to_bytes` returned."""
        arrays = dict(np.load(BytesIO(data)))
        for name, array in arrays.items():
            if array.dtype == "uint8":
                array = np.ascontiguousarray(array).view("uint32").ravel()
            if name.endswith("keys"):
                array = np.cumsum(array, dtype="uint32")
            arrays[name] = array
        return cls(**arrays)


@serialize_attr.register(Archived)
def _serialize(_: Archived, value: Any, name: str, model: Model) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(Archived)
def _deserialize(default: Any, data: bytes, name: str, model: Model) -> Archived:
    return default.from_bytes(data)


def quantized(values: Floats2d) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round values to eight bits.

    values (Floats2d): n_rows × width.
    RETURNS (tuple): The rounded values, and the factor of each column, width. Their product is
        close to the values.
    """
    scale = np.abs(values).max(axis=0) / MAX_VALUE
    scale[scale == 0] = 1.0
    return np.round(values / scale).astype("int8"), scale.astype("float32")


def look_up(keys: NDArray[np.uint32], values: NDArray, wanted: NDArray[np.uint32]) -> NDArray:
    """Look up values by their keys.

    The wanted keys are sorted first, because a binary search for keys in ascending order stays in
    the processor's cache.

    keys (NDArray[uint32]): n_keys, sorted.
    values (NDArray): (n_keys + 1) × …, where the last one is for unknown keys.
    RETURNS (NDArray): The shape of the wanted keys × …
    """
    rows = np.full(wanted.size, len(keys))
    if len(keys):
        flat = wanted.ravel()
        order = flat.argsort()
        ascending = flat[order]
        places = keys.searchsorted(ascending)
        is_known = keys.take(places, mode="clip") == ascending
        rows[order[is_known]] = places[is_known]
    return values.take(rows.reshape(wanted.shape), axis=0)
