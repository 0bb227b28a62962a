"""What a saved model holds must be whole: arrays of known types and bounded size, weights of fitting shapes."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, deserialize_attr, serialize_attr
from thinc.types import Floats2d

from .characters import CODE_WIDTH, N_CODES, WINDOW
from .kernel import N_GATES
from .parts import parts

# A table that unpacks to more is refused before it is unpacked. Ours have some megabytes.
MAX_BYTES = 2**30
# Of a number of eight bits
MAX_VALUE = 127
# The layers of a word embedding that have columns of their own.
WORD_LAYERS = ("hashembed", "characters", "static_vectors")


class Archived:
    """What a layer keeps in an attribute, and what is saved as its own `to_bytes` and `from_bytes` have it."""


@serialize_attr.register(Archived)
def _serialize(_: Archived, value: Any, name: str, model: Model) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(Archived)
def _deserialize(made: Any, data: bytes, name: str, model: Model) -> Archived:
    return made.from_bytes(data)


def write_arrays(**arrays: Any) -> bytes:
    """Write arrays to a compressed .npz archive."""
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def read_arrays(data: bytes, dtypes: Mapping[str, str]) -> dict[str, NDArray]:
    """Read the arrays of an archive; `dtypes` says what type each of them must have.

    RAISES ValueError: If they unpack to more than MAX_BYTES, or one is missing, or not of its type or size.
    """
    with ZipFile(BytesIO(data)) as archive:
        size = sum(info.file_size for info in archive.infolist())
        if size > MAX_BYTES:
            raise ValueError(
                f"a table takes {size:,} bytes when it is unpacked, but {MAX_BYTES:,} are allowed; if you trust the "
                f"file, set {__name__}.MAX_BYTES higher"
            )
        missing = [name for name in dtypes if f"{name}.npy" not in archive.namelist()]
        if missing:
            raise ValueError(
                f"a table must have {', '.join(dtypes)}, but has no {', '.join(missing)}"
            )
        return {
            name: _read_array(name, archive.read(f"{name}.npy"), dtype)
            for name, dtype in dtypes.items()
        }


def _read_array(name: str, data: bytes, dtype: str) -> NDArray:
    """Not by `np.load`: that takes memory for whatever shape a file claims."""
    file = BytesIO(data)
    version = np.lib.format.read_magic(file)
    require(version == (1, 0), f"{name} must be an array of version 1.0, but is of {version}")
    shape, is_fortran, found = np.lib.format.read_array_header_1_0(file)
    require(found == dtype, f"{name} must be of {np.dtype(dtype)}, but is of {found}")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(
        shape, order="F" if is_fortran else "C"
    )


def quantized(values: Floats2d) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round values, n_rows × width, to eight bits. What the first result times the second, width, gives back."""
    scale = np.abs(values).max(axis=0) / MAX_VALUE
    scale[scale == 0] = 1.0
    return np.round(values / scale).astype("int8"), scale.astype("float32")


def pack_numbers(numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Arrange numbers so that they compress well: all first bytes, then all second ones, and so on, 4 × n."""
    return np.ascontiguousarray(numbers.astype("<u4").view("uint8").reshape(-1, 4).T)


def unpack_numbers(planes: NDArray[np.uint8]) -> NDArray[np.uint32]:
    require_shape("packed numbers", planes, 4, planes.size // 4)
    return np.ascontiguousarray(planes.T).view("<u4").ravel().astype("uint32")


def pack_keys(keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Arrange sorted keys likewise. Their differences are small."""
    return pack_numbers(np.diff(keys, prepend=np.uint32(0)))


def unpack_keys(name: str, packed: NDArray[np.uint8]) -> NDArray[np.uint32]:
    keys = np.cumsum(unpack_numbers(packed), dtype="uint32")
    require((keys[1:] >= keys[:-1]).all(), f"{name} must be sorted")
    return keys


def require(is_so: bool | np.bool_, message: str) -> None:
    """RAISES ValueError: With the message, if something is not so."""
    if not is_so:
        raise ValueError(message)


def require_shape(name: str, array: NDArray, *shape: int) -> None:
    """RAISES ValueError: If an array has another shape."""
    require(
        array.shape == shape, f"{name} must be {_product(shape)}, but is {_product(array.shape)}"
    )


def check_weights(model: Model) -> None:
    """See that the layers of a tagger that was loaded fit each other.

    RAISES ValueError: If a weight is missing, or has not the shape or type that its layer needs, or a layer not the
        width of the one before.
    """
    if not model.has_dim("nO"):
        return
    tok2vec, encode, output, ngrams = parts(model)
    _require_width(output, "nO", model.get_dim("nO"))
    for node in model.walk():
        for name, shape in _shapes(node).items():
            require(node.has_param(name) is True, f"{node.name} has no {name}")
            param = node.get_param(name)
            require_shape(f"{node.name}.{name}", param, *shape)
            require(
                param.dtype == "float32",
                f"{node.name}.{name} must be of float32, but is of {param.dtype}",
            )
    if tok2vec.name == "word_embedding":
        columns = [node for node in tok2vec.walk() if node.name in WORD_LAYERS]
        _require_width(tok2vec, "nO", sum(node.get_dim("nO") for node in columns))
        seeds = [node.attrs["seed"] for node in columns if node.name == "hashembed"]
        require(seeds == list(range(1, len(seeds) + 1)), f"seeds must be 1, 2, …, but are {seeds}")
    width = tok2vec.maybe_get_dim("nO")
    if encode.name == "bilstm_encoder":
        _require_width(encode, "nI", width)
        for node in encode.walk():
            if node.name in ("bilstm", "lstm"):
                _require_width(node, "nI", width)
                width = node.get_dim("nO")
    if encode.has_dim("nO") and tok2vec.has_dim("nO"):
        _require_width(
            output, "nI", encode.get_dim("nO") + model.attrs["words"] * tok2vec.get_dim("nO")
        )
    if ngrams is not None:
        n_tags = len(ngrams.attrs["weights"].bias)
        require(
            n_tags <= model.get_dim("nO"),
            f"n-grams score {n_tags} tags, but there are {model.get_dim('nO')}",
        )


def _shapes(node: Model) -> dict[str, tuple[int, ...]]:
    """The shapes of a layer's parameters; none for a layer that is not ours."""
    dim = node.get_dim
    if node.name == "hashembed":
        # That of a feature which is always hidden has one row.
        is_cut = node.has_param("E") and len(node.get_param("E")) == 1
        return {"E": (1 if is_cut else dim("nV"), dim("nO"))}
    if node.name == "static_vectors":
        require_shape(
            "static_vectors.table",
            node.attrs["table"].values,
            len(node.attrs["table"].values),
            dim("nO"),
        )
        return {"unknown": (dim("nO"),)}
    if node.name == "characters":
        return {
            "E": (N_CODES, CODE_WIDTH),
            "W": (dim("nO"), WINDOW * CODE_WIDTH),
            "b": (dim("nO"),),
        }
    if node.name in ("bilstm", "lstm"):
        hidden = dim("nO") // len(node.attrs["directions"])
        gates = N_GATES * hidden
        of_kind = {"W": (gates, dim("nI")), "R": (gates, hidden), "b": (gates,)}
        return {name: of_kind[name[0]] for name in node.param_names}
    if node.name == "tag_scores":
        of_name = {
            "W": (dim("nO"), dim("nI")),
            "b": (dim("nO"),),
            "transitions": (dim("nO"), dim("nO")),
        }
        return {name: of_name[name] for name in node.param_names}
    return {}


def _require_width(node: Model, dim: str, width: int | None) -> None:
    found = node.maybe_get_dim(dim)
    require(width in (None, found), f"{node.name} must have {dim} = {width}, but has {found}")


def _product(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
