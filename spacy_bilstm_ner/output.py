"""The output layer: encoded words → a score for each tag, with room for more tags later."""

from collections.abc import Callable
from functools import partial

from thinc.api import Model, get_array_module, resizable
from thinc.layers.resizable import resize_linear_weighted, resize_model
from thinc.types import Floats1d, Floats2d

# What a tag that is added to a trained model scores at first: low enough to take no token from the others, near
# enough to be learnt in a few updates.
NEW_TAG_SCORE = -4.0
# Columns that are computed together. A matrix product's last bits depend on its shape, so the shape is always this:
# a tag's score is the same to the bit however many tags there are.
BLOCK = 16


def output_layer(nO: int | None = None) -> Model[Floats2d, Floats2d]:
    """A linear layer that tags can be added to: `resize` gives it more columns and leaves the old ones' results equal
    to the bit.

    nO (Optional[int]): Number of tags.
    RETURNS (Model[Floats2d, Floats2d]): n_words × nI → n_words × nO.
    """
    layer: Model[Floats2d, Floats2d] = Model(
        "tag_scores",
        _forward,
        init=_init,
        dims={"nI": None, "nO": nO},
        params={"W": None, "b": None},
    )
    fill = {"W": 0.0, "b": NEW_TAG_SCORE}
    return resizable(layer, resize_layer=partial(resize_linear_weighted, fill_defaults=fill))


def resize(model: Model[Floats2d, Floats2d], nO: int) -> None:
    """Change the number of tags.

    model (Model): An output layer.
    nO (int): The new number; at least the old one.
    """
    resize_model(model, nO)


def tag_scores(words: Floats2d, W: Floats2d, b: Floats1d) -> Floats2d:
    """The layer's arithmetic.

    words (Floats2d): n_words × nI.
    W (Floats2d): nO × nI.
    b (Floats1d): nO.
    RETURNS (Floats2d): n_words × nO.
    """
    n_tags = len(b)
    scores = [words @ _block(W, first).T for first in range(0, n_tags, BLOCK)]
    return get_array_module(words).concatenate(scores, axis=1)[:, :n_tags] + b


def _block(W: Floats2d, first: int) -> Floats2d:
    block = W[first : first + BLOCK]
    padded = get_array_module(W).zeros((BLOCK, W.shape[1]), dtype=W.dtype)
    padded[: len(block)] = block
    return padded


def _forward(model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool) -> tuple[Floats2d, Callable]:
    W, b = model.get_param("W"), model.get_param("b")

    def backprop(dY: Floats2d) -> Floats2d:
        model.inc_grad("b", dY.sum(axis=0))
        model.inc_grad("W", dY.T @ X)
        return dY @ W

    return tag_scores(X, W, b), backprop


def _init(model: Model, X: Floats2d | None = None, Y: Floats2d | None = None) -> None:
    if X is not None:
        model.set_dim("nI", X.shape[1])
    # All tags start equal.
    model.set_param("W", model.ops.alloc2f(model.get_dim("nO"), model.get_dim("nI")))
    model.set_param("b", model.ops.alloc1f(model.get_dim("nO")))
