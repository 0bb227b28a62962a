"""A conditional random field of tags (Lafferty et al. 2001): its loss, gradients and marginals."""

import numpy as np
from numpy.typing import NDArray

from . import tags
from .forward_backward import forward_backward, padded_emissions, step_factors
from .packing import groups_of_similar_length

# Bounds of a group of documents. Fewer and larger groups take less time but more padding.
MAX_GROUP_SEQUENCES = 1024
MAX_GROUP_WORDS = 4096

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def crf_loss(
    scores: Floats, transitions: Floats, allowed: Bools, lengths: Ints
) -> tuple[float, Floats, Floats]:
    """Compute the negative log-likelihood of the allowed tags among all legal sequences.

    scores (Floats): n_words × n_tags, the documents' words one after the other.
    transitions (Floats): n_tags × n_tags, the score of each step from row to column. The tag
        before the first word of a document and after its last word is O.
    allowed (Bools): n_words × n_tags, see `gold.allowed_tags`. An I- tag that cannot follow any
        allowed tag of the previous word is read as B-.
    lengths (Ints): n_docs, the number of words of each document.
    RETURNS (tuple[float, Floats, Floats]): The loss in nats per labelled word, and its gradients
        with respect to the scores and the transitions. Gradients of illegal steps are 0. A word is
        labelled if the annotation excludes at least one tag.
    """
    n_words, n_tags = scores.shape
    lengths = lengths[lengths > 0]
    d_scores = np.zeros_like(scores)
    d_factors = np.zeros((n_tags, n_tags))
    n_labelled = n_words - int(allowed.all(axis=1).sum())
    if not n_labelled:
        return 0.0, d_scores, d_factors.astype(transitions.dtype)
    # The partition function of each document is computed twice: over all tags, and over the
    # allowed tags. The loss is the difference of their logarithms. Padding cancels out.
    bound_scores = np.where(_repair_stray_tags(allowed, lengths), scores, -np.inf)
    both_scores = np.concatenate((scores, bound_scores))
    firsts = np.cumsum(lengths) - lengths
    factors = step_factors(transitions)
    loss = 0.0
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        n_docs = len(group)
        both_firsts = np.concatenate((firsts[group], firsts[group] + n_words))
        both_lengths = np.tile(lengths[group], 2)
        emissions, highest, rows = padded_emissions(both_scores, both_firsts, both_lengths)
        before, norms, after = forward_backward(emissions, factors)
        is_free = np.arange(2 * n_docs) < n_docs
        sign = np.where(is_free, 1.0, -1.0)[:, None]
        end = before[-1].sum(axis=1, keepdims=True)
        of_words = sign * (np.log(norms) + highest)
        of_ends = sign * np.log(end)
        loss += float(of_words.sum() + of_ends.sum())
        probabilities = before[:-1] * after
        difference = probabilities[:, :n_docs] - probabilities[:, n_docs:]
        rows_of_docs = rows[:-1, :n_docs]
        is_word = rows_of_docs >= 0
        d_scores[rows_of_docs[is_word]] = difference[is_word] / n_labelled
        # Expected steps without their factors: from word to word, from O to the first word, and
        # from the last word to O.
        arrives = emissions[:-1] * after * (sign / norms[:-1])
        # Products of single steps are so small that BLAS starts no threads.
        d_factors += np.matmul(before[:-2].swapaxes(1, 2), arrives[1:]).sum(axis=0)
        d_factors[tags.OUTSIDE] += arrives[0].sum(axis=0)
        d_factors[:, tags.OUTSIDE] += (before[-2] * (sign / (norms[-1] * end))).sum(axis=0)
    d_transitions = d_factors * factors[0, :, :-1] / n_labelled
    return loss / n_labelled, d_scores, d_transitions.astype(transitions.dtype)


def marginals(scores: Floats, transitions: Floats, lengths: Ints) -> Floats:
    """Return the probability of each tag of each word among all legal sequences.

    For the arguments, see `crf_loss`.

    RETURNS (Floats): n_words × n_tags.
    """
    probabilities = np.zeros(scores.shape)
    lengths = lengths[lengths > 0]
    firsts = np.cumsum(lengths) - lengths
    factors = step_factors(transitions)
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        emissions, _, rows = padded_emissions(scores, firsts[group], lengths[group])
        before, _, after = forward_backward(emissions, factors)
        is_word = rows[:-1] >= 0
        probabilities[rows[:-1][is_word]] = (before[:-1] * after)[is_word]
    return probabilities


def _repair_stray_tags(allowed: Bools, lengths: Ints) -> Bools:
    """Read an I- tag as B- if the word before allows no tag of its entity.

    RETURNS (Bools): n_words × n_tags. Each document has a legal sequence of these tags.
    """
    begins, insides = allowed[:, 1::2], allowed[:, 2::2]
    may_continue = np.zeros_like(insides)
    may_continue[1:] = begins[:-1] | insides[:-1]
    may_continue[np.cumsum(lengths) - lengths] = False
    is_possible = allowed[:, tags.OUTSIDE] | begins.any(axis=1)
    is_stray = ~is_possible & ~(insides & may_continue).any(axis=1)
    legal = allowed.copy()
    legal[is_stray, 1::2] = insides[is_stray]
    legal[is_stray, 2::2] = False
    return legal
