"""Compute candidate spans and their probabilities from tag scores, and choose among them.

The probability of a BIO sequence grows with the sum of the scores of its tags and transitions. In a
legal sequence, I-x follows B-x or I-x. The probability of a span with a label is the sum of the
probabilities of all legal sequences that contain it, computed by the forward-backward algorithm
(Rabiner 1989). Choosing the most probable spans maximizes the expected number of correct entities
(minimum Bayes risk decoding; Goodman 1996, "Parsing Algorithms and Metrics"). The most probable
sequence does not maximize it.

Most words are certainly O. They divide a text into short islands of other words. Only islands that
may contain an entity are decoded, all islands of a batch at the same time.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import tags
from .forward_backward import forward_backward, legal_steps, padded_emissions, step_factors
from .packing import groups_of_similar_length

# Less probable spans are not candidates.
MIN_SPAN_PROBABILITY = 0.05
# A word counts as certainly O if the upper bound of the odds that an entity covers it is at most
# this.
MAX_COVER_ODDS = 0.001
# The upper bound for a word uses the scores of this many words, of which it is the last, and of the
# next word. It assumes that an entity may have begun at any earlier word.
LOOK_BACK = 3
# Maximum number of words that are decoded at once, so that they fit into the processor's cache
MAX_GROUP_WORDS = 1024
# The score of an illegal transition. It is lower than any sum of scores.
ILLEGAL_STEP = np.float32(-1e30)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
# The factors of transitions, see `step_factors`; and the gain of each tag except O, n_tags - 1. The
# gain of a tag is the most that its transitions can add to a score, compared with those of O.
FactorsAndGains = tuple[Doubles, Floats]
# Starts, ends, labels and probabilities of spans, in any order
SpanArrays = tuple[Ints, Ints, Ints, Doubles]


@dataclass(frozen=True)
class Spans:
    """Spans of a batch, ordered by position: parallel arrays of n_spans.

    `decode` returns indices of words. `BiLSTMNER.predict` replaces them by indices of tokens.
    """

    start: Ints  # index of the first word or token in the batch
    end: Ints  # index after the last word or token
    label: Ints  # index of the label
    confidence: Floats  # probability that the span and its label are correct

    def __getitem__(self, chosen: NDArray) -> "Spans":
        return Spans(
            self.start[chosen], self.end[chosen], self.label[chosen], self.confidence[chosen]
        )


_NO_INTS: Ints = np.zeros(0, dtype=np.int64)
NO_SPANS = Spans(_NO_INTS, _NO_INTS, _NO_INTS, np.zeros(0, dtype="float32"))


def decode(
    scores: Floats,
    lengths: Ints,
    *,
    transitions: Floats | None = None,
    outside: NDArray[np.bool_] | None = None,
) -> Spans:
    """Return the candidate spans of a batch. They may overlap.

    scores (Floats): n_words × n_tags, for the words of all blocks.
    lengths (Ints): n_blocks, the number of words of each block. No span extends over two blocks.
    transitions (Floats | None): n_tags × n_tags, as in `crf_loss`; None for 0.
    outside (NDArray[bool] | None): n_words, True for words that no entity may cover.
    RETURNS (Spans): The spans with a probability of at least MIN_SPAN_PROBABILITY.
    """
    n_tags = scores.shape[1]
    if transitions is None:
        transitions = np.zeros((n_tags, n_tags), dtype="float32")
    prepared = _prepare_transitions(transitions.tobytes(), transitions.dtype.str, n_tags)
    starts = (lengths.cumsum() - lengths)[lengths > 0]
    odds = _odds_of_cover(scores, starts, prepared)
    if outside is not None:
        odds[outside] = 0.0
    firsts, island_lengths = _promising_islands(odds, starts)
    if not len(firsts):
        return NO_SPANS
    parts = []
    for group in groups_of_similar_length(
        island_lengths, max_sequences=MAX_GROUP_WORDS, max_words=MAX_GROUP_WORDS
    ):
        parts += _spans_of_islands(scores, firsts[group], island_lengths[group], prepared)
    start, end, label, confidence = map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((label, end, start))
    return Spans(start, end, label, np.minimum(confidence, 1.0).astype("float32"))[order]


def choose(spans: Spans, min_confidence: NDArray) -> Spans:
    """Choose spans that do not overlap and have the minimum confidence of their label.

    If spans overlap, only the most probable one is considered, even if it is then discarded.
    The minimum of a label therefore does not change which spans of other labels are chosen.

    min_confidence (NDArray): n_labels.
    """
    starts, ends = spans.start.tolist(), spans.end.tolist()
    is_chosen = spans.confidence >= min_confidence[spans.label]
    covered = bytearray(max(ends, default=0))
    by_confidence = np.argsort(-spans.confidence, kind="stable")
    for i in by_confidence.tolist():
        place = slice(starts[i], ends[i])
        if any(covered[place]):
            is_chosen[i] = False
        else:
            covered[place] = b"1" * (ends[i] - starts[i])
    return spans[is_chosen]


# Cached, because this takes as long as decoding a short text.
@lru_cache(maxsize=8)
def _prepare_transitions(values: bytes, dtype: str, n_tags: int) -> FactorsAndGains:
    """Return the factors and the gains of transitions, which are given as the bytes of an array."""
    transitions = np.frombuffer(values, dtype=dtype).reshape(n_tags, n_tags)
    legal = legal_steps(n_tags)
    scores = np.where(legal, transitions, ILLEGAL_STEP).astype("float32")
    arriving = (scores - scores[:, :1]).max(axis=0)
    leaving = (scores - scores[tags.OUTSIDE])[:, legal[tags.OUTSIDE]].max(axis=1)
    return step_factors(transitions), (arriving + leaving)[1:]


def _odds_of_cover(scores: Floats, starts: Ints, prepared: FactorsAndGains) -> Floats:
    """Return an upper bound for the odds that an entity covers each word, n_words.

    The odds of each label are limited to 1, so the bound only holds for odds of at most 1. Of the
    words after a word, only the next one is considered, so the bound is too low in rare cases.
    """
    _, gains = prepared
    odds = scores[:, 1:] + gains
    odds -= scores[:, :1]
    # The limit prevents infinity.
    np.minimum(odds, 80.0, out=odds)
    np.exp(odds, out=odds)
    begin, inside = odds[:, 0::2], odds[:, 1::2]
    # An entity cannot continue from another block.
    inside[starts] = 0.0
    # An I- tag can only continue an entity, so its odds are multiplied by those of the previous
    # word. Otherwise, high I- scores would count where no entity can begin.
    odds_by_label = np.minimum(begin + inside, 1.0)
    for _ in range(LOOK_BACK - 1):
        goes_on = inside[1:] * odds_by_label[:-1]
        odds_by_label = begin.copy()
        odds_by_label[1:] += goes_on
        np.minimum(odds_by_label, 1.0, out=odds_by_label)
    # If the next word probably continues an entity, this word is probably part of the entity.
    odds_by_label[:-1] += goes_on
    return odds_by_label.sum(axis=1)


def _promising_islands(odds: Floats, starts: Ints) -> tuple[Ints, Ints]:
    """Return the first row and the length of each island that may contain a probable span.

    odds (Floats): The result of `_odds_of_cover`.
    """
    is_open = odds > MAX_COVER_ODDS
    goes_on = np.zeros_like(is_open)
    goes_on[1:] = is_open[1:] & is_open[:-1]
    goes_on[starts] = False
    (firsts,) = (is_open & ~goes_on).nonzero()
    # `reduceat` runs from the first word of an island to the first word of the next one. The words
    # between the islands do not count: they are not open, and their odds are lower.
    lengths = np.add.reduceat(is_open, firsts, dtype="int64")
    # Most islands contain no probable span.
    promising = np.maximum.reduceat(odds, firsts) > MIN_SPAN_PROBABILITY
    return firsts[promising], lengths[promising]


def _spans_of_islands(
    scores: Floats, firsts: Ints, lengths: Ints, prepared: FactorsAndGains
) -> list[SpanArrays]:
    """Return the probable spans of islands, separately for each length."""
    emissions, _, _ = padded_emissions(scores, firsts, lengths)
    factors, _ = prepared
    before, norms, after = forward_backward(emissions, factors)
    # All arrays are n_steps × n_islands × n_labels. `extension` is the factor of a span's weight if
    # the next word belongs to the span. `follows` is the weight of everything after this next word.
    inside = emissions[1:, :, 2::2] / norms[1:]
    extension = inside * factors[0, 1::2, 2::2].diagonal()
    follows = np.zeros_like(inside)
    follows[:-1] = after[1:, :, 2::2]
    # For each span that begins at a word and has `length` words so far: the weight of all sequences
    # up to its last word, and the probability that the span has at least these words.
    weight = before[:-1, :, 1::2]
    reach_probability = weight * after[:, :, 1::2]
    length = 1
    parts = []
    while True:
        weight = weight * extension[length - 1 :]
        next_reach = weight * follows[length - 1 :]
        # The probability to end at this word: to reach it, but not the next one
        confidence = (reach_probability - next_reach).ravel()
        # Several times as fast as `nonzero` of three dimensions
        (places,) = (confidence >= MIN_SPAN_PROBABILITY).nonzero()
        step, island, label = np.unravel_index(places, weight.shape)
        start = firsts[island] + step
        parts.append((start, start + length, label, confidence[places]))
        if not (next_reach >= MIN_SPAN_PROBABILITY).any():
            break
        weight, reach_probability = weight[:-1], next_reach[:-1]
        extension = inside * factors[0, 2::2, 2::2].diagonal()
        length += 1
    return parts
