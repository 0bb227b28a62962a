"""Compute 95 % confidence intervals of scores."""

import math
import warnings

import numpy as np
from numpy.typing import NDArray

# 95 % of a normal distribution are within this many standard deviations of its mean.
Z_SCORE = 1.959964
# Number of samples of the bootstrap
N_DRAWS = 1000

Floats = NDArray[np.float64]


def bootstrap(counts: NDArray) -> Floats:
    """Resample sentences with replacement, and sum the counts of each sample.

    This is the bootstrap of Efron 1979, "Bootstrap Methods". If the array has the counts of two
    pipelines, the samples are paired, as in Koehn 2004, "Statistical Significance Tests for Machine
    Translation Evaluation". The samples are always the same.

    counts (NDArray): n_sentences × …
    RETURNS (Floats): N_DRAWS × …
    """
    n_sentences = len(counts)
    rng = np.random.default_rng(0)
    shares = np.full(n_sentences, 1 / n_sentences)
    flat_counts = counts.reshape(n_sentences, -1).astype("float64")
    sums = [rng.multinomial(n_sentences, shares) @ flat_counts for _ in range(N_DRAWS)]
    return np.stack(sums).reshape(N_DRAWS, *counts.shape[1:])


def percentile_interval(draws: Floats) -> Floats:
    """Return the percentiles 2.5 and 97.5 of draws: n_draws × … -> 2 × …. NaN is left out."""
    with warnings.catch_warnings():
        # If all draws are NaN, so are the percentiles.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanpercentile(draws, [2.5, 97.5], axis=0)


def cases_needed(share: float) -> int:
    """Return how many cases are needed to show a precision of at least `share`.

    They show it with 95 % confidence if all of them are correct.
    """
    return math.ceil(share * Z_SCORE * Z_SCORE / (1 - share))
