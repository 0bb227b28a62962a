"""A word's vector from its characters: a convolution over windows of three, of which each filter's maximum is kept
(Ma & Hovy 2016, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF")."""

from collections.abc import Callable

import numpy as np
from thinc.api import Model
from thinc.initializers import glorot_uniform_init, uniform_init
from thinc.types import Floats2d, Ints2d

# A word is read as this many characters at most: of a longer one the first half and the last half.
MAX_LENGTH = 24
# Eight characters, a byte each, fit into one of the numbers by which an embedding looks up a word.
N_COLUMNS = MAX_LENGTH // 8
N_CODES = 256
PADDING = 0
CODE_WIDTH = 25
WINDOW = 3


def character_ids(word: str) -> list[int]:
    """Write a word's characters into N_COLUMNS numbers, a byte each: ASCII as it is, others in the bytes above."""
    if len(word) > MAX_LENGTH:
        word = word[: MAX_LENGTH // 2] + word[-MAX_LENGTH // 2 :]
    codes = bytes(ord(char) if char.isascii() else 128 + ord(char) % 128 for char in word).ljust(
        MAX_LENGTH, b"\0"
    )
    return np.frombuffer(codes, dtype="<u8").tolist()


def Characters(width: int, *, column: int) -> Model[Ints2d, Floats2d]:
    """Embed words by their characters, n_words × n_ids → n_words × width. What `character_ids` gives stands in
    N_COLUMNS columns of the ids, from `column` on. The width is the number of filters."""
    params = {"E": None, "W": None, "b": None}
    return Model(
        "characters",
        _forward,
        init=_init,
        dims={"nO": width},
        params=params,
        attrs={"column": column},
    )


def _forward(
    model: Model[Ints2d, Floats2d], ids: Ints2d, is_train: bool
) -> tuple[Floats2d, Callable]:
    ops, column = model.ops, model.attrs["column"]
    xp = ops.xp
    E, W, b = (model.get_param(name) for name in ("E", "W", "b"))
    packed = np.ascontiguousarray(ops.to_numpy(ids)[:, column : column + N_COLUMNS]).astype(
        "<u8", copy=False
    )
    words, word_of_row = np.unique(packed.view(f"V{MAX_LENGTH}").ravel(), return_inverse=True)
    codes = words.view("uint8").reshape(len(words), MAX_LENGTH)
    length = max(1, int((codes != PADDING).sum(axis=1).max()))
    codes = np.pad(codes[:, :length], ((0, 0), (1, 1))).astype("int64")
    W3 = W.reshape(-1, WINDOW, CODE_WIDTH).swapaxes(0, 1)
    # What each character adds to each filter at each place of a window: no product has to be taken word by word.
    added = [ops.gemm(E, ops.as_contig(W3[i]), trans2=True) for i in range(WINDOW)]
    filtered = sum(added[i][ops.asarray(codes[:, i : i + length])] for i in range(WINDOW)) + b
    # What is padding depends on the longest word of the batch. An empty word is one character of padding.
    filtered[:, 1:][ops.asarray(codes[:, 2:-1] == PADDING)] = -xp.inf
    best = filtered.argmax(axis=1)
    rows = ops.asarray(word_of_row)

    def backprop(d_vectors: Floats2d) -> Ints2d:
        d_words = ops.alloc2f(len(words), d_vectors.shape[1])
        ops.scatter_add(d_words, rows, d_vectors)
        model.inc_grad("b", d_words.sum(axis=0))
        dE, dW3 = xp.zeros_like(E), xp.zeros_like(W3)
        for i in range(WINDOW):
            # Only the best window of each filter counts: its character at this place, n_words × n_filters.
            of_best = xp.take_along_axis(ops.asarray(codes), best + i, axis=1)
            cells = of_best * d_words.shape[1] + xp.arange(d_words.shape[1])
            counts = xp.bincount(cells.ravel(), weights=d_words.ravel(), minlength=added[i].size)
            d_added = counts.reshape(added[i].shape).astype(E.dtype)
            dE += ops.gemm(d_added, ops.as_contig(W3[i]))
            dW3[i] = ops.gemm(d_added, E, trans1=True)
        model.inc_grad("E", dE)
        model.inc_grad("W", ops.as_contig(dW3.swapaxes(0, 1)).reshape(W.shape))
        return ops.alloc(ids.shape, dtype=ids.dtype)

    return xp.take_along_axis(filtered, best[:, None], axis=1)[:, 0][rows], backprop


def _init(
    model: Model[Ints2d, Floats2d], X: Ints2d | None = None, Y: Floats2d | None = None
) -> None:
    width = model.get_dim("nO")
    model.set_param("E", uniform_init(model.ops, (N_CODES, CODE_WIDTH), lo=-0.5, hi=0.5))
    model.set_param("W", glorot_uniform_init(model.ops, (width, WINDOW * CODE_WIDTH)))
    model.set_param("b", model.ops.alloc1f(width))
