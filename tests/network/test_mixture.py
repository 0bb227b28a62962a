"""The product of two taggers' distributions, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.network.ngrams import NGRAMS_SHARE, mixed_scores, mixed_transitions


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=3.0, size=shape).astype("float32")


def softmax(scores: np.ndarray) -> np.ndarray:
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def test_probabilities_are_multiplied_each_to_the_power_of_its_share():
    scores, ngram_scores = random(6, 5), random(6, 5, seed=1)
    expected = softmax(scores) ** (1 - NGRAMS_SHARE) * softmax(ngram_scores) ** NGRAMS_SHARE
    probabilities = softmax(mixed_scores(scores, ngram_scores))
    assert_allclose(probabilities, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_added_tags_keep_their_distance_from_the_best_old_one():
    scores, ngram_scores = random(6, 7), random(6, 5, seed=1)
    mixed = mixed_scores(scores, ngram_scores)
    assert mixed.dtype == np.float32
    assert_array_equal(mixed[:, :5], mixed_scores(scores[:, :5], ngram_scores))
    best_mixed, best = (
        tag_scores[:, :5].max(axis=1, keepdims=True) for tag_scores in (mixed, scores)
    )
    assert_allclose(mixed[:, 5:] - best_mixed, scores[:, 5:] - best, atol=1e-5)


@pytest.mark.parametrize("n_words", [0, 3])
def test_ngrams_that_were_not_fitted_change_no_score(n_words):
    scores = random(n_words, 5)
    assert_array_equal(mixed_scores(scores, np.empty((n_words, 0), dtype="float32")), scores)
    transitions = random(5, 5)
    assert_array_equal(
        mixed_transitions(transitions, np.empty((0, 0), dtype="float32")), transitions
    )


def test_transitions_of_old_tags_are_mixed_and_those_of_added_ones_stay():
    transitions, ngram_transitions = random(5, 5), random(3, 3, seed=1)
    mixed = mixed_transitions(transitions, ngram_transitions)
    expected = (1 - NGRAMS_SHARE) * transitions[:3, :3] + NGRAMS_SHARE * ngram_transitions
    assert_allclose(mixed[:3, :3], expected, atol=1e-6)
    assert_array_equal(mixed[3:], transitions[3:])
    assert_array_equal(mixed[:, 3:], transitions[:, 3:])
