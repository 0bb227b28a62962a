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
    """Two LSTMs side by side; in torch, sequence by sequence."""
    packing = pack(np.array(lengths))
    n_words = sum(lengths)
    inputs = random(2, n_words, 4 * HIDDEN)
    recurrent = random(2, 4 * HIDDEN, HIDDEN, seed=1)
    # The second LSTM reads rows in the second half of the table.
    gates = np.concatenate([kernel.arrange(x.T).swapaxes(1, 2) for x in inputs], axis=1)
    rows = np.stack((packing.rows, n_words + packing.rows))
    weights = np.stack([kernel.arrange(R) for R in recurrent], axis=1).swapaxes(2, 3)
    states = kernel.lstm_states(gates, rows, packing.sizes.tolist(), weights)
    assert states.dtype == np.float32
    for x, R, packed in zip(inputs, recurrent, states, strict=True):
        twin = torch.nn.LSTM(4 * HIDDEN, HIDDEN)
        twin.load_state_dict(
            {
                "weight_ih_l0": torch.eye(4 * HIDDEN),
                "weight_hh_l0": torch.tensor(R),
                "bias_ih_l0": torch.zeros(4 * HIDDEN),
                "bias_hh_l0": torch.zeros(4 * HIDDEN),
            }
        )
        flat = np.empty((n_words, HIDDEN), dtype="float32")
        flat[packing.rows] = packed
        for sequence in np.split(np.arange(n_words), np.cumsum(lengths)[:-1]):
            expected = twin(torch.tensor(x[sequence]))[0].detach().numpy()
            assert_allclose(flat[sequence], expected, atol=1e-5)


def test_one_step_by_hand():
    weights = random(4 * HIDDEN)
    into, _, content, out = np.split(weights.astype("float64"), 4)
    expected = np.tanh(np.tanh(content) / (1 + np.exp(-into))) / (1 + np.exp(-out))
    gates = kernel.arrange(weights)[:, None]
    before = gates.copy()
    no_recurrence = np.zeros((4, 1, HIDDEN, HIDDEN), dtype="float32")
    states = kernel.lstm_states(gates, np.zeros((1, 1), dtype="int64"), [1], no_recurrence)
    assert_allclose(states[0, 0], expected, atol=1e-6)
    assert_array_equal(gates, before)


@pytest.mark.parametrize("n_rows", [0, 1, 5, 6, 7, 12, 40])
def test_products_in_pieces(monkeypatch, n_rows):
    """Six rows are a piece."""
    max_product = 6 * 5 * 4
    monkeypatch.setattr(kernel, "MAX_PRODUCT", max_product)
    sizes = []

    def matmul(left, right, out):
        sizes.append(left.shape[-2] * left.shape[-1] * right.shape[-1])
        return np.add(left @ right, 0, out)

    rows, weights = random(n_rows, 5), random(10, 5, seed=1)
    expected = rows @ weights.T
    blocks = kernel.columns_in_blocks(weights, 4)
    assert blocks.shape == (3, 5, 4)
    monkeypatch.setattr(kernel.np, "matmul", matmul)
    product = kernel.multiply_blocks(rows, blocks)
    assert_allclose(product.swapaxes(0, 1).reshape(n_rows, 12)[:, :10], expected, atol=1e-6)
    assert_array_equal(product[2, :, 2:], 0)
    assert max(sizes, default=0) <= max_product
