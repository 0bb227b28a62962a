"""How far scores may be from what they would be on other sentences of the same kind."""

import math

import numpy as np
from numpy.typing import NDArray

# Of a normal distribution, 95 % lie within so many standard deviations.
Z = 1.959964

Floats = NDArray[np.float64]


def bootstrap(counts: NDArray, *, seed: int, draws: int = 1000) -> Floats:
    """Draw as many sentences as there are, with replacement, and sum their counts (Efron 1979, "Bootstrap Methods"):
    n_sentences × … → n_draws × …

    Counts of two pipelines in one array are drawn together: a paired bootstrap (Koehn 2004, "Statistical Significance
    Tests for Machine Translation Evaluation").
    """
    n, rng = len(counts), np.random.default_rng(seed)
    flat = counts.reshape(n, -1).astype("float64")
    sums = [np.bincount(rng.integers(n, size=n), minlength=n) @ flat for _ in range(draws)]
    return np.stack(sums).reshape(draws, *counts.shape[1:])


def interval(drawn: Floats) -> Floats:
    """The middle 95 % of the draws: n_draws × … → 2 × …; draws that are NaN are left out."""
    known = ~np.isnan(drawn).all(axis=0)
    bounds = np.full((2, *drawn.shape[1:]), np.nan)
    bounds[:, known] = np.nanpercentile(drawn[:, known], [2.5, 97.5], axis=0)
    return bounds


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), which holds for few cases and for shares near 1, too."""
    share, z2 = right / total, Z * Z / total
    middle = share + z2 / 2
    half = Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total))
    return max(0.0, (middle - half) / (1 + z2)), min(1.0, (middle + half) / (1 + z2))
