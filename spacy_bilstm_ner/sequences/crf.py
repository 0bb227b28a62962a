"""Training a chain of tags (a conditional random field, Lafferty et al. 2001): its loss and gradients."""

import numpy as np
from numpy.typing import NDArray

from . import tags
from .forward_backward import forward_backward, legal_steps, padded_emissions, step_factors
from .packing import groups_of_similar_length

# What is held at once. Fewer and larger groups cost less time but more padding.
MAX_GROUP_SEQUENCES = 1024
MAX_GROUP_WORDS = 4096

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


def crf_loss(
    scores: Floats, transitions: Floats, gold: Ints, lengths: Ints
) -> tuple[float, Floats, Floats]:
    """Negative log-likelihood of the gold tags among all legal sequences, and its gradients, for each known tag.

    scores (Floats): n_words × n_tags, the documents' words one after the other.
    transitions (Floats): n_tags × n_tags, the score of each step from row to column. O stands before a document's
        first word and behind its last.
    gold (Ints): n_words, tags.MISSING where any tag may be right, and `tags.none_of` some labels where all others may.
        An I- tag that nothing before it allows is read as B-.
    lengths (Ints): n_docs, the number of words of each document.
    RETURNS (tuple[float, Floats, Floats]): The loss in nats per known tag; its gradients by the scores and by the
        transitions, 0 for illegal steps.
    """
    n_words, n_tags = scores.shape
    # An empty document has no tags, and no place of its own in a group.
    lengths = lengths[lengths > 0]
    d_scores, counts = np.zeros_like(scores), np.zeros((n_tags, n_tags))
    n_known = int((gold != tags.MISSING).sum())
    if not n_known:
        return 0.0, d_scores, counts.astype(transitions.dtype)
    # Each document twice, side by side: once free, once bound to the gold tags. The loss is the difference. Steps in
    # the padding are the same in both, and so cancel out.
    both = np.concatenate((scores, np.where(_allowed(gold, lengths, n_tags), scores, -np.inf)))
    firsts = np.cumsum(lengths) - lengths
    factors = step_factors(transitions)
    value = 0.0
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        n = len(group)
        emissions, highest, rows = padded_emissions(
            both,
            np.concatenate((firsts[group], firsts[group] + n_words)),
            np.tile(lengths[group], 2),
        )
        before, norms, after = forward_backward(emissions, factors)
        sign = np.where(np.arange(2 * n) < n, 1.0, -1.0)[:, None]
        end = before[-1].sum(axis=1, keepdims=True)
        value += float((sign * (np.log(norms) + highest)).sum() + (sign * np.log(end)).sum())
        probabilities = before[:-1] * after
        of_words = rows[:-1, :n] >= 0
        d_scores[rows[:-1, :n][of_words]] = (probabilities[:, :n] - probabilities[:, n:])[
            of_words
        ] / n_known
        # Expected steps, but for their factors: from word to word, from O to a first word, to O behind the last one.
        arrives = emissions[:-1] * after * (sign / norms[:-1])
        counts += before[:-2].reshape(-1, n_tags).T @ arrives[1:].reshape(-1, n_tags)
        counts[tags.OUTSIDE] += arrives[0].sum(axis=0)
        counts[:, tags.OUTSIDE] += (before[-2] * (sign / (norms[-1] * end))).sum(axis=0)
    d_transitions = counts * factors[0, :, :-1] / n_known
    return value / n_known, d_scores, d_transitions.astype(transitions.dtype)


def marginals(scores: Floats, transitions: Floats, lengths: Ints) -> Floats:
    """How probable each tag of each word is, n_words × n_tags, among all legal sequences. For the arguments, see
    `crf_loss`."""
    found = np.zeros(scores.shape)
    lengths = lengths[lengths > 0]
    firsts = np.cumsum(lengths) - lengths
    factors = step_factors(transitions)
    for group in groups_of_similar_length(
        lengths, max_sequences=MAX_GROUP_SEQUENCES, max_words=MAX_GROUP_WORDS
    ):
        emissions, _, rows = padded_emissions(scores, firsts[group], lengths[group])
        before, _, after = forward_backward(emissions, factors)
        of_words = rows[:-1] >= 0
        found[rows[:-1][of_words]] = (before[:-1] * after)[of_words]
    return found


def _allowed(gold: Ints, lengths: Ints, n_tags: int) -> NDArray[np.bool_]:
    """n_words × n_tags, the tags that agree with the gold ones. Always leaves a legal sequence."""
    previous = np.concatenate(([tags.OUTSIDE], gold[:-1]))
    previous[np.cumsum(lengths) - lengths] = tags.OUTSIDE
    known = gold >= 0
    # An entity whose label the word before cannot have begins here.
    labels = np.clip((gold - 1) // 2, 0, tags.MAX_EXCLUDED)
    previous[(previous < 0) & (tags.MISSING - previous >> labels & 1 == 1)] = tags.OUTSIDE
    stray = known & (previous >= 0) & ~legal_steps(n_tags)[previous, gold]
    allowed = np.ones((len(gold), n_tags), dtype=bool)
    allowed[known] = False
    allowed[known, (gold - stray)[known]] = True
    excluded = np.where(known, 0, tags.MISSING - gold)
    for label in range(min(n_tags // 2, tags.MAX_EXCLUDED) if excluded.any() else 0):
        without = excluded >> label & 1 == 1
        allowed[without, tags.begin(label) : tags.inside(label) + 1] = False
    return allowed
