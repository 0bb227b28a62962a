"""Groups of words whose vectors are alike: what a linear tagger can know of a word that no corpus
has shown it (Guo et al. 2014, "Revisiting Embedding Features for Simple Semi-supervised Learning").
"""

import numpy as np
from numpy.typing import NDArray
from thinc.types import Floats2d

# Groups of several sizes tell more than one: "a city" as well as "a name". So many clusters there
# are each time.
SIZES = (1000, 250, 64, 16)
# The first vectors form them, in most sources those of frequent words; the others join.
N_FORMING = 30_000
N_ROUNDS = 12
# Vectors that are compared at once
N_COMPARED = 4096


def find_clusters(vectors: Floats2d) -> NDArray[np.uint16]:
    """Cluster vectors several times, by spherical k-means (Dhillon & Modha 2001, "Concept
    Decompositions for Large Sparse Text Data Using Clustering"). Equal vectors give equal clusters.

    vectors (Floats2d): n_vectors × width, at least one.
    RETURNS (NDArray[uint16]): The number of each vector's cluster, n_vectors × len(SIZES).
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    points = (vectors / np.where(lengths == 0, 1, lengths)).astype("float32")
    found = [
        _nearest(points, _centres(points[:N_FORMING], size, seed))
        for seed, size in enumerate(SIZES)
    ]
    return np.stack(found, axis=1).astype("uint16")


def _centres(points: Floats2d, n: int, seed: int) -> Floats2d:
    """The centres of n clusters, or of as many as there are points."""
    centres = points[np.random.default_rng(seed).permutation(len(points))[:n]]
    for _ in range(N_ROUNDS):
        sums = np.zeros_like(centres)
        np.add.at(sums, _nearest(points, centres), points)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A cluster that has lost all its points stays where it is.
        centres = np.divide(sums, lengths, out=centres, where=lengths > 0)
    return centres


def _nearest(points: Floats2d, centres: Floats2d) -> NDArray[np.int64]:
    """The number of each point's nearest centre."""
    parts = np.split(points, range(N_COMPARED, len(points), N_COMPARED))
    return np.concatenate([(part @ centres.T).argmax(axis=1) for part in parts])
