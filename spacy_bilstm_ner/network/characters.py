"""Vectors of words from their characters.

A convolution over windows of three characters, followed by the maximum of each filter (Ma & Hovy
2016, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF").
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model
from thinc.initializers import glorot_uniform_init, uniform_init
from thinc.types import Floats2d, Floats3d, Ints2d

from ..sequences.packing import groups_of_similar_length

# Longer words are shortened to their first and last MAX_LENGTH / 2 characters.
MAX_LENGTH = 24
N_CODES = 256
N_ASCII = 128
PADDING = 0
CODE_WIDTH = 25
WINDOW = 3
# Number of words that are computed together, so that their windows fit into the processor's cache
GROUP_WORDS = 256

Codes = NDArray[np.uint8]


def character_codes(words: Sequence[str]) -> Codes:
    """Write words' characters as codes: n_words × MAX_LENGTH, filled up with PADDING.

    ASCII characters keep their codes. All other characters share the codes from 128 to 255.
    """
    rows = []
    for word in words:
        if len(word) > MAX_LENGTH:
            word = word[: MAX_LENGTH // 2] + word[-MAX_LENGTH // 2 :]
        codes = [ord(character) for character in word]
        row = [code if code < N_ASCII else N_ASCII + code % N_ASCII for code in codes]
        rows.append(bytes(row).ljust(MAX_LENGTH, b"\0"))
    flat = np.frombuffer(b"".join(rows), dtype="uint8")
    return flat.reshape(-1, MAX_LENGTH)


def Characters(width: int) -> Model[Codes, Floats2d]:
    """Embed words by their characters: `character_codes`, n_words × MAX_LENGTH → n_words × width.

    The width is the number of filters.
    """
    params = {"E": None, "W": None, "b": None}
    return Model("characters", _forward, init=_init, dims={"nO": width}, params=params)


def window_scores(layer: Model) -> Floats3d:
    """Precompute the contribution of each character to each filter at each place of a window.

    A convolution is then a sum of look-ups, which is several times as fast as a matrix product. The
    bias is added to the middle place.

    RETURNS (Floats3d): WINDOW × N_CODES × width.
    """
    E = layer.get_param("E")
    W3 = layer.get_param("W").reshape(-1, WINDOW, CODE_WIDTH)
    scores = layer.ops.xp.stack([E @ W3[:, place].T for place in range(WINDOW)])
    scores[WINDOW // 2] += layer.get_param("b")
    return scores


def embed_characters(scores: Floats3d, codes: Codes) -> Floats2d:
    """Compute vectors for prediction on a CPU. Words of similar length are computed together.

    scores (Floats3d): See `window_scores`.
    """
    vectors = np.empty((len(codes), scores.shape[2]), dtype="float32")
    lengths = np.count_nonzero(codes, axis=1)
    groups = groups_of_similar_length(
        lengths, max_sequences=GROUP_WORDS, max_words=GROUP_WORDS * MAX_LENGTH
    )
    for group in groups:
        vectors[group] = _filter(scores, _pad(codes[group])).max(axis=0)
    return vectors


def _pad(codes: Codes) -> NDArray[np.int64]:
    """Add PADDING at both ends of the longest word: (length + 2) × n_words."""
    # An empty word has one window.
    length = int(np.count_nonzero(codes, axis=1).max(initial=1))
    padded = np.zeros((length + 2, len(codes)), dtype="int64")
    padded[1:-1] = codes[:, :length].T
    return padded


def _filter(scores: Floats3d, padded: Ints2d) -> Floats3d:
    """Return each filter's value in each window, length × n_words × width.

    Windows whose middle is PADDING are -inf, except for the first window.
    """
    values = scores[0].take(padded[:-2], axis=0)
    values += scores[1].take(padded[1:-1], axis=0)
    values += scores[2].take(padded[2:], axis=0)
    values[1:][padded[2:-1] == PADDING] = -np.inf
    return values


def _forward(model: Model, codes: Codes, is_train: bool) -> tuple[Floats2d, Callable]:
    xp = model.ops.xp
    padded = model.ops.asarray(_pad(codes))
    values = _filter(window_scores(model), padded)

    def backprop(d_vectors: Floats2d) -> Codes:
        E = model.get_param("E")
        W = model.get_param("W")
        W3 = W.reshape(-1, WINDOW, CODE_WIDTH)
        dE = xp.zeros_like(E)
        dW3 = xp.zeros_like(W3)
        best = values.argmax(axis=0)
        n_words, width = d_vectors.shape
        words = xp.arange(n_words)[:, None]
        for place in range(WINDOW):
            # Only the best window of each filter counts: its character at this place, n_words ×
            # width.
            characters = padded[best + place, words]
            cells = characters * width + xp.arange(width)
            sums = xp.bincount(cells.ravel(), weights=d_vectors.ravel(), minlength=N_CODES * width)
            d_by_character = sums.reshape(N_CODES, width).astype(E.dtype)
            dE += d_by_character @ W3[:, place]
            dW3[:, place] = d_by_character.T @ E
        model.inc_grad("E", dE)
        model.inc_grad("W", dW3.reshape(W.shape))
        model.inc_grad("b", d_vectors.sum(axis=0))
        return codes

    return values.max(axis=0), backprop


def _init(model: Model, X: Codes | None = None, Y: Floats2d | None = None) -> None:
    width = model.get_dim("nO")
    model.set_param("E", uniform_init(model.ops, (N_CODES, CODE_WIDTH), lo=-0.5, hi=0.5))
    model.set_param("W", glorot_uniform_init(model.ops, (width, WINDOW * CODE_WIDTH)))
    model.set_param("b", model.ops.alloc1f(width))
