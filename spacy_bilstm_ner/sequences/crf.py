"""A conditional random field of tags (Lafferty et al. 2001): its loss, gradients and marginals."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import tags
from .forward_backward import forward_backward, padded_emissions, step_factors
from .packing import groups_of_similar_length

# Bounds of a group of documents. Larger groups need fewer calls of numpy but more padding.
MAX_GROUP_SEQUENCES = 1024
MAX_GROUP_WORDS = 4096

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def crf_loss(
    scores: Floats, transitions: Floats | None, allowed: Bools, lengths: Ints
) -> tuple[float, Floats, Floats]:
    """Compute the negative log-likelihood of the allowed tags among all legal sequences.

    scores (Floats): n_words × n_tags, the documents' words one after the other.
    transitions (Floats | None): n_tags × n_tags, the score of each step from row to column. The tag
        before the first word of a document and after its last word is O. With None, all sequences
        count as legal, and the loss is the cross-entropy of each word.
    allowed (Bools): n_words × n_tags, see `gold.allowed_tags`. They must allow a legal sequence for
        each document.
    lengths (Ints): n_docs, the number of words of each document.
    RETURNS (tuple[float, Floats, Floats]): The loss in nats per labelled word, and its gradients
        with respect to the scores and the transitions. Gradients of illegal steps are 0. A word is
        labelled if the annotation excludes at least one tag.
    """
    n_labelled = max(1, len(scores) - int(allowed.all(axis=1).sum()))
    lengths = lengths[lengths > 0]
    # The sum over all legal sequences, and the sum over those of the allowed tags
    allowed_scores = np.where(allowed, scores, -np.inf)
    all_sums = _sum_sequences(scores, transitions, lengths)
    allowed_sums = _sum_sequences(allowed_scores, transitions, lengths)
    loss = (all_sums.log_sum - allowed_sums.log_sum) / n_labelled
    d_scores = (all_sums.probabilities - allowed_sums.probabilities) / n_labelled
    d_transitions = (all_sums.steps - allowed_sums.steps) / n_labelled
    return loss, d_scores.astype(scores.dtype), d_transitions.astype(scores.dtype)


def marginals(scores: Floats, transitions: Floats, lengths: Ints) -> Floats:
    """Return the probability of each tag of each word among all legal sequences.

    For the arguments, see `crf_loss`.

    RETURNS (Floats): n_words × n_tags.
    """
    return _sum_sequences(scores, transitions, lengths[lengths > 0]).probabilities


class Sums(NamedTuple):
    """Sums over all sequences of tags.

    `log_sum` and `steps` include padding, and `log_sum` lacks the constant that `step_factors`
    subtracts. Both cancel out in the difference between two calls with the same documents, so only
    differences have a meaning.
    """

    log_sum: float  # the logarithm of the sum of the weights
    probabilities: Floats  # n_words × n_tags, of each tag of each word
    steps: Floats  # n_tags × n_tags, the expected number of steps from row to column


def _sum_sequences(scores: Floats, transitions: Floats | None, lengths: Ints) -> Sums:
    # `lengths` has no zeros here.
    n_tags = scores.shape[1]
    factors = np.ones((2, n_tags, n_tags + 1))
    if transitions is not None:
        factors = step_factors(transitions)
    log_sum = 0.0
    probabilities = np.zeros(scores.shape)
    steps = np.zeros((n_tags, n_tags))
    firsts = np.cumsum(lengths) - lengths
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        emissions, highest, rows = padded_emissions(scores, firsts[group], lengths[group])
        before, norms, after = forward_backward(emissions, factors)
        end_weights = before[-1].sum(axis=1, keepdims=True)
        log_sum += float(np.log(norms).sum() + highest.sum() + np.log(end_weights).sum())
        is_word = rows[:-1] >= 0
        probabilities_of_group = before[:-1] * after
        probabilities[rows[:-1][is_word]] = probabilities_of_group[is_word]
        # The expected number of each step, divided by the factor of the step. Steps lead from word
        # to word, from O to the first word, and from the last word to O.
        arrives = emissions[:-1] * after / norms[:-1]
        # With few labels, products of single steps are so small that BLAS starts no threads.
        steps += np.matmul(before[:-2].swapaxes(1, 2), arrives[1:]).sum(axis=0)
        steps[tags.OUTSIDE] += arrives[0].sum(axis=0)
        steps[:, tags.OUTSIDE] += (before[-2] / (norms[-1] * end_weights)).sum(axis=0)
    return Sums(log_sum, probabilities, steps * factors[0, :, :-1])
