"""Vectors of words from their characters.

A convolution over windows of three characters, followed by the maximum of each filter (Ma & Hovy
2016, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF").
"""

from collections.abc import Callable, Sequence

import numpy as np
from thinc.api import Model, Ops
from thinc.initializers import glorot_uniform_init, uniform_init
from thinc.types import Floats2d, Floats3d, Ints1d, Ints2d

# Longer words are shortened to their first and last MAX_LENGTH / 2 characters.
MAX_LENGTH = 24
N_CODES = 256
N_ASCII = 128
PADDING = "\0"
CODE_WIDTH = 25
WINDOW = 3


def Characters(width: int) -> Model[Sequence[str], Floats2d]:
    """Embed words by their characters: n_words → n_words × width.

    The width is the number of filters.
    """
    params = {"E": None, "W": None, "b": None}
    return Model("characters", _forward, init=_init, dims={"nO": width}, params=params)


def prepared(layer: Model) -> Callable[[Sequence[str]], Floats2d]:
    """Return the layer as a function for prediction."""
    scores = _window_scores(layer)

    def embed(words: Sequence[str]) -> Floats2d:
        windows, lengths = _windows(words, layer.ops)
        vectors, _ = layer.ops.reduce_max(_convolve(scores, windows), lengths)
        return vectors

    return embed


def _window_scores(layer: Model) -> Floats3d:
    """Compute the contribution of each character to each filter at each place of a window.

    A convolution is then a sum of look-ups, which is several times as fast as a matrix product. The
    bias is added to the middle place.

    RETURNS (Floats3d): WINDOW × N_CODES × width.
    """
    scores = layer.get_param("E") @ _by_place(layer.get_param("W")).swapaxes(1, 2)
    scores[WINDOW // 2] += layer.get_param("b")
    return scores


def _windows(words: Sequence[str], ops: Ops) -> tuple[Ints2d, Ints1d]:
    """Return the codes of the characters of all windows, and the number of windows of each word.

    There is a window around each character. ASCII characters keep their codes. All other characters
    share the codes from 128 to 255.

    RETURNS (tuple): WINDOW × n_windows; n_words.
    """
    shortened = []
    for word in words:
        if len(word) > MAX_LENGTH:
            word = word[: MAX_LENGTH // 2] + word[-MAX_LENGTH // 2 :]
        # An empty word has one window.
        shortened.append(word or PADDING)
    lengths = np.array(list(map(len, shortened)), dtype="int32")
    text = PADDING + PADDING.join(shortened) + PADDING
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="uint32")
    codes = np.where(codes < N_ASCII, codes, N_ASCII + codes % N_ASCII).astype("int32")
    # No window begins at the last character of a word.
    firsts = np.arange(lengths.sum()) + np.arange(len(words)).repeat(lengths)
    windows = codes[firsts + np.arange(WINDOW)[:, None]]
    return ops.asarray2i(windows), ops.asarray1i(lengths)


def _convolve(scores: Floats3d, windows: Ints2d) -> Floats2d:
    """Return each filter's value in each window, n_windows × width."""
    values = scores[0].take(windows[0], axis=0)
    for place in range(1, WINDOW):
        values += scores[place].take(windows[place], axis=0)
    return values


def _forward(model: Model, words: Sequence[str], is_train: bool) -> tuple[Floats2d, Callable]:
    ops = model.ops
    windows, lengths = _windows(words, ops)
    scores = _window_scores(model)
    vectors, best = ops.reduce_max(_convolve(scores, windows), lengths)

    def backprop(d_vectors: Floats2d) -> Sequence[str]:
        # Only the best window of each filter has a gradient.
        d_values = ops.backprop_reduce_max(d_vectors, best, lengths)
        d_scores = ops.alloc3f(*scores.shape)
        for place in range(WINDOW):
            ops.scatter_add(d_scores[place], windows[place], d_values)
        E = model.get_param("E")
        W = model.get_param("W")
        dW = d_scores.swapaxes(1, 2) @ E
        model.inc_grad("E", (d_scores @ _by_place(W)).sum(axis=0))
        model.inc_grad("W", dW.swapaxes(0, 1).reshape(W.shape))
        model.inc_grad("b", d_vectors.sum(axis=0))
        return words

    return vectors, backprop


def _by_place(W: Floats2d) -> Floats3d:
    """Return the weights of each place of a window: WINDOW × width × CODE_WIDTH."""
    return W.reshape(-1, WINDOW, CODE_WIDTH).swapaxes(0, 1)


def _init(model: Model, X: Sequence[str] | None = None, Y: Floats2d | None = None) -> None:
    width = model.get_dim("nO")
    model.set_param("E", uniform_init(model.ops, (N_CODES, CODE_WIDTH), lo=-0.5, hi=0.5))
    model.set_param("W", glorot_uniform_init(model.ops, (width, WINDOW * CODE_WIDTH)))
    model.set_param("b", model.ops.alloc1f(width))
