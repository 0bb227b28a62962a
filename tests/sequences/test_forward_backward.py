"""Chains of tags: which steps are legal, how sequences are padded, and sums over all sequences."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.sequences.forward_backward import (
    MIN_LOG_WEIGHT,
    forward_backward,
    legal_steps,
    padded_emissions,
    step_factors,
)


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
    forward, backward = step_factors(transitions)
    expected = np.array([[0.5, 1, 0], [np.exp(MIN_LOG_WEIGHT), 0.5, 0.5], [0.5, 0.5, 0.5]])
    assert_allclose(forward, np.column_stack((expected, np.ones(3))))
    assert_allclose(backward, np.column_stack((expected.T, np.ones(3))))


def test_emissions_by_hand():
    scores = np.array(
        [[9, 9, 9], [0, 1, -np.inf], [7, 7, 7 - np.log(2)], [-1e4, 0, 0]], dtype="float32"
    )
    # Rows 1, 2 | row 3 | nothing
    emissions, highest, rows = padded_emissions(scores, np.array([1, 3, 0]), np.array([2, 1, 0]))
    assert emissions.dtype == np.float64
    assert_array_equal(rows, [[1, 3, -1], [2, -1, -1], [-1, -1, -1]])
    assert_array_equal(highest[..., 0], [[1, 0, 0], [7, 0, 0], [0, 0, 0]])
    smallest, only_o = np.exp(MIN_LOG_WEIGHT), [1, 0, 0]
    first = [[np.exp(-1), 1, smallest], [smallest, 1, 1], only_o]
    assert_allclose(emissions, [first, [[1, 1, 0.5], only_o, only_o], [only_o] * 3], rtol=1e-6)


@pytest.mark.parametrize("lengths", [[1], [2], [4], [1, 4, 2]], ids=str)
def test_forward_backward_equals_brute_force(lengths):
    rng = np.random.default_rng(len(lengths) + lengths[0])
    scores, transitions = rng.normal(size=(sum(lengths), 5)), rng.normal(size=(5, 5))
    begins = np.cumsum(lengths) - lengths
    factors = step_factors(transitions)
    emissions, highest, _ = padded_emissions(scores, begins, np.array(lengths))
    before, norms, after = forward_backward(emissions, factors)
    legal, largest = legal_steps(5), transitions.max()
    for i, (begin, length) in enumerate(zip(begins, lengths, strict=True)):
        marginals, total = np.zeros((length, 5)), 0.0
        for path in product(range(5), repeat=length):
            steps = list(pairwise((0, *path, 0)))
            if all(legal[step] for step in steps):
                score = sum(scores[begin + k, tag] for k, tag in enumerate(path))
                weight = np.exp(score + sum(transitions[step] - largest for step in steps))
                total += weight
                marginals[np.arange(length), path] += weight
        assert_allclose((before[:-1] * after)[:length, i], marginals / total)
        # What stands behind it is a number of steps from O to O.
        padding = (max(lengths) - length) * np.log(factors[0, 0, 0])
        log_weight = np.log(norms[:, i]).sum() + highest[:, i].sum() + np.log(before[-1, i].sum())
        assert log_weight == pytest.approx(np.log(total) + padding)


def test_the_arguments_are_left_alone():
    rng = np.random.default_rng(0)
    scores, factors = rng.normal(size=(6, 3)), step_factors(rng.normal(size=(3, 3)))
    emissions, _, _ = padded_emissions(scores, np.array([0, 2]), np.array([2, 4]))
    arguments = emissions, factors
    copies = [argument.copy() for argument in arguments]
    forward_backward(*arguments)
    for argument, copy in zip(arguments, copies, strict=True):
        assert_array_equal(argument, copy)
