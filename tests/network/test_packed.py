"""Sequences without padding: lists of arrays, there and back."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from thinc.api import Model

from spacy_bilstm_ner.network.encoder import with_packed
from spacy_bilstm_ner.network.lstm import Packed


def _spy(seen: list[Packed]) -> Model:
    """A layer that doubles its input, notes it, and triples gradients."""

    def forward(model, X, is_train):
        seen.append(X)
        return X.replace(X.data * 2), lambda dY: dY.replace(dY.data * 3)

    return Model("spy", forward)


def test_lists_come_back_in_order_forward_and_backward():
    seen: list[Packed] = []
    model = with_packed(_spy(seen), 1, name="test")
    flat = np.arange(6, dtype="float32").reshape(6, 1)
    sequences = [flat[:2], flat[2:2], flat[2:5], flat[5:]]
    outputs, backprop = model(sequences, True)
    assert_array_equal(seen[0].data[:, 0], [2, 0, 5, 3, 1, 4])
    assert [len(y) for y in outputs] == [2, 0, 3, 1]
    assert_array_equal(np.concatenate(outputs), flat * 2)
    d_inputs = backprop([x + 10 for x in sequences])
    assert [len(d) for d in d_inputs] == [2, 0, 3, 1]
    assert_array_equal(np.concatenate(d_inputs), (flat + 10) * 3)


@pytest.mark.parametrize("n_sequences", [0, 1, 3])
def test_a_batch_without_tokens_does_not_reach_the_layer(n_sequences):
    seen: list[Packed] = []
    model = with_packed(_spy(seen), 5, name="test")
    model.set_dim("nI", 2)
    outputs, backprop = model([np.zeros((0, 2), dtype="float32")] * n_sequences, True)
    assert [y.shape for y in outputs] == [(0, 5)] * n_sequences
    assert [d.shape for d in backprop(outputs)] == [(0, 2)] * n_sequences
    assert not seen


def test_the_input_width_is_inferred_at_initialization():
    model = with_packed(_spy([]), 3, name="test")
    model.initialize(X=[np.zeros((2, 7), dtype="float32")])
    assert model.get_dim("nI") == 7
