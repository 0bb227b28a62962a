"""The packed order of sequences, and groups of similar length."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from spacy_bilstm_ner.sequences.packing import groups_of_similar_length, pack


def test_the_order_by_hand():
    # a0 a1 | (empty) | c0 c1 c2 | d0 → c0 a0 d0 | c1 a1 | c2
    packing = pack(np.array([2, 0, 3, 1]))
    assert_array_equal(packing.rows, [2, 0, 5, 3, 1, 4])
    assert_array_equal(packing.sequence, [0, 1, 2, 0, 1, 0])
    assert_array_equal(packing.sizes, [3, 2, 1])
    # c2 a1 d0 | c1 a0 | c0
    assert_array_equal(packing.mirrored, [5, 4, 2, 3, 1, 0])


def test_equal_lengths_keep_their_order():
    packing = pack(np.array([2, 2]))
    assert_array_equal(packing.rows, [0, 2, 1, 3])
    assert_array_equal(packing.sequence, [0, 1, 0, 1])
    assert_array_equal(packing.sizes, [2, 2])


@pytest.mark.parametrize("length", [1, 2, 7])
def test_one_sequence_stays_as_it_is(length):
    packing = pack(np.array([length]))
    assert_array_equal(packing.rows, np.arange(length))
    assert_array_equal(packing.sizes, np.ones(length))
    assert_array_equal(packing.mirrored, np.arange(length)[::-1])


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_no_words(lengths):
    packing = pack(np.array(lengths, dtype=np.int64))
    assert (
        len(packing.rows)
        == len(packing.sequence)
        == len(packing.sizes)
        == len(packing.mirrored)
        == 0
    )


def test_mirrored_rows_of_chance_sequences():
    rng = np.random.default_rng(0)
    for _ in range(20):
        lengths = rng.integers(1, 9, size=rng.integers(1, 9))
        packing = pack(lengths)
        begins = np.cumsum(lengths) - lengths
        expected = {
            int(begin + i): int(begin + length - 1 - i)
            for begin, length in zip(begins, lengths, strict=True)
            for i in range(length)
        }
        assert [expected[row] for row in packing.rows.tolist()] == packing.rows[
            packing.mirrored
        ].tolist()


def test_groups_hold_each_sequence_once_within_their_bounds():
    lengths = np.random.default_rng(0).integers(0, 50, size=200)
    groups = list(groups_of_similar_length(lengths, max_sequences=16, max_words=300))
    assert sorted(np.concatenate(groups).tolist()) == list(range(200))
    assert all(len(group) <= 16 and len(group) * lengths[group].max() <= 300 for group in groups)
    assert (np.diff(lengths[np.concatenate(groups)]) <= 0).all()


def test_a_sequence_beyond_all_bounds_has_a_group_of_its_own():
    groups = list(groups_of_similar_length(np.array([1, 900, 1]), max_sequences=16, max_words=300))
    assert [group.tolist() for group in groups] == [[1], [0, 2]]
