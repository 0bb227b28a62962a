"""Fit the linear tagger of `ngrams`: a conditional random field with sparse features.

Each feature has a row of weights, one for each tag. AdaGrad (Duchi et al. 2011, "Adaptive
Subgradient Methods for Online Learning and Stochastic Optimization") gives rare features a larger
learning rate, and updates only the features that occur in a batch.
"""

from types import EllipsisType

import numpy as np
from numpy.typing import NDArray
from thinc.api import NumpyOps
from thinc.types import Floats1d, Floats2d, FloatsXd

from ..sequences.crf import crf_loss
from ..sequences.packing import Ints

EPOCHS = 8
# Minimum number of batches, all epochs together. A small corpus has more epochs.
MIN_STEPS = 60
# Number of documents in a batch
BATCH_SIZE = 128
# Learning rate of the first batch. It decreases linearly to 0.
RATE = 0.1
# Share of the features of each word that are hidden in a batch, for regularization
DROPOUT = 0.2
EPSILON = 1e-8


def fit_weights(
    features: Ints,
    allowed: NDArray[np.bool_],
    lengths: Ints,
    *,
    n_rows: int,
    old_scores: Floats2d,
    old_transitions: Floats2d,
) -> tuple[Floats2d, Floats1d, Floats2d]:
    """Find the weights that make the allowed tags probable.

    Batches and dropout depend on numpy's global seed.

    features (NDArray[int64]): n_words × n_features, each word's rows; 0 for none.
    allowed (NDArray[bool]): n_words × n_tags, see `gold.allowed_tags`.
    lengths (NDArray[int64]): n_docs, the number of words of each.
    n_rows (int): The number of rows of weights.
    old_scores (Floats2d): n_words × n_old_tags, the scores of the first tags, which stay as they
        are.
    old_transitions (Floats2d): n_old_tags × n_old_tags, the transitions between these tags.
    RETURNS (tuple): Weights, n_rows × n_new_tags, where row 0 is 0; the bias of the new tags,
        n_new_tags; transitions, n_tags × n_tags.
    """
    n_tags, n_old = allowed.shape[1], old_scores.shape[1]
    weights = _AdaGrad((n_rows, n_tags - n_old))
    bias = _AdaGrad((n_tags - n_old,))
    transitions = _AdaGrad((n_tags, n_tags))
    transitions.values[:n_old, :n_old] = old_transitions
    rng = np.random.default_rng(np.random.randint(2**31))
    ends = np.cumsum(lengths)
    words_by_doc = np.split(np.arange(len(features)), ends[:-1])
    n_batches = -(-len(lengths) // BATCH_SIZE)
    n_epochs = max(EPOCHS, -(-MIN_STEPS // n_batches))
    n_steps = n_epochs * n_batches
    for step in range(n_steps):
        batch = step % n_batches
        if batch == 0:
            order = rng.permutation(len(lengths))
        docs = order[batch * BATCH_SIZE : (batch + 1) * BATCH_SIZE]
        words = np.concatenate([words_by_doc[doc] for doc in docs])
        is_hidden = rng.random((len(words), features.shape[1])) < DROPOUT
        shown = np.where(is_hidden, 0, features[words])
        shown_sum = weights.values[shown].sum(axis=1)
        new_scores = shown_sum / (1 - DROPOUT) + bias.values
        scores = np.concatenate((old_scores[words], new_scores), axis=1)
        _, d_scores, d_transitions = crf_loss(
            scores, transitions.values, allowed[words], lengths[docs]
        )
        d_scores = d_scores[:, n_old:]
        d_transitions[:n_old, :n_old] = 0.0
        rate = RATE * (1 - step / n_steps)
        d_shown = d_scores / (1 - DROPOUT)
        rows, d_rows = _sum_by_row(shown, d_shown)
        weights.update(d_rows, rate, rows)
        bias.update(d_scores.sum(axis=0), rate)
        transitions.update(d_transitions, rate)
    return weights.values, bias.values, transitions.values


class _AdaGrad:
    """Weights, at first 0, and the sums of their squared gradients."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.values = np.zeros(shape, dtype="float32")
        self._squares = np.zeros(shape, dtype="float32")

    def update(self, gradient: FloatsXd, rate: float, rows: Ints | EllipsisType = ...) -> None:
        """Update all rows, or some distinct ones."""
        self._squares[rows] += gradient**2
        norms = np.sqrt(self._squares[rows]) + EPSILON
        self.values[rows] -= rate * gradient / norms


def _sum_by_row(features: Ints, d_scores: Floats2d) -> tuple[Ints, Floats2d]:
    """For each row of weights, sum the gradients of the words that have its feature.

    RETURNS (tuple): The rows that occur, without 0; n_rows × n_tags, their gradients.
    """
    rows, places = np.unique(features, return_inverse=True)
    sums = np.zeros((len(rows), d_scores.shape[1]), dtype="float32")
    by_feature = d_scores.repeat(features.shape[1], axis=0)
    NumpyOps().scatter_add(sums, places.ravel().astype("int32"), by_feature)
    has_row = rows > 0
    return rows[has_row], sums[has_row]
