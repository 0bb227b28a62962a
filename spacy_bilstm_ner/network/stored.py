"""Store tables of numbers in layers: quantized, arranged to compress well, in one archive."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, deserialize_attr, serialize_attr
from thinc.types import Floats2d

# Larger tables are rejected before they are unpacked. Typical tables have a few megabytes.
MAX_BYTES = 2**30
# The largest value of eight bits with a sign
MAX_VALUE = 127


class Archived:
    """A table in a layer's attributes that is saved with its `to_bytes` and `from_bytes`."""


@serialize_attr.register(Archived)
def _serialize(_: Archived, value: Any, name: str, model: Model) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(Archived)
def _deserialize(default: Any, data: bytes, name: str, model: Model) -> Archived:
    return default.from_bytes(data)


def write_arrays(**arrays: Any) -> bytes:
    """Write arrays to a compressed .npz archive."""
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def read_arrays(data: bytes) -> dict[str, NDArray]:
    """Read the arrays of an archive.

    RAISES ValueError: If they unpack to more than MAX_BYTES.
    """
    with ZipFile(BytesIO(data)) as archive:
        n_bytes = sum(info.file_size for info in archive.infolist())
    if n_bytes > MAX_BYTES:
        raise ValueError(
            f"a table takes {n_bytes:,} bytes when it is unpacked, but {MAX_BYTES:,} are allowed; "
            f"if you trust the file, set {__name__}.MAX_BYTES higher"
        )
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def quantized(values: Floats2d) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round values to eight bits.

    values (Floats2d): n_rows × width.
    RETURNS (tuple): The rounded values, and the factor of each column, width. Their product is
        close to the values.
    """
    scale = np.abs(values).max(axis=0) / MAX_VALUE
    scale[scale == 0] = 1.0
    return np.round(values / scale).astype("int8"), scale.astype("float32")


def pack_numbers(numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Arrange numbers so that they compress well: all first bytes, all second bytes, …, 4 × n."""
    return np.ascontiguousarray(numbers.astype("<u4").view("uint8").reshape(-1, 4).T)


def unpack_numbers(planes: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Undo `pack_numbers`."""
    return np.ascontiguousarray(planes.T).view("<u4").ravel().astype("uint32")


def pack_keys(keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Arrange sorted keys so that they compress well, by their small differences."""
    return pack_numbers(np.diff(keys, prepend=np.uint32(0)))


def unpack_keys(planes: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Undo `pack_keys`."""
    return np.cumsum(unpack_numbers(planes), dtype="uint32")
