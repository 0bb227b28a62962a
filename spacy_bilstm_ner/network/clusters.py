"""Clusters of words with similar vectors.

They are features of the linear tagger, also for words that do not occur in the training data (Guo
et al. 2014, "Revisiting Embedding Features for Simple Semi-supervised Learning").
"""

import numpy as np
from numpy.typing import NDArray
from thinc.types import Floats2d

# Number of clusters of each clustering. A coarse cluster may be "names", a fine one "cities".
SIZES = (1000, 250, 64, 16)
# The centres are computed from the first N_FORMING vectors. In most sources, these belong to
# frequent words.
N_FORMING = 30_000
N_ROUNDS = 12
# Number of vectors that are compared at once
N_COMPARED = 4096


def find_clusters(vectors: Floats2d) -> NDArray[np.uint16]:
    """Cluster vectors, once for each of SIZES. Equal vectors have equal clusters.

    The method is spherical k-means (Dhillon & Modha 2001, "Concept Decompositions for Large Sparse
    Text Data Using Clustering").

    vectors (Floats2d): n_vectors × width, at least one.
    RETURNS (NDArray[uint16]): The number of each vector's cluster, n_vectors × len(SIZES).
    """
    points = unit_vectors(vectors).astype("float32")
    numbers = np.empty((len(points), len(SIZES)), dtype="uint16")
    for i, size in enumerate(SIZES):
        centres = _centres(points[:N_FORMING], size, seed=i)
        numbers[:, i] = _nearest(points, centres)
    return numbers


def unit_vectors(vectors: Floats2d) -> Floats2d:
    """Scale vectors to length 1, n_vectors × width. Vectors of length 0 are not changed."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def _centres(points: Floats2d, n: int, seed: int) -> Floats2d:
    """Return the centres of n clusters, or fewer if there are fewer points."""
    order = np.random.default_rng(seed).permutation(len(points))
    centres = points[order[:n]]
    for _ in range(N_ROUNDS):
        sums = np.zeros_like(centres)
        np.add.at(sums, _nearest(points, centres), points)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A cluster without points keeps its centre.
        centres = np.divide(sums, lengths, out=centres, where=lengths > 0)
    return centres


def _nearest(points: Floats2d, centres: Floats2d) -> NDArray[np.int64]:
    """Return the number of each point's nearest centre."""
    nearest = np.empty(len(points), dtype="int64")
    for first in range(0, len(points), N_COMPARED):
        part = slice(first, first + N_COMPARED)
        similarities = points[part] @ centres.T
        nearest[part] = similarities.argmax(axis=1)
    return nearest
