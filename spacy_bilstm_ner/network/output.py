"""The output layer: encoded words → a score for each tag. Tags can be added later."""

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model
from thinc.layers import linear
from thinc.types import Floats2d

# The score of an added tag before it is trained. It is lower than that of all other tags.
NEW_TAG_SCORE = -1000.0
# With the initial weights of an added tag, its mean score on words that have it is higher than on
# other words by this number.
IMPRINT_MARGIN = 8.0
MIN_SQUARE = 1e-6


def output_layer(nO: int | None = None, *, transitions: bool = False) -> Model[Floats2d, Floats2d]:
    """Construct a linear layer to which tags can be added: n_words × nI → n_words × nO.

    transitions (bool): Also hold a score for each step from a tag to the next one.
    """
    params = {"W": None, "b": None}
    if transitions:
        params["transitions"] = None
    return Model(
        "tag_scores", linear.forward, init=_init, dims={"nI": None, "nO": nO}, params=params
    )


def resized(layer: Model[Floats2d, Floats2d], nO: int) -> Model[Floats2d, Floats2d]:
    """Return an output layer with nO tags, of which the first ones have the same scores as before.

    A new layer is made, because the optimizer has running means with the shape of the old layer. If
    nO does not change, or the layer is not initialized, the same layer is returned.
    """
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
        old_values = layer.get_param(name)
        old_part = tuple(slice(size) for size in old_values.shape)
        wider.get_param(name)[old_part] = old_values
    return wider


def untrained_tags(layer: Model[Floats2d, Floats2d]) -> NDArray[np.int64]:
    """Return the added tags that have not occurred in training yet. They have no weights."""
    # Weight decay makes the score of an added tag a little higher.
    return (layer.get_param("b") < NEW_TAG_SCORE / 2).nonzero()[0]


def imprint(layer: Model[Floats2d, Floats2d], inputs: Floats2d, gold: NDArray[np.int64]) -> None:
    """Compute the initial weights of added tags that occur.

    The weights of a tag are the difference between the mean input of words that have it and of
    other words (Qi et al. 2018, "Low-Shot Learning with Imprinted Weights"). On words that have it,
    its mean score is that of the best other tag.

    inputs (Floats2d): n_words × nI.
    gold (NDArray[int64]): n_words, the tags of the words; -1 for words whose tag is unknown.
    """
    W = layer.get_param("W")
    b = layer.get_param("b")
    best_scores = layer.predict(inputs).max(axis=1)
    for tag in untrained_tags(layer):
        has_tag = gold == tag
        if has_tag.any() and not has_tag.all():
            mean_input = inputs[has_tag].mean(axis=0)
            direction = mean_input - inputs[~has_tag].mean(axis=0)
            square = max(direction @ direction, MIN_SQUARE)
            W[tag] = direction * (IMPRINT_MARGIN / square)
            b[tag] = best_scores[has_tag].mean() - W[tag] @ mean_input


def _init(model: Model, X: Floats2d | None = None, Y: Floats2d | None = None) -> None:
    if X is not None:
        model.set_dim("nI", X.shape[1])
    nO = model.get_dim("nO")
    # All tags have the same score at first.
    model.set_param("W", model.ops.alloc2f(nO, model.get_dim("nI")))
    model.set_param("b", model.ops.alloc1f(nO))
    if "transitions" in model.param_names:
        model.set_param("transitions", model.ops.alloc2f(nO, nO))
