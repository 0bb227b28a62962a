"""The LSTM layer against torch's own module, against arithmetic, and against numeric gradients."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from thinc.api import Model

from spacy_bilstm_ner.network import lstm as lstm_module
from spacy_bilstm_ner.network.lstm import Packed, lstm
from spacy_bilstm_ner.sequences.packing import pack as pack_lengths

# Unequal enough for torch to get them in two groups.
LENGTHS = (3, 1, 6, 2)
BOTH = pytest.mark.parametrize("bidirectional", [False, True])


def pack(sequences: Sequence[np.ndarray]) -> tuple[Packed, np.ndarray]:
    packing = pack_lengths(np.array([len(x) for x in sequences]))
    return Packed(np.concatenate(sequences)[packing.rows], packing), packing.rows


def unpack(data: np.ndarray, rows: np.ndarray, lengths: Sequence[int]) -> list[np.ndarray]:
    flat = np.empty_like(data)
    flat[rows] = data
    return np.split(flat, np.cumsum(lengths)[:-1])


def random_sequences(width: int, lengths: Sequence[int] = LENGTHS, seed=0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, width)).astype("float32") for length in lengths]


def new_layer(hidden: int, n_in: int, *, bidirectional: bool) -> Model:
    """An initialized layer with biases that are not all alike."""
    model = lstm(hidden, bidirectional=bidirectional)
    model.set_dim("nI", n_in)
    model.initialize()
    rng = np.random.default_rng(1)
    for name in model.param_names:
        if name.startswith("b"):
            model.set_param(name, rng.normal(size=4 * hidden).astype("float32"))
    return model


def torch_twin(model: Model, hidden: int, n_in: int, *, bidirectional: bool) -> torch.nn.LSTM:
    twin = torch.nn.LSTM(n_in, hidden, bidirectional=bidirectional)
    state = {}
    for direction, suffix in (("forward", ""), ("backward", "_reverse"))[: 1 + bidirectional]:
        state[f"weight_ih_l0{suffix}"] = torch.tensor(model.get_param(f"W_{direction}"))
        state[f"weight_hh_l0{suffix}"] = torch.tensor(model.get_param(f"R_{direction}"))
        bias = torch.tensor(model.get_param(f"b_{direction}"))
        state[f"bias_ih_l0{suffix}"] = bias
        state[f"bias_hh_l0{suffix}"] = torch.zeros_like(bias)
    twin.load_state_dict(state)
    return twin


@BOTH
@pytest.mark.parametrize("lengths", [LENGTHS, (7,), tuple(range(1, 30))], ids=str)
def test_forward_equals_torch_sequence_by_sequence(bidirectional, lengths):
    model = new_layer(4, 3, bidirectional=bidirectional)
    twin = torch_twin(model, 4, 3, bidirectional=bidirectional)
    sequences = random_sequences(3, lengths)
    packed, rows = pack(sequences)
    for Y in (model.predict(packed), model(packed, True)[0]):
        for states, x in zip(unpack(Y, rows, lengths), sequences, strict=True):
            expected = twin(torch.tensor(x))[0].detach().numpy()
            assert_allclose(states, expected, atol=1e-6)


@BOTH
def test_gradients_equal_finite_differences(bidirectional):
    model = new_layer(3, 2, bidirectional=bidirectional)
    packed, _ = pack(random_sequences(2))
    Y, backprop = model(packed, True)
    rng = np.random.default_rng(3)
    dY = rng.normal(size=Y.shape).astype("float32")
    d_inputs = backprop(dY)

    def value() -> float:
        return float((model.predict(packed).astype("float64") * dY).sum())

    arrays = [(packed.data, d_inputs)]
    arrays += [(model.get_param(name), model.get_grad(name)) for name in model.param_names]
    eps = 1e-2
    for array, gradient in arrays:
        for index in rng.permutation(array.size)[:6]:
            before = array.flat[index]
            array.flat[index] = before + eps
            up = value()
            array.flat[index] = before - eps
            down = value()
            array.flat[index] = before
            assert (up - down) / (2 * eps) == pytest.approx(gradient.flat[index], abs=2e-3)


def test_one_unit_by_hand():
    model = lstm(1)
    model.set_dim("nI", 1)
    model.initialize()
    model.set_param("W_forward", np.array([[0.5], [-0.3], [0.8], [0.2]], dtype="float32"))
    model.set_param("R_forward", np.array([[0.1], [0.4], [-0.6], [0.7]], dtype="float32"))
    model.set_param("b_forward", np.array([0.1, 0.2, -0.1, 0.3], dtype="float32"))
    xs = np.array([[1.0], [-2.0]], dtype="float32")

    def sigmoid(x: float) -> float:
        return 1 / (1 + np.exp(-x))

    h = c = 0.0
    expected = []
    for x in (1.0, -2.0):
        gate_in = sigmoid(0.5 * x + 0.1 * h + 0.1)
        forget = sigmoid(-0.3 * x + 0.4 * h + 0.2)
        cell = np.tanh(0.8 * x - 0.6 * h - 0.1)
        gate_out = sigmoid(0.2 * x + 0.7 * h + 0.3)
        c = forget * c + gate_in * cell
        h = gate_out * np.tanh(c)
        expected.append([h])
    assert_allclose(model.predict(pack([xs])[0]), expected, atol=1e-6)


@BOTH
def test_a_sequence_is_the_same_alone_and_in_any_batch(bidirectional):
    model = new_layer(8, 5, bidirectional=bidirectional)
    lengths = [1, 40, 7, 2, 7]
    sequences = random_sequences(5, lengths)
    packed, rows = pack(sequences)
    together = unpack(model.predict(packed), rows, lengths)
    for x, states in zip(sequences, together, strict=True):
        assert_allclose(states, model.predict(pack([x])[0]), atol=1e-6)


def test_initialization():
    model = lstm(16, bidirectional=True)
    model.set_dim("nI", 5)
    model.initialize()
    assert model.get_dim("nO") == 32
    for direction in ("forward", "backward"):
        assert model.get_param(f"W_{direction}").shape == (64, 5)
        for gate in np.split(model.get_param(f"R_{direction}"), 4):
            assert_allclose(gate @ gate.T, np.eye(16), atol=1e-5)
        # In torch's order the second gate is the forget gate.
        expected = np.repeat([0.0, 1.0, 0.0, 0.0], 16)
        assert_allclose(model.get_param(f"b_{direction}"), expected)
        assert model.get_param(f"W_{direction}").dtype == "float32"
    assert not np.array_equal(model.get_param("W_forward"), model.get_param("W_backward"))


@pytest.mark.parametrize("n_rows", [0, 1, 6, 40])
def test_products_are_computed_in_pieces_without_threads(monkeypatch, n_rows):
    """Six rows are a piece."""
    max_product = 6 * 5 * 4
    monkeypatch.setattr(lstm_module, "MAX_PRODUCT", max_product)
    sizes = []

    def matmul(first, second, out):
        sizes.append(first.shape[-2] * first.shape[-1] * second.shape[-1])
        return np.add(first @ second, 0, out)

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n_rows, 5)).astype("float32")
    weights = rng.normal(size=(3, 5, 4)).astype("float32")
    expected = rows @ weights
    monkeypatch.setattr(lstm_module.np, "matmul", matmul)
    assert_allclose(lstm_module.multiply(rows, weights), expected, atol=1e-6)
    assert max(sizes, default=0) <= max_product
