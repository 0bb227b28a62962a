"""Fitting sparse weights to sequences of tags."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spacy.util import fix_random_seed

from spacy_bilstm_ner.network import ngram_fit
from spacy_bilstm_ner.network.ngram_fit import fit_weights
from tests.util import ANY, allow

# Row 1 is a word that begins an entity, row 2 one that goes on, row 3 one outside; row 4 says
# nothing, row 5 is shared by all, row 6 is of no word.
FEATURES = np.array([[1, 4, 5], [2, 0, 5], [3, 4, 5], [3, 0, 5], [1, 0, 5]])
GOLD = np.array([1, 2, 0, 0, 1])
LENGTHS = np.array([3, 2])


def fit(features=FEATURES, gold=GOLD, lengths=LENGTHS, *, copies: int = 100, seed: int = 0):
    fix_random_seed(seed)
    return fit_weights(
        np.tile(features, (copies, 1)),
        allow(np.tile(gold, copies), 3),
        np.tile(lengths, copies),
        n_rows=7,
        old_scores=np.zeros((copies * len(gold), 0), dtype="float32"),
        old_transitions=np.zeros((0, 0), dtype="float32"),
    )


def best(features, weights, bias):
    return (weights[features].sum(axis=1) + bias).argmax(axis=1)


def test_features_predict_the_gold_tags(monkeypatch):
    monkeypatch.setattr(ngram_fit, "BATCH_SIZE", 8)
    weights, bias, transitions = fit()
    assert_array_equal(best(FEATURES, weights, bias), GOLD)
    assert weights.shape == (7, 3)
    assert weights[1].argmax() == 1
    assert weights[2].argmax() == 2
    assert weights[3].argmax() == 0
    # From B- to I- is learnt, and nothing of steps that are illegal: O to I-.
    assert transitions[1, 2] > 0
    assert transitions[0, 2] == 0
    # No word has these.
    assert not weights[[0, 6]].any()
    # The feature that goes with the answer says more than the one that goes with all.
    assert np.abs(weights[1]).max() > np.abs(weights[5]).max()


def test_a_small_corpus_is_learnt_as_well():
    weights, _, _ = fit(copies=1)
    assert np.ptp(weights[1:4], axis=1).min() > 0.8


def test_words_without_annotation_change_no_weight():
    assert not any(array.any() for array in fit(gold=np.full(5, ANY)))


def test_the_seed_decides():
    first, again, other_seed = fit(), fit(), fit(seed=1)
    for array, repeated_array in zip(first, again, strict=True):
        assert_array_equal(array, repeated_array)
    assert not np.array_equal(first[0], other_seed[0])


@pytest.mark.parametrize(
    "features", [np.zeros((5, 3), dtype="int64"), np.zeros((5, 0), dtype="int64")]
)
def test_no_features_leave_the_bias(features):
    weights, bias, _ = fit(features)
    assert not weights.any()
    assert bias.any()


def test_gradients_are_summed_by_row():
    d_scores = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]], dtype="float32")
    rows, sums = ngram_fit._sum_by_row(np.array([[3, 0], [0, 0], [5, 3]]), d_scores)
    assert_array_equal(rows, [3, 5])
    assert_array_equal(sums, [[101, 202], [100, 200]])
