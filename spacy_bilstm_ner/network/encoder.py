"""The recurrent part of the network: a bidirectional LSTM, followed by an LSTM."""

from collections.abc import Callable

import numpy as np
from thinc.api import Model
from thinc.types import Floats2d

from ..ranges import check_range
from ..sequences.packing import Packing, pack
from .lstm import Packed, lstm

Sequences = list[Floats2d]


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
        top. With both, the network needs fewer updates.
    input_dropout, hidden_dropout, dropout (float | None): Dropout rates of the input, between the
        LSTMs, and of the output. None for `[training] dropout`.
    RETURNS (Model[Sequences, Sequences]): Per sequence, n_tokens × nI → n_tokens × width,
        or 2 · hidden_width + width with both layers.
    RAISES ValueError: If a width is below 1, or a rate is not in [0, 1].
    """
    check_range("hidden_width", hidden_width, 1)
    check_range("width", width, 1)
    rates = {"input": input_dropout, "hidden": hidden_dropout, "output": dropout}
    remedy = "; use null to follow [training] dropout"
    for rate in rates.values():
        if rate is not None:
            check_range("a dropout rate", rate, 0, 1, remedy=remedy)
    output_width = width
    if both_layers:
        output_width += 2 * hidden_width
    layers = [lstm(hidden_width, bidirectional=True), lstm(width)]
    dims = {"nI": None, "nO": output_width}
    # spaCy sets "dropout_rate" to `[training] dropout`.
    attrs = {"both_layers": both_layers, "rates": rates, "dropout_rate": 0.0}
    return Model("bilstm_encoder", _forward, init=_init, layers=layers, dims=dims, attrs=attrs)


def _forward(
    model: Model, sequences: Sequences, is_train: bool
) -> tuple[Sequences, Callable[[Sequences], Sequences]]:
    ops = model.ops
    lengths = np.array([len(sequence) for sequence in sequences], dtype="int64")
    if not lengths.any():
        empty_input = ops.alloc2f(0, model.get_dim("nI"))
        empty_output = ops.alloc2f(0, model.get_dim("nO"))
        return [empty_output] * len(lengths), lambda _: [empty_input] * len(lengths)
    bilstm, top = model.layers
    both_layers = model.attrs["both_layers"]
    packing = pack(lengths)
    rows = ops.asarray(packing.rows)
    input_mask = _locked_mask(model, "input", packing, bilstm.get_dim("nI"), is_train)
    hidden_mask = _locked_mask(model, "hidden", packing, top.get_dim("nI"), is_train)
    output_mask = _locked_mask(model, "output", packing, model.get_dim("nO"), is_train)

    def to_sequences(packed: Floats2d) -> Sequences:
        flat = ops.xp.empty_like(packed)
        flat[rows] = packed
        return ops.unflatten(flat, lengths)

    inputs = ops.xp.concatenate(sequences)[rows]
    lower, backprop_bilstm = bilstm(Packed(inputs * input_mask, packing), is_train)
    output, backprop_top = top(Packed(lower * hidden_mask, packing), is_train)
    if both_layers:
        output = ops.xp.concatenate((lower, output), axis=1)

    def backprop(d_sequences: Sequences) -> Sequences:
        d_output = ops.xp.concatenate(d_sequences)[rows] * output_mask
        top_width = top.get_dim("nO")
        d_lower = backprop_top(ops.as_contig(d_output[:, -top_width:])) * hidden_mask
        if both_layers:
            d_lower += d_output[:, :-top_width]
        return to_sequences(backprop_bilstm(d_lower) * input_mask)

    return to_sequences(output * output_mask), backprop


def _locked_mask(
    model: Model, place: str, packing: Packing, width: int, is_train: bool
) -> Floats2d:
    """Return a dropout mask, n_words × width, that is the same for all tokens of a sequence.

    See Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models"; Gal & Ghahramani
    2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".
    """
    rate = model.attrs["rates"][place]
    if rate is None:
        rate = model.attrs["dropout_rate"]
    n_sequences = int(packing.sizes[0])
    masks = model.ops.get_dropout_mask((n_sequences, width), rate if is_train else 0.0)
    return masks[model.ops.asarray(packing.sequence)]


def _init(model: Model, X: Sequences, Y: Sequences | None = None) -> None:
    bilstm, top = model.layers
    width = X[0].shape[1]
    model.set_dim("nI", width)
    bilstm.set_dim("nI", width)
    top.set_dim("nI", bilstm.get_dim("nO"))
    bilstm.initialize()
    top.initialize()
