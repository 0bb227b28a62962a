"""Two kinds of rates, and masks that are locked over a sequence."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import set_dropout_rate

from spacy_bilstm_ner.network.encoder import locked_dropout
from spacy_bilstm_ner.network.lstm import Packed
from spacy_bilstm_ner.sequences.packing import pack


def ones(lengths: list[int], width: int) -> Packed:
    return Packed(np.ones((sum(lengths), width), dtype="float32"), pack(np.array(lengths)))


def share_of_zeros(model, n_sequences: int = 300, width: int = 100) -> float:
    Y, _ = model(ones([1] * n_sequences, width), True)
    return float((Y.data == 0).mean())


def test_a_rate_of_none_follows_the_training_rate():
    model = locked_dropout(None)
    assert share_of_zeros(model) == 0.0
    set_dropout_rate(model, 0.3)
    assert share_of_zeros(model) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_a_given_rate_ignores_the_training_rate(rate):
    model = locked_dropout(rate)
    assert share_of_zeros(model) == pytest.approx(rate, abs=0.02)
    set_dropout_rate(model, 0.3)
    assert share_of_zeros(model) == pytest.approx(rate, abs=0.02)


@pytest.mark.parametrize("rate", [None, 0.5])
def test_dropout_is_off_in_prediction(rate):
    model = locked_dropout(rate)
    set_dropout_rate(model, 0.9)
    X = ones([3, 2], 50)
    assert_array_equal(model.predict(X).data, X.data)


def test_one_mask_per_sequence():
    X = ones([2, 4, 3], 200)
    Y, _ = locked_dropout(0.5)(X, True)
    masks = [Y.data[X.packing.sequence == number] for number in range(3)]
    for mask in masks:
        assert_array_equal(mask, np.broadcast_to(mask[0], mask.shape))
    assert not np.array_equal(masks[0][0], masks[1][0])
    assert not np.array_equal(masks[1][0], masks[2][0])


def test_the_mean_stays_and_gradients_pass_the_same_mask():
    X = ones([1] * 200, 100)
    Y, backprop = locked_dropout(0.5)(X, True)
    assert set(np.unique(Y.data)) == {0.0, 2.0}
    assert Y.data.mean() == pytest.approx(1.0, abs=0.05)
    assert_allclose(backprop(X.replace(X.data * 3)).data, Y.data * 3)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_a_rate_out_of_range(rate):
    with pytest.raises(ValueError, match=rf"at least 0 and below 1, but is {rate}.*null"):
        locked_dropout(rate)
