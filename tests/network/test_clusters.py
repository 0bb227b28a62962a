"""Clusters of vectors: those that point one way are together."""

import numpy as np
from numpy.testing import assert_array_equal

from spacy_bilstm_ner.network import clusters
from spacy_bilstm_ner.network.clusters import SIZES, find_clusters


def planted(n_groups: int, *, group_size: int, seed: int = 0) -> np.ndarray:
    """Vectors around directions that lie far apart, of any length: group after group, n_groups ·
    each × n_groups."""
    rng = np.random.default_rng(seed)
    vectors = np.repeat(np.eye(n_groups), group_size, axis=0) + rng.normal(
        scale=0.05, size=(n_groups * group_size, n_groups)
    )
    return vectors * rng.uniform(0.1, 10, size=(len(vectors), 1))


def test_vectors_of_one_direction_are_together(monkeypatch):
    # More clusters than groups: each group is one or several, and none has vectors of two.
    monkeypatch.setattr(clusters, "SIZES", (30,))
    numbers = find_clusters(planted(8, group_size=50))[:, 0].reshape(8, 50)
    of_group = [set(row.tolist()) for row in numbers]
    assert sum(map(len, of_group)) == len(set.union(*of_group)) >= 8


def test_only_the_first_vectors_determine_the_centres(monkeypatch):
    monkeypatch.setattr(clusters, "SIZES", (4,))
    monkeypatch.setattr(clusters, "N_FORMING", 4)
    monkeypatch.setattr(clusters, "N_COMPARED", 3)
    first = np.eye(4)
    joining = np.eye(4)[[2, 0, 0, 3, 1, 2, 1]] * 7 + 0.1
    numbers = find_clusters(np.concatenate((first, joining)))[:, 0]
    assert len(set(numbers[:4].tolist())) == 4
    assert_array_equal(numbers[4:], numbers[[2, 0, 0, 3, 1, 2, 1]])


def test_equal_vectors_give_equal_clusters():
    vectors = planted(20, group_size=30)
    numbers = find_clusters(vectors)
    assert numbers.shape == (600, len(SIZES))
    assert (numbers < SIZES).all()
    assert_array_equal(numbers, find_clusters(vectors.copy()))
    # A coarse cluster is not made of fine ones: each clustering has its own.
    assert len(np.unique(numbers[:, 2:], axis=0)) > len(np.unique(numbers[:, 2]))


def test_few_vectors_and_a_zero_vector():
    numbers = find_clusters(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, -2.0]]))
    assert numbers.shape == (3, len(SIZES))
    assert (numbers < 3).all()
    assert numbers[0, 0] != numbers[2, 0]
