"""The output layer: encoded words → a score for each tag, with room for more tags later."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, NumpyOps
from thinc.types import Floats2d, Floats3d

from .kernel import columns_in_blocks, multiply_blocks

# What a tag that is added to a trained model scores, until it is taught: no word is taken from the others.
NEW_TAG_SCORE = -1000.0
# How much higher a tag scores at first on words that have it than on others.
IMPRINT_MARGIN = 8.0
MIN_SQUARE = 1e-6
# Columns that are computed together. A matrix product's last bits depend on its shape, so the shape is always this:
# a tag's score is the same to the bit however many tags there are.
BLOCK_WIDTH = 16


def output_layer(nO: int | None = None, *, transitions: bool = False) -> Model[Floats2d, Floats2d]:
    """A linear layer, n_words × nI → n_words × nO, that tags can be added to. With transitions, it holds a score for
    each step from tag to tag, too."""
    names = ["W", "b", "transitions"] if transitions else ["W", "b"]
    return Model(
        "tag_scores", _forward, init=_init, dims={"nI": None, "nO": nO}, params=dict.fromkeys(names)
    )


def resized(layer: Model[Floats2d, Floats2d], nO: int) -> Model[Floats2d, Floats2d]:
    """Make an output layer with more tags, `nO` in all. The old ones' scores stay equal to the bit. It is a new layer,
    so that the optimizer does not take it for the old one, whose running means have another shape; or the same one if
    nothing changes or it is not initialized."""
    if layer.maybe_get_dim("nO") == nO:
        return layer
    if not layer.has_param("W"):
        layer.set_dim("nO", nO, force=True)
        return layer
    wider = output_layer(nO, transitions=layer.has_param("transitions"))
    wider.ops = layer.ops
    wider.set_dim("nI", layer.get_dim("nI"))
    wider.initialize()
    wider.get_param("b")[:] = NEW_TAG_SCORE
    for name in layer.param_names:
        old = layer.get_param(name)
        wider.get_param(name)[tuple(slice(n) for n in old.shape)] = old
    return wider


def untaught(layer: Model[Floats2d, Floats2d]) -> NDArray[np.int64]:
    """The tags that were added, and that no word has had since: see `imprint`."""
    return (layer.get_param("b") == NEW_TAG_SCORE).nonzero()[0]


def imprint(layer: Model[Floats2d, Floats2d], inputs: Floats2d, gold: NDArray[np.int64]) -> None:
    """Give untaught tags their first weights, where words have them: the way from other words to these (Qi et al. 2018,
    "Low-Shot Learning with Imprinted Weights"). On these words they score like the best of the other tags, on average.
    The words' inputs are n_words × nI, their gold tags n_words.
    """
    W, b = layer.get_param("W"), layer.get_param("b")
    best = layer.predict(inputs).max(axis=1)
    for tag in untaught(layer):
        having = gold == tag
        if having.any() and not having.all():
            mean = inputs[having].mean(axis=0)
            way = mean - inputs[~having].mean(axis=0)
            W[tag] = way * (IMPRINT_MARGIN / max(way @ way, MIN_SQUARE))
            b[tag] = best[having].mean() - W[tag] @ mean


def linear_scores(words: Floats2d, blocks: Floats3d, n_tags: int) -> Floats2d:
    """The layer's arithmetic on a CPU, but for its bias: n_words × nI → n_words × n_tags, with the weights in blocks of
    BLOCK_WIDTH columns, see `columns_in_blocks`."""
    scores = (
        multiply_blocks(words, blocks).swapaxes(0, 1).reshape(len(words), len(blocks) * BLOCK_WIDTH)
    )
    return scores[:, :n_tags]


def _forward(
    model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool
) -> tuple[Floats2d, Callable]:
    W, b = model.get_param("W"), model.get_param("b")

    def backprop(dY: Floats2d) -> Floats2d:
        model.inc_grad("b", dY.sum(axis=0))
        model.inc_grad("W", dY.T @ X)
        return dY @ W

    if isinstance(model.ops, NumpyOps):
        return linear_scores(X, columns_in_blocks(W, BLOCK_WIDTH), len(b)) + b, backprop
    return X @ W.T + b, backprop


def _init(model: Model, X: Floats2d | None = None, Y: Floats2d | None = None) -> None:
    if X is not None:
        model.set_dim("nI", X.shape[1])
    nO, nI = model.get_dim("nO"), model.get_dim("nI")
    # All tags start equal.
    model.set_param("W", model.ops.alloc2f(nO, nI))
    model.set_param("b", model.ops.alloc1f(nO))
    if "transitions" in model.param_names:
        model.set_param("transitions", model.ops.alloc2f(nO, nO))
