"""Two taggers decide together: the product of their distributions, each to the power of its share (a product of
experts; Hinton 2002, "Training Products of Experts by Minimizing Contrastive Divergence")."""

from thinc.api import get_array_module
from thinc.types import Floats2d

# What the n-grams' opinion counts: as much as the network's.
NGRAMS_SHARE = 0.5


def mixed_scores(scores: Floats2d, others: Floats2d) -> Floats2d:
    """Mix the network's scores, n_words × n_tags, with the n-grams', n_words × n_old_tags. Tags that were added after
    the n-grams were fitted keep the distance from the best other tag that the network gives them."""
    n_old = others.shape[1]
    old = scores[:, :n_old]
    mixture = old + NGRAMS_SHARE * (others - old)
    if n_old in (0, scores.shape[1]):
        return mixture if n_old else scores
    shift = mixture.max(axis=1, keepdims=True) - old.max(axis=1, keepdims=True)
    return get_array_module(scores).concatenate((mixture, scores[:, n_old:] + shift), axis=1)


def mixed_transitions(transitions: Floats2d, others: Floats2d) -> Floats2d:
    """Mix the scores of steps from tag to tag likewise; steps of added tags are the network's."""
    n_old = len(others)
    mixture = transitions.copy()
    mixture[:n_old, :n_old] += NGRAMS_SHARE * (others - mixture[:n_old, :n_old])
    return mixture


def d_unmixed(gradient: Floats2d, n_old: int, *, n_rows: int | None = None) -> Floats2d:
    """The gradient by the network's own scores, of words or of steps, from that by the mixture: of `n_old` tags, in all
    rows or the first `n_rows`. Old tags' scores shift those of added ones, too, which is left out."""
    gradient = gradient.copy()
    gradient[:n_rows, :n_old] *= 1 - NGRAMS_SHARE
    return gradient
