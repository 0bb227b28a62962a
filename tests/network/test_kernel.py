"""The arithmetic of predicting with LSTMs, against torch's and by hand."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.network import kernel
from spacy_bilstm_ner.sequences.packing import pack

HIDDEN = 6


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "lengths", [[1], [7], [3, 3, 3], [1, 9, 4, 4, 2], [5, 5, 1, 1, 1], list(range(1, 90))], ids=str
)
def test_states_are_those_of_torch(lengths):
    """Two LSTMs side by side, in torch one after the other, sequence by sequence."""
    packing = pack(np.array(lengths))
    n_words = sum(lengths)
    inputs = random(2, n_words, 4 * HIDDEN)
    recurrent = [random(4 * HIDDEN, HIDDEN, seed=seed) for seed in (1, 2)]
    gates = np.stack(
        [kernel.arranged(each.T).reshape(4, HIDDEN, n_words).swapaxes(1, 2) for each in inputs],
        axis=1,
    )
    found = kernel.lstm_states(
        gates[:, :, packing.rows],
        packing.sizes.tolist(),
        np.stack([kernel.arranged(R).T for R in recurrent]),
    )
    assert found.dtype == np.float32
    for i, R in enumerate(recurrent):
        twin = torch.nn.LSTM(4 * HIDDEN, HIDDEN)
        state = {
            "weight_ih_l0": torch.eye(4 * HIDDEN),
            "weight_hh_l0": torch.tensor(R),
            "bias_ih_l0": torch.zeros(4 * HIDDEN),
            "bias_hh_l0": torch.zeros(4 * HIDDEN),
        }
        twin.load_state_dict(state)
        flat = np.empty((n_words, HIDDEN), dtype="float32")
        flat[packing.rows] = found[i]
        parts = np.split(np.arange(n_words), np.cumsum(lengths)[:-1])
        for rows in parts:
            expected = twin(torch.tensor(inputs[i][rows]))[0].detach().numpy()
            assert_allclose(flat[rows], expected, atol=1e-5)


def test_one_step_by_hand():
    weights = random(4 * HIDDEN)
    into, _, new, out = np.split(weights.astype("float64"), 4)
    expected = np.tanh(np.tanh(new) / (1 + np.exp(-into))) / (1 + np.exp(-out))
    gates = kernel.arranged(weights).reshape(4, 1, 1, HIDDEN)
    found = kernel.lstm_states(gates, [1], np.zeros((1, HIDDEN, 4 * HIDDEN), dtype="float32"))
    assert_allclose(found[0, 0], expected, atol=1e-6)


def test_nothing_that_it_is_given_is_overwritten():
    arguments = [random(4, 2, 8, HIDDEN), random(2, HIDDEN, 4 * HIDDEN)]
    before = [argument.copy() for argument in arguments]
    first = kernel.lstm_states(arguments[0], [3, 3, 1, 1], arguments[1])
    for argument, copy in zip(arguments, before, strict=True):
        assert_array_equal(argument, copy)
    assert_array_equal(kernel.lstm_states(arguments[0], [3, 3, 1, 1], arguments[1]), first)


@pytest.mark.parametrize("n_rows", [0, 1, 5, 6, 7, 12, 40])
def test_products_in_pieces(monkeypatch, n_rows):
    """Six rows are a piece."""
    monkeypatch.setattr(kernel, "MAX_PRODUCT", 6 * 5 * 4)
    sizes = []

    def matmul(left, right, out):
        sizes.append(left.shape[-2] * left.shape[-1] * right.shape[-1])
        return np.add(left @ right, 0, out)

    rows, weights = random(n_rows, 5), random(10, 5, seed=1)
    expected = rows @ weights.T
    monkeypatch.setattr(kernel.np, "matmul", matmul)
    blocks = kernel.columns_in_blocks(weights, 4)
    assert blocks.shape == (3, 5, 4)
    found = kernel.products(rows, blocks)
    assert_allclose(found.swapaxes(0, 1).reshape(n_rows, 12)[:, :10], expected, atol=1e-6)
    assert_array_equal(found[2, :, 2:], 0)
    assert max(sizes) <= 6 * 5 * 4


@pytest.mark.parametrize("n_rows", [0, 1, 5, 6, 7, 12, 50])
def test_products_of_several_pairs(monkeypatch, n_rows):
    """Six rows are a piece."""
    monkeypatch.setattr(kernel, "MAX_PRODUCT", 6 * 4 * 5)
    left, right = random(3, n_rows, 4), random(3, 4, 5, seed=1)
    out = np.full((3, n_rows, 5), np.nan, dtype="float32")
    kernel.multiply(left, right, out)
    assert_allclose(out, left @ right, atol=1e-6)


@pytest.mark.parametrize("pieces", [0.5, 1, 1.5, 3, 3.5])
@pytest.mark.parametrize("width", [4 * 48, 4 * 80])
def test_no_product_is_larger_than_its_bound(monkeypatch, width, pieces):
    """With the bound as it is, at widths as they are."""
    hidden, multiply = width // 4, np.matmul
    n_rows = int(pieces * (kernel.MAX_PRODUCT // (hidden * width)))
    left, right = random(2, n_rows, hidden), random(2, hidden, width, seed=1)
    expected = left @ right
    sizes = []

    def matmul(left, right, out):
        sizes.append(left.shape[-2] * left.shape[-1] * right.shape[-1])
        return multiply(left, right, out)

    monkeypatch.setattr(kernel.np, "matmul", matmul)
    out = np.full((2, n_rows, width), np.nan, dtype="float32")
    kernel.multiply(left, right, out)
    assert_allclose(out, expected, atol=1e-4)
    assert 0 < max(sizes) <= kernel.MAX_PRODUCT
