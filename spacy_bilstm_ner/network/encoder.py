"""The recurrent part of the network: a bidirectional LSTM, followed by an LSTM."""

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
    """Encode each token in its context, with a bidirectional LSTM and a forward LSTM.

    Registered as `spacy_bilstm_ner.BiLSTMEncoder.v1`. It can be used as `encode` of
    `spacy.Tok2Vec.v2`. The result for a sequence does not depend on the other sequences of the
    batch. Dropout uses one mask per sequence.

    hidden_width, width (int): Width of the bidirectional LSTM, per direction, and of the LSTM on
        top.
    both_layers (bool): Whether the output is the states of both LSTMs, or only those of the one on
        top. With both, training is faster.
    input_dropout, hidden_dropout, dropout (float | None): Dropout rates of the input, between the
        LSTMs, and of the output. None for `[training] dropout`.
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
    """Construct a dropout layer with one mask for all tokens of a sequence.

    See Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models"; Gal & Ghahramani
    2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".

    rate (float | None): The rate; None for `[training] dropout`.
    RAISES ValueError: If the rate is not in [0, 1).
    """
    if rate is None:
        # spaCy sets the attribute "dropout_rate" of every layer to `[training] dropout`. A fixed
        # rate therefore has another name.
        return Model("locked_dropout", _drop, attrs={"dropout_rate": 0.0})
    check_range("a dropout rate", rate, 0, 1, remedy="; use null to follow [training] dropout")
    return Model("locked_dropout", _drop, attrs={"fixed_dropout_rate": rate})


def _drop(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    rate = model.attrs.get("fixed_dropout_rate", model.attrs.get("dropout_rate", 0.0))
    if not is_train or rate == 0.0:
        return X, lambda dY: dY
    n_sequences = int(X.packing.sizes[0])
    masks = model.ops.get_dropout_mask((n_sequences, X.data.shape[1]), rate)
    mask = masks[model.ops.asarray(X.packing.sequence)]
    return X.replace(X.data * mask), lambda dY: dY.replace(dY.data * mask)


def _beside_input(layer: Model[Packed, Packed]) -> Model[Packed, Packed]:
    """Concatenate the input of a layer with its output."""
    return Model("beside_input", _forward, init=_init, layers=[layer])


def _forward(model: Model[Packed, Packed], X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    output, backprop_layer = model.layers[0](X, is_train)
    width = X.data.shape[1]

    def backprop(dY: Packed) -> Packed:
        d_output = model.ops.as_contig(dY.data[:, width:])
        d_input = backprop_layer(dY.replace(d_output))
        return d_input.replace(d_input.data + dY.data[:, :width])

    both = model.ops.xp.concatenate((X.data, output.data), axis=1)
    return X.replace(both), backprop


def _init(model: Model[Packed, Packed], X: Packed | None = None, Y: Packed | None = None) -> None:
    model.layers[0].initialize(X=X)


def with_packed(
    layer: Model[Packed, Packed], nO: int, *, name: str
) -> Model[list[Floats2d], list[Floats2d]]:
    """Make a layer over packed sequences take and return lists of sequences.

    Each array of a list is one sequence, n_words × width. Sequences may be empty.

    nO (int): Width of the output.
    """
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
    ends = np.cumsum(lengths)[:-1].tolist()

    def pack_rows(arrays: list[Floats2d]) -> Packed:
        flat = ops.xp.concatenate(arrays)
        return Packed(flat[rows], packing)

    def unpack(packed: Packed) -> list[Floats2d]:
        flat = ops.xp.empty_like(packed.data)
        flat[rows] = packed.data
        return ops.xp.split(flat, ends)

    output, backprop_layer = layer(pack_rows(sequences), is_train)

    def backprop(d_sequences: list[Floats2d]) -> list[Floats2d]:
        return unpack(backprop_layer(pack_rows(d_sequences)))

    return unpack(output), backprop


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
