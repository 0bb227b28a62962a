"""Combine the scores of two taggers by a weighted mean.

This is a product of experts (Hinton 2002, "Training Products of Experts by Minimizing Contrastive
Divergence"): the product of their distributions, each to the power of its weight.
"""

from thinc.api import get_array_module
from thinc.types import Floats2d

# Weight of the n-grams. The network has the rest.
NGRAMS_SHARE = 0.5


def mixed_scores(scores: Floats2d, others: Floats2d) -> Floats2d:
    """Combine the scores of the network and of the n-grams.

    A tag that was added after the n-grams were fitted keeps its distance from the best other tag.

    scores (Floats2d): n_words × n_tags, of the network.
    others (Floats2d): n_words × n_old_tags, of the n-grams.
    RETURNS (Floats2d): n_words × n_tags.
    """
    n_old = others.shape[1]
    old = scores[:, :n_old]
    mixture = old + NGRAMS_SHARE * (others - old)
    if n_old in (0, scores.shape[1]):
        return mixture if n_old else scores
    shift = mixture.max(axis=1, keepdims=True) - old.max(axis=1, keepdims=True)
    return get_array_module(scores).concatenate((mixture, scores[:, n_old:] + shift), axis=1)


def mixed_transitions(transitions: Floats2d, others: Floats2d) -> Floats2d:
    """Combine the scores of transitions. Those of added tags are the network's.

    transitions (Floats2d): n_tags × n_tags, of the network.
    others (Floats2d): n_old_tags × n_old_tags, of the n-grams.
    """
    n_old = len(others)
    mixture = transitions.copy()
    mixture[:n_old, :n_old] += NGRAMS_SHARE * (others - mixture[:n_old, :n_old])
    return mixture


def d_unmixed(gradient: Floats2d, n_old: int, *, n_rows: int | None = None) -> Floats2d:
    """Return the gradient with respect to the network's scores or transitions.

    The shift of added tags by the scores of old tags is neglected.

    gradient (Floats2d): n_rows × n_tags, the gradient with respect to the combined scores.
    n_old (int): Number of tags that the n-grams have.
    n_rows (int | None): Number of rows that are combined; None for all.
    """
    gradient = gradient.copy()
    gradient[:n_rows, :n_old] *= 1 - NGRAMS_SHARE
    return gradient
