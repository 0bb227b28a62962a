"""Training tags one by one: the loss of a tagger without scores of steps."""

import numpy as np
from numpy.typing import NDArray


def cross_entropy(
    scores: NDArray[np.floating], gold: NDArray[np.int64]
) -> tuple[float, NDArray[np.floating]]:
    """Negative log-likelihood of each gold tag by itself, and its gradient, for each known tag.

    scores (NDArray): n_words × n_tags, the logits.
    gold (NDArray[int64]): n_words, tags.MISSING, or less, where the tag is not known.
    RETURNS (tuple[float, NDArray]): The loss in nats per known tag; its gradient by the scores.
    """
    d_scores = np.zeros_like(scores)
    (known,) = np.nonzero(gold >= 0)
    if not len(known):
        return 0.0, d_scores
    shifted = scores[known] - scores[known].max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    d_scores[known] = np.exp(log_probs)
    d_scores[known, gold[known]] -= 1.0
    return -float(log_probs[np.arange(len(known)), gold[known]].mean()), d_scores / len(known)
