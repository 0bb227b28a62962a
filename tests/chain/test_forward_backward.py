"""Chains of tags: which steps are legal, how sequences are packed, and sums over all sequences."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spacy_bilstm_ner.chain.sequences import FLOOR, forward_backward, legal_steps, pack, step_factors, step_slices


def test_legal_steps_by_hand():
    # O, B-a, I-a, B-b, I-b
    assert_array_equal(
        legal_steps(5).astype(int),
        [[1, 1, 0, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 0, 1, 1], [1, 1, 0, 1, 1]],
    )
    assert_array_equal(legal_steps(1), [[True]])


def test_factors_of_steps():
    transitions = np.array([[0.0, np.log(2), 99.0], [-1e4, 0.0, 0.0], [0.0, 0.0, 0.0]])
    transitions[0, 2] = 0.0
    factors = step_factors(transitions, legal_steps(3))
    assert_allclose(factors, [[0.5, 1, 0], [np.exp(FLOOR), 0.5, 0.5], [0.5, 0.5, 0.5]])


def test_packing_by_hand():
    # Rows 2, 3, 4 | 5 | 9, 10
    rows, active = pack(np.array([5, 2, 9]), np.array([1, 3, 2]))
    assert_array_equal(rows, [2, 9, 5, 3, 10, 4])
    assert_array_equal(active, [3, 2, 1])
    assert step_slices(active) == [slice(0, 3), slice(3, 5), slice(5, 6)]


def test_packing_leaves_out_empty_sequences():
    rows, active = pack(np.array([0, 0, 1]), np.array([0, 1, 0]))
    assert_array_equal(rows, [0])
    assert_array_equal(active, [1])
    rows, active = pack(np.array([0]), np.array([0]))
    assert len(rows) == len(active) == 0


@pytest.mark.parametrize("n_tokens", [1, 2, 4])
def test_forward_backward_equals_brute_force(n_tokens):
    rng = np.random.default_rng(n_tokens)
    emissions = rng.random((n_tokens, 5))
    factors = rng.random((5, 5)) * legal_steps(5)
    before, norms, after = forward_backward(emissions, np.ones(n_tokens, dtype=int), factors)
    marginals, total = np.zeros((n_tokens, 5)), 0.0
    for path in product(range(5), repeat=n_tokens):
        weight = np.prod([emissions[i, tag] for i, tag in enumerate(path)])
        weight *= np.prod([factors[step] for step in pairwise((0, *path, 0))])
        total += weight
        marginals[np.arange(n_tokens), path] += weight
    assert_allclose(before.sum(axis=1), 1.0)
    found = before * after
    assert_allclose(found / found.sum(axis=1, keepdims=True), marginals / total)
    assert norms.prod() * found[-1].sum() == pytest.approx(total)


def test_sequences_of_a_batch_do_not_meet():
    rng = np.random.default_rng(0)
    emissions, factors = rng.random((6, 3)), rng.random((3, 3)) * legal_steps(3)
    first, lengths = np.array([0, 1, 4]), np.array([1, 3, 2])
    rows, active = pack(first, lengths)
    together = np.empty((6, 3))
    before, _, after = forward_backward(emissions[rows], active, factors)
    together[rows] = before * after / (before * after).sum(axis=1, keepdims=True)
    for start, length in zip(first, lengths, strict=True):
        alone = slice(start, start + length)
        before, _, after = forward_backward(emissions[alone], np.ones(length, dtype=int), factors)
        assert_allclose(together[alone], before * after / (before * after).sum(axis=1, keepdims=True))
