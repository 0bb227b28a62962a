"""The loss of a tagger that scores each word by itself, without transitions."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def cross_entropy(scores: Floats, allowed: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Compute the negative log-likelihood of the allowed tags, and its gradient.

    scores (Floats): n_words × n_tags, the logits.
    allowed (NDArray[bool]): n_words × n_tags, see `gold.allowed_tags`.
    RETURNS (tuple[float, Floats]): The loss in nats per labelled word, and its gradient with
        respect to the scores. A word is labelled if the annotation excludes at least
        one tag.
    """
    d_scores = np.zeros_like(scores)
    is_labelled = ~allowed.all(axis=1)
    n_labelled = int(is_labelled.sum())
    if not n_labelled:
        return 0.0, d_scores
    logits = scores[is_labelled]
    log_all, probabilities = _normalized(logits)
    log_allowed, allowed_probabilities = _normalized(
        np.where(allowed[is_labelled], logits, -np.inf)
    )
    d_scores[is_labelled] = (probabilities - allowed_probabilities) / n_labelled
    return float((log_all - log_allowed).mean()), d_scores


def _normalized(logits: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of each row's sum of exponentials, and the row's probabilities."""
    highest = logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits - highest)
    sums = exponentials.sum(axis=1, keepdims=True)
    return (highest + np.log(sums))[:, 0], exponentials / sums
