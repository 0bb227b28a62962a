"""The recurrent part: a bidirectional LSTM, then an LSTM."""

from collections.abc import Callable

import numpy as np
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..ranges import check_range
from ..sequences.packing import pack
from .lstm import Packed, lstm


def BiLSTMEncoder(
    hidden_width: int,
    *,
    width: int,
    both_layers: bool = False,
    input_dropout: float | None = None,
    hidden_dropout: float | None = None,
    dropout: float | None = None,
) -> Model[list[Floats2d], list[Floats2d]]:
    """Encode each token in the light of the whole sequence: a bidirectional LSTM, then a forward
    LSTM. Registered as `spacy_bilstm_ner.BiLSTMEncoder.v1`; fits `spacy.Tok2Vec.v2` as `encode`.

    A sequence's result does not depend on what else is in the batch. The input width is found out
    at initialization. Each dropout is locked: one mask per sequence. A rate of None follows
    `[training] dropout`.

    hidden_width, width (int): Width of the bidirectional LSTM, per direction, and of the LSTM on
        top.
    both_layers (bool): Whether the output has the states of both LSTMs side by side, rather than
        those of the one on top: what the first has found need not pass the second, and so is learnt
        sooner.
    input_dropout, hidden_dropout, dropout (float | None): Rate on the input vectors, between the
        two LSTMs, and on the output vectors.
    RETURNS (Model[list[Floats2d], list[Floats2d]]): Per sequence, n_tokens × nI → n_tokens × width,
        or 2 · hidden_width + width with both layers.
    RAISES ValueError: If a width is below 1, or a rate is not in [0, 1).
    """
    check_range("hidden_width", hidden_width, 1)
    check_range("width", width, 1)
    on_top = chain(locked_dropout(hidden_dropout), lstm(width))
    layers = chain(
        locked_dropout(input_dropout),
        lstm(hidden_width, bidirectional=True),
        _beside_input(on_top) if both_layers else on_top,
        locked_dropout(dropout),
    )
    return with_packed(layers, width + 2 * hidden_width * both_layers, name="bilstm_encoder")


def locked_dropout(rate: float | None) -> Model[Packed, Packed]:
    """Dropout with one mask per sequence: a unit is off for all of its tokens (Merity et al. 2017,
    "Regularizing and Optimizing LSTM Language Models"; Gal & Ghahramani 2016).

    rate (float | None): None follows `[training] dropout`; a number is fixed.
    RAISES ValueError: If the rate is not in [0, 1).
    """
    if rate is None:
        # spaCy writes `[training] dropout` over this attribute of every layer, so a fixed rate has
        # another.
        return Model("locked_dropout", _drop, attrs={"dropout_rate": 0.0})
    check_range("a dropout rate", rate, 0, 1, remedy="; use null to follow [training] dropout")
    return Model("locked_dropout", _drop, attrs={"fixed_dropout_rate": rate})


def _drop(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    rate = model.attrs.get("fixed_dropout_rate", model.attrs.get("dropout_rate", 0.0))
    if not is_train or rate == 0.0:
        return X, lambda dY: dY
    masks = model.ops.get_dropout_mask((int(X.packing.sizes[0]), X.data.shape[1]), rate)
    mask = masks[model.ops.asarray(X.packing.sequence)]
    return X.replace(X.data * mask), lambda dY: dY.replace(dY.data * mask)


def _beside_input(layer: Model[Packed, Packed]) -> Model[Packed, Packed]:
    """A layer whose input and output, side by side, are the output."""
    return Model("beside_input", _forward, init=_init, layers=[layer])


def _forward(model: Model[Packed, Packed], X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    found, backprop_layer = model.layers[0](X, is_train)
    width = X.data.shape[1]

    def backprop(dY: Packed) -> Packed:
        d_input = backprop_layer(dY.replace(model.ops.as_contig(dY.data[:, width:])))
        return d_input.replace(d_input.data + dY.data[:, :width])

    return X.replace(model.ops.xp.concatenate((X.data, found.data), axis=1)), backprop


def _init(model: Model[Packed, Packed], X: Packed | None = None, Y: Packed | None = None) -> None:
    model.layers[0].initialize(X=X)


def with_packed(
    layer: Model[Packed, Packed], nO: int, *, name: str
) -> Model[list[Floats2d], list[Floats2d]]:
    """Let a layer over packed sequences, of output width `nO`, take and give lists. Each array is
    one sequence, n_words × width; empty ones stay empty."""
    return Model(
        name, _forward_packed, init=_init_packed, layers=[layer], dims={"nI": None, "nO": nO}
    )


def _forward_packed(
    model: Model, sequences: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    layer, ops = model.layers[0], model.ops
    lengths = np.array([len(x) for x in sequences], dtype=np.int64)
    if not lengths.any():
        empty = [ops.alloc2f(0, model.get_dim("nO")) for _ in sequences]
        return empty, lambda d_empty: [ops.alloc2f(0, model.get_dim("nI")) for _ in d_empty]
    packing = pack(lengths)
    rows = ops.asarray(packing.rows)
    packed, backprop_packed = layer(Packed(ops.xp.concatenate(sequences)[rows], packing), is_train)

    def unpack(data: Floats2d) -> list[Floats2d]:
        flat = ops.xp.empty_like(data)
        flat[rows] = data
        return ops.xp.split(flat, np.cumsum(lengths)[:-1].tolist())

    def backprop(d_sequences: list[Floats2d]) -> list[Floats2d]:
        return unpack(backprop_packed(Packed(ops.xp.concatenate(d_sequences)[rows], packing)).data)

    return unpack(packed.data), backprop


def _init_packed(
    model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None
) -> None:
    (layer,) = model.layers
    if X is None:
        layer.initialize()
        return
    packing = pack(np.array([len(x) for x in X], dtype=np.int64))
    layer.initialize(X=Packed(model.ops.xp.concatenate(X)[packing.rows], packing))
    model.set_dim("nI", X[0].shape[1])
