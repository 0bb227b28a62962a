"""The recurrent part of the network: a bidirectional LSTM, followed by an LSTM."""

from collections.abc import Callable

import numpy as np
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..ranges import check_range
from ..sequences.packing import pack
from .lstm import Packed, lstm

Sequences = list[Floats2d]
Backprop = Callable[[Packed], Packed]


def BiLSTMEncoder(
    hidden_width: int,
    *,
    width: int,
    both_layers: bool = False,
    input_dropout: float | None = None,
    hidden_dropout: float | None = None,
    dropout: float | None = None,
) -> Model[Sequences, Sequences]:
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
    RETURNS (Model[Sequences, Sequences]): Per sequence, n_tokens × nI → n_tokens × width,
        or 2 · hidden_width + width with both layers.
    RAISES ValueError: If a width is below 1, or a rate is not in [0, 1).
    """
    check_range("hidden_width", hidden_width, 1)
    check_range("width", width, 1)
    top = chain(locked_dropout(hidden_dropout), lstm(width))
    output_width = width
    if both_layers:
        top = _beside_input(top)
        output_width += 2 * hidden_width
    bilstm = lstm(hidden_width, bidirectional=True)
    layers = chain(locked_dropout(input_dropout), bilstm, top, locked_dropout(dropout))
    return with_packed(layers, output_width, name="bilstm_encoder")


def locked_dropout(rate: float | None) -> Model[Packed, Packed]:
    """Construct a dropout layer with one mask for all tokens of a sequence.

    See Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models"; Gal & Ghahramani
    2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".

    rate (float | None): The rate; None for `[training] dropout`.
    RAISES ValueError: If the rate is not in [0, 1).
    """
    # spaCy sets the attribute "dropout_rate" of every layer to `[training] dropout`. A fixed rate
    # therefore has another name.
    attrs = {"dropout_rate": 0.0}
    if rate is not None:
        check_range("a dropout rate", rate, 0, 1, remedy="; use null to follow [training] dropout")
        attrs = {"fixed_dropout_rate": rate}
    return Model("locked_dropout", _drop, attrs=attrs)


def _drop(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Backprop]:
    rate = model.attrs.get("fixed_dropout_rate", model.attrs.get("dropout_rate"))
    if not is_train or rate == 0.0:
        return X, lambda dY: dY
    n_sequences = int(X.packing.sizes[0])
    masks = model.ops.get_dropout_mask((n_sequences, X.data.shape[1]), rate)
    mask = masks[model.ops.asarray(X.packing.sequence)]
    return X.replace(X.data * mask), lambda dY: dY.replace(dY.data * mask)


def _beside_input(layer: Model[Packed, Packed]) -> Model[Packed, Packed]:
    """Concatenate the input of a layer with its output."""
    return Model("beside_input", _forward, init=_init, layers=[layer])


def _forward(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Backprop]:
    output, backprop_layer = model.layers[0](X, is_train)
    width = X.data.shape[1]

    def backprop(dY: Packed) -> Packed:
        d_output = model.ops.as_contig(dY.data[:, width:])
        d_input = backprop_layer(dY.replace(d_output))
        return d_input.replace(d_input.data + dY.data[:, :width])

    both = model.ops.xp.concatenate((X.data, output.data), axis=1)
    return X.replace(both), backprop


def _init(model: Model, X: Packed, Y: Packed | None = None) -> None:
    model.layers[0].initialize(X=X)


def with_packed(layer: Model[Packed, Packed], nO: int, *, name: str) -> Model[Sequences, Sequences]:
    """Make a layer over packed sequences take and return lists of sequences.

    Each array of a list is one sequence, n_words × width. Sequences may be empty.

    nO (int): Width of the output.
    """
    dims = {"nI": None, "nO": nO}
    return Model(name, _forward_packed, init=_init_packed, layers=[layer], dims=dims)


def _forward_packed(
    model: Model, sequences: Sequences, is_train: bool
) -> tuple[Sequences, Callable[[Sequences], Sequences]]:
    ops = model.ops
    lengths = np.array([len(sequence) for sequence in sequences], dtype="int64")
    if not lengths.any():
        empty_input = ops.alloc2f(0, model.get_dim("nI"))
        empty_output = ops.alloc2f(0, model.get_dim("nO"))
        return [empty_output] * len(lengths), lambda _: [empty_input] * len(lengths)
    packing = pack(lengths)
    rows = ops.asarray(packing.rows)

    def to_packed(arrays: Sequences) -> Packed:
        flat = ops.xp.concatenate(arrays)
        return Packed(flat[rows], packing)

    def to_sequences(packed: Packed) -> Sequences:
        flat = ops.xp.empty_like(packed.data)
        flat[rows] = packed.data
        return ops.unflatten(flat, lengths)

    output, backprop_layer = model.layers[0](to_packed(sequences), is_train)

    def backprop(d_sequences: Sequences) -> Sequences:
        d_input = backprop_layer(to_packed(d_sequences))
        return to_sequences(d_input)

    return to_sequences(output), backprop


def _init_packed(model: Model, X: Sequences, Y: Sequences | None = None) -> None:
    lengths = np.array([len(sequence) for sequence in X], dtype="int64")
    packing = pack(lengths)
    flat = model.ops.xp.concatenate(X)
    model.layers[0].initialize(X=Packed(flat[packing.rows], packing))
    model.set_dim("nI", flat.shape[1])
