"""Fitting the linear tagger of `ngrams`: a sparse conditional random field.

Each word has a few features, each feature a row of weights, one for each tag. By AdaGrad (Duchi et
al. 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization") a feature
that is rare learns as much as one that is frequent, and features that a batch does not have cost
nothing.
"""

import logging

import numpy as np
from numpy.typing import NDArray
from thinc.types import Floats1d, Floats2d, FloatsXd

from ..sequences.crf import crf_loss

EPOCHS = 8
# Documents
BATCH_SIZE = 128
# At first; it falls to 0.
RATE = 0.1
# Share of each word's features that are hidden, so that each learns to do without the others.
DROPOUT = 0.2
EPSILON = 1e-8

# spaCy's, which `spacy train` shows
LOGGER = logging.getLogger("spacy")


def fit_weights(
    features: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    lengths: NDArray[np.int64],
    *,
    n_rows: int,
    n_tags: int,
) -> tuple[Floats2d, Floats1d, Floats2d]:
    """Find the weights that make the allowed tags probable. What is drawn at random follows from
    numpy's seed.

    features (NDArray[int64]): n_words × n_features, each word's rows; 0 for none.
    allowed (NDArray[bool]): n_words × n_tags, see `gold.allowed_tags`.
    lengths (NDArray[int64]): n_docs, the number of words of each.
    RETURNS (tuple): Weights, n_rows × n_tags, row 0 being 0; the tags' bias, n_tags; transitions,
        n_tags × n_tags.
    """
    weights, bias = np.zeros((n_rows, n_tags), dtype="float32"), np.zeros(n_tags, dtype="float32")
    transitions = np.zeros((n_tags, n_tags), dtype="float32")
    squares = [np.zeros_like(params) for params in (weights, bias, transitions)]
    rng = np.random.default_rng(np.random.randint(2**31))
    firsts = np.cumsum(lengths) - lengths
    n_batches = -(-len(lengths) // BATCH_SIZE)
    n_steps = EPOCHS * n_batches
    losses: list[float] = []
    for step in range(n_steps):
        if step % n_batches == 0:
            order = rng.permutation(len(lengths))
            losses = []
        docs = order[step % n_batches * BATCH_SIZE :][:BATCH_SIZE]
        n = lengths[docs]
        words = np.repeat(firsts[docs] - (np.cumsum(n) - n), n) + np.arange(n.sum())
        shown = np.where(rng.random((len(words), features.shape[1])) < DROPOUT, 0, features[words])
        scores = weights[shown].sum(axis=1) / (1 - DROPOUT) + bias
        loss, d_scores, d_transitions = crf_loss(scores, transitions, allowed[words], n)
        losses.append(loss)
        rate = RATE * (1 - step / n_steps)
        rows, d_rows = _sum_by_row(shown, d_scores / (1 - DROPOUT))
        weights[rows], squares[0][rows] = _stepped(weights[rows], squares[0][rows], d_rows, rate)
        bias, squares[1] = _stepped(bias, squares[1], d_scores.sum(axis=0), rate)
        transitions, squares[2] = _stepped(transitions, squares[2], d_transitions, rate)
    LOGGER.info(
        f"Fitted n-grams: {n_rows - 1:,} weights per tag, {len(lengths):,} examples, loss {np.mean(losses or 0):.4f}"
    )
    return weights, bias, transitions


def _sum_by_row(
    features: NDArray[np.int64], d_scores: Floats2d
) -> tuple[NDArray[np.int64], Floats2d]:
    """The rows that there are, without 0, and for each the sum of the gradients of the words that
    have it."""
    flat = features.ravel()
    order = np.argsort(flat, kind="stable")
    order = order[np.searchsorted(flat[order], 1) :]
    if not len(order):
        return order, d_scores[:0]
    rows = flat[order]
    first = np.flatnonzero(np.diff(rows, prepend=0))
    return rows[first], np.add.reduceat(d_scores[order // features.shape[1]], first, axis=0)


def _stepped(
    params: FloatsXd, squares: FloatsXd, gradient: FloatsXd, rate: float
) -> tuple[FloatsXd, FloatsXd]:
    squares = squares + gradient**2
    return params - rate * gradient / (np.sqrt(squares) + EPSILON), squares
