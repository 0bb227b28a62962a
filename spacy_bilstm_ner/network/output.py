"""The output layer: encoded words → a score for each tag, with room for more tags later."""

from collections.abc import Callable

from thinc.api import Model, get_array_module, resizable
from thinc.layers.resizable import resize_model
from thinc.types import Floats1d, Floats2d

# What a tag that is added to a trained model scores at first: low enough to take no token from the others, near
# enough to be learnt in a few updates.
NEW_TAG_SCORE = -4.0
# What a second tagger's opinion counts, where there is one: a little more than the network's.
SHARE = 0.55
# Columns that are computed together. A matrix product's last bits depend on its shape, so the shape is always this:
# a tag's score is the same to the bit however many tags there are.
BLOCK = 16


def output_layer(nO: int | None = None, *, transitions: bool = False) -> Model[Floats2d, Floats2d]:
    """A linear layer that tags can be added to: `resize` gives it more columns and leaves the old ones' results equal
    to the bit.

    nO (Optional[int]): Number of tags.
    transitions (bool): Whether it holds a score for each step from tag to tag, too. The layer itself has no use for
        them: whoever reads its scores as sequences has; see `crf`.
    RETURNS (Model[Floats2d, Floats2d]): n_words × nI → n_words × nO.
    """
    params = {"W": None, "b": None, "transitions": None} if transitions else {"W": None, "b": None}
    layer: Model[Floats2d, Floats2d] = Model(
        "tag_scores", _forward, init=_init, dims={"nI": None, "nO": nO}, params=params
    )
    return resizable(layer, resize_layer=_resized)


def resize(model: Model[Floats2d, Floats2d], nO: int) -> None:
    """Change the number of tags.

    model (Model): An output layer.
    nO (int): The new number; at least the old one.
    """
    resize_model(model, nO)


def transitions_layer(tagger: Model) -> Model | None:
    """Find the layer whose parameter "transitions" holds the learnt scores of steps between tags.

    tagger (Model): Any model; ours name their output layer.
    RETURNS (Optional[Model]): The layer; None if the tagger has no transitions.
    """
    # A model that was saved before there were any has none, though spaCy fills in today's default for its config.
    output = tagger.maybe_get_ref("output_layer")
    layers = output.layers if output is not None else []
    return next((layer for layer in layers if layer.has_param("transitions")), None)


def ngrams_layer(tagger: Model) -> Model | None:
    """Find the second tagger that has a say in what a tagger predicts.

    tagger (Model): Any model.
    RETURNS (Optional[Model]): The layer; None if there is none.
    """
    # No reference: a model's copy has none.
    return next((layer for layer in tagger.layers if layer.name == "ngrams"), None)


def predicted_transitions(tagger: Model) -> Floats2d | None:
    """The scores of steps between tags that go with what a tagger predicts.

    tagger (Model): Any model.
    RETURNS (Optional[Floats2d]): n_tags × n_tags, from row to column; None if it has none.
    """
    layer = transitions_layer(tagger)
    if layer is None:
        return None
    learnt = layer.get_param("transitions")
    ngrams = ngrams_layer(tagger)
    if ngrams is None:
        return learnt
    fitted = tagger.ops.asarray2f(ngrams.attrs["weights"].transitions)
    n_old = len(fitted)
    transitions = learnt.copy()
    transitions[:n_old, :n_old] += SHARE * (fitted - learnt[:n_old, :n_old])
    return transitions


def mixed(scores: Floats2d, others: Floats2d) -> Floats2d:
    """Mix the network's scores with a second tagger's: the product of both distributions, each to the power of its
    share. Tags that were added since the second one was fitted are as far from the best other tag as the network
    alone has them.

    scores (Floats2d): n_words × n_tags, the network's.
    others (Floats2d): n_words × n_old_tags, the other's.
    RETURNS (Floats2d): n_words × n_tags.
    """
    n_old = others.shape[1]
    if n_old == scores.shape[1]:
        return scores + SHARE * (others - scores)
    if not n_old:
        return scores
    old = scores[:, :n_old]
    mixture = old + SHARE * (others - old)
    shift = mixture.max(axis=1, keepdims=True) - old.max(axis=1, keepdims=True)
    return get_array_module(scores).concatenate((mixture, scores[:, n_old:] + shift), axis=1)


def tag_scores(words: Floats2d, W: Floats2d, b: Floats1d) -> Floats2d:
    """The layer's arithmetic.

    words (Floats2d): n_words × nI.
    W (Floats2d): nO × nI.
    b (Floats1d): nO.
    RETURNS (Floats2d): n_words × nO.
    """
    return score_blocks(words, padded_blocks(W), b)


def padded_blocks(W: Floats2d) -> list[Floats2d]:
    """The weights as `score_blocks` multiplies with them.

    W (Floats2d): nO × nI.
    RETURNS (list[Floats2d]): Blocks of nI × BLOCK.
    """
    return [_block(W, first).T for first in range(0, len(W), BLOCK)]


def score_blocks(words: Floats2d, blocks: list[Floats2d], b: Floats1d) -> Floats2d:
    """`tag_scores` with weights that are prepared.

    words (Floats2d): n_words × nI.
    blocks (list[Floats2d]): What `padded_blocks` returned.
    b (Floats1d): nO.
    RETURNS (Floats2d): n_words × nO.
    """
    scores = [words @ block for block in blocks]
    return get_array_module(words).concatenate(scores, axis=1)[:, : len(b)] + b


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
    if "transitions" in model.param_names:
        model.set_param("transitions", model.ops.alloc2f(model.get_dim("nO"), model.get_dim("nO")))


def _resized(layer: Model[Floats2d, Floats2d], nO: int) -> Model[Floats2d, Floats2d]:
    n_old = layer.maybe_get_dim("nO")
    if n_old == nO:
        return layer
    if n_old is None or not layer.has_param("W"):
        layer.set_dim("nO", nO, force=True)
        return layer
    # A new node, with a name of its own in the optimizer: the old one's running means have the old shape.
    wider: Model[Floats2d, Floats2d] = Model(
        layer.name,
        layer._func,
        init=layer.init,
        dims={"nI": layer.get_dim("nI"), "nO": nO},
        params=dict.fromkeys(layer.param_names),
        ops=layer.ops,
    )
    wider.initialize()
    wider.get_param("b")[:] = NEW_TAG_SCORE
    for name in layer.param_names:
        old = layer.maybe_get_param(name)
        if old is None:
            wider.set_param(name, None)
        else:
            wider.get_param(name)[tuple(slice(n) for n in old.shape)] = old
    return wider
