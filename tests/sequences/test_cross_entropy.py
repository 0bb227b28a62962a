"""The loss of tags one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.sequences.cross_entropy import cross_entropy
from tests.util import ANY, allow


def test_by_hand():
    scores = (
        np.log(np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]], dtype="float32")) + 100
    )
    loss, d_scores = cross_entropy(scores, allow([0, 1, ANY], 3))
    assert loss == pytest.approx(-(np.log(0.5) + np.log(0.7)) / 2, abs=1e-4)
    assert_allclose(d_scores, [[-0.25, 0.15, 0.1], [0.1, -0.15, 0.05], [0, 0, 0]], atol=1e-5)


@pytest.mark.parametrize("n_words", [0, 3])
def test_no_annotation(n_words):
    loss, d_scores = cross_entropy(np.ones((n_words, 3)), np.ones((n_words, 3), dtype=bool))
    assert loss == 0.0
    assert_array_equal(d_scores, np.zeros((n_words, 3)))


def test_gradients_are_those_that_differences_give():
    rng = np.random.default_rng(0)
    scores, allowed = rng.normal(size=(5, 5)), allow([0, 3, ANY, 4, ANY], 5)
    allowed[4, 1:3] = False
    _, d_scores = cross_entropy(scores, allowed)
    for index in range(scores.size):
        nudge = np.zeros(scores.size)
        nudge[index] = 1e-5
        nudge = nudge.reshape(scores.shape)
        up, down = (cross_entropy(scores + sign * nudge, allowed)[0] for sign in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(d_scores.flat[index], abs=1e-8)


def test_large_scores_do_not_overflow():
    scores = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], dtype="float32")
    before = scores.copy()
    with np.errstate(all="raise", under="ignore"):
        loss, d_scores = cross_entropy(scores, allow([0, 0], 3))
    assert loss == pytest.approx(1e4)
    assert d_scores.dtype == np.float32
    assert_array_equal(d_scores, [[0, 0, 0], [-0.5, 0.5, 0]])
    assert_array_equal(scores, before)
