"""Decoding against brute force over all legal tag sequences."""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from spacy_bilstm_ner.sequences import decoding, tags
from spacy_bilstm_ner.sequences.decoding import MIN_SPAN_PROBABILITY, Spans, choose, decode
from spacy_bilstm_ner.sequences.forward_backward import legal_steps

Probabilities = dict[tuple[int, int, int], float]


def as_dict(spans: Spans) -> Probabilities:
    """(start, end, label) → confidence."""
    keys = zip(spans.start.tolist(), spans.end.tolist(), spans.label.tolist(), strict=True)
    return dict(zip(keys, spans.confidence.tolist(), strict=True))


def logs(probs: list[list[float]]) -> np.ndarray:
    return np.log(np.array(probs)).astype("float32")


def is_legal(path: tuple[int, ...]) -> bool:
    """Each I-x follows a B-x or an I-x; label x has B- in column 1 + 2x and I- in column 2 + 2x."""
    pairs = pairwise((tags.OUTSIDE, *path))
    return all(tag == 0 or tag % 2 == 1 or before in (tag - 1, tag) for before, tag in pairs)


def spans_of_path(path: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    for start, tag in enumerate(path):
        if tag % 2 == 1:
            end = start + 1
            while end < len(path) and path[end] == tag + 1:
                end += 1
            yield start, end, (tag - 1) // 2


def brute_force(scores: np.ndarray, transitions: np.ndarray | None = None) -> Probabilities:
    """The spans that have a share of at least MIN_SPAN_PROBABILITY of all legal paths, each with
    its share."""
    n_tags = scores.shape[1]
    steps = np.zeros((n_tags, n_tags)) if transitions is None else transitions.astype("float64")
    exps = np.exp(scores.astype("float64"))
    probs = exps / exps.sum(axis=1, keepdims=True)
    weights = {
        path: float(np.prod([probs[i, tag] for i, tag in enumerate(path)]))
        * float(np.exp(sum(steps[pair] for pair in pairwise((0, *path, 0)))))
        for path in product(range(n_tags), repeat=len(scores))
        if is_legal(path)
    }
    total = sum(weights.values())
    shares: Probabilities = {}
    for path, weight in weights.items():
        for span in spans_of_path(path):
            shares[span] = shares.get(span, 0.0) + weight / total
    return {span: share for span, share in sorted(shares.items()) if share >= MIN_SPAN_PROBABILITY}


def log_total(scores: np.ndarray, allowed: np.ndarray | None = None, plus=np.logaddexp) -> float:
    """Log of the sum (or, with plus=np.maximum, the best) over legal paths of allowed tags."""
    scores = scores.astype("float64")
    scores = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    n_labels = (scores.shape[1] - 1) // 2
    total, inside = 0.0, np.full(n_labels, -np.inf)
    for row in scores:
        inside = plus(total + row[1::2], inside + row[2::2])
        total = plus.reduce([total + row[0], *inside])
    return float(total)


def log_probability(scores: np.ndarray, start: int, end: int, label: int) -> float:
    """Log of the probability that exactly this span has this label, in log space."""
    allowed = np.ones(scores.shape, dtype=bool)
    allowed[start:end] = False
    allowed[start, tags.begin(label)] = True
    allowed[start + 1 : end, tags.inside(label)] = True
    if end < len(scores):
        allowed[end, tags.inside(label)] = False
    return log_total(scores, allowed) - log_total(scores)


def random_scores(rng: np.random.Generator, n_tokens: int, n_labels: int, scale=1.5) -> np.ndarray:
    return rng.normal(scale=scale, size=(n_tokens, tags.n_tags(n_labels))).astype("float32")


def random_transitions(rng: np.random.Generator, n_labels: int, scale: float) -> np.ndarray:
    n_tags = tags.n_tags(n_labels)
    return rng.normal(scale=scale, size=(n_tags, n_tags)).astype("float32")


def assert_same(spans: Probabilities, expected: Probabilities, atol: float = 1e-5) -> None:
    assert list(spans) == list(expected)
    assert_allclose(list(spans.values()), list(expected.values()), atol=atol)


def test_by_hand():
    # Legal: OO .06, OB .02, BO .18, BB .06, BI .36; together .68.
    spans = decode(logs([[0.2, 0.6, 0.2], [0.3, 0.1, 0.6]]), np.array([2]))
    assert as_dict(spans) == {
        (0, 1, 0): pytest.approx(0.24 / 0.68),
        (0, 2, 0): pytest.approx(0.36 / 0.68),
        (1, 2, 0): pytest.approx(0.08 / 0.68),
    }


def test_no_entity_spans_two_documents():
    begin, inside = [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]
    scores = np.array([begin, inside, inside, inside], dtype="float32")
    assert list(as_dict(decode(scores, np.array([4])))) == [(0, 4, 0)]
    # In the second document, "inside" has nothing to go on from.
    spans = as_dict(decode(scores, np.array([2, 2])))
    assert spans[0, 2, 0] > 0.9
    assert all(start == 2 or end == 2 for start, end, _ in spans if end > 2)


def test_a_word_that_begins_an_entity_only_because_of_the_next_word():
    scores = np.array([[8, 0, -20], [0, 0, 12]], dtype="float32")
    assert_same(as_dict(decode(scores, np.array([2]))), brute_force(scores))


def test_outside_tokens_are_in_no_entity():
    rng = np.random.default_rng(0)
    for _ in range(30):
        scores = random_scores(rng, 5, 2)
        outside = rng.random(5) < 0.3
        forced = scores.copy()
        forced[outside, 1:] = -80.0
        spans = as_dict(decode(scores, np.array([5]), outside=outside))
        assert_same(spans, brute_force(forced))
        assert not any(outside[start:end].any() for start, end, _ in spans)


def test_the_arguments_are_left_alone():
    scores = random_scores(np.random.default_rng(0), 4, 1)
    outside = np.array([True, False, False, True])
    before = scores.copy(), outside.copy()
    decode(scores, np.array([4]), outside=outside)
    assert (scores == before[0]).all()
    assert (outside == before[1]).all()


def test_no_tokens_no_entities():
    assert not as_dict(decode(np.zeros((0, 5), dtype="float32"), np.array([0, 0])))


def test_a_long_document_neither_underflows_nor_drifts():
    rng = np.random.default_rng(0)
    n_tokens = 3000
    scores = random_scores(rng, n_tokens, 2, scale=1.0)
    spans = as_dict(decode(scores, np.array([n_tokens])))
    assert len(spans) > 500
    for span in list(spans)[::100]:
        assert spans[span] == pytest.approx(np.exp(log_probability(scores, *span)), abs=1e-4)


def test_a_very_long_entity():
    scores = np.tile(np.array([0.0, -5.0, 9.0], dtype="float32"), (2000, 1))
    scores[0] = [0.0, 5.0, -5.0]
    spans = as_dict(decode(scores, np.array([2000])))
    assert max(spans, key=lambda span: spans[span]) == (0, 2000, 0)
    assert spans[0, 2000, 0] == pytest.approx(np.exp(log_probability(scores, 0, 2000, 0)), abs=1e-4)


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("score", [-1e4, -200.0, 200.0, 1e4])
def test_one_absurd_token_costs_no_other_its_entities(column, score):
    rng = np.random.default_rng(1)
    scores = np.zeros((9, 5), dtype="float32")
    scores[1], scores[2] = [0, 6, 0, 0, 0], [0, 0, 6, 0, 0]
    scores[6] = [0, 0, 0, 6, 0]
    scores[4] = rng.normal(size=5)
    scores[4, column] = score
    spans = as_dict(decode(scores, np.array([9])))
    assert {(1, 3, 0), (6, 7, 1)} <= set(spans)
    for span, confidence in spans.items():
        assert confidence == pytest.approx(np.exp(log_probability(scores, *span)), abs=1e-3)


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_the_shortcut_for_certain_tokens_changes_next_to_nothing(scale, monkeypatch):
    rng = np.random.default_rng(0)
    n_certain, errors = 0, []
    for _ in range(200):
        scores = random_scores(rng, 40, 2)
        transitions = random_transitions(rng, 2, scale)
        # Around the bound: some of these tokens are certain, some just not.
        o_like = rng.random(40) < 0.7
        scores[o_like, 0] += rng.uniform(6, 20, size=o_like.sum())
        # What I- scores where nothing has begun means nothing.
        scores[o_like, 2] += rng.uniform(0, 6, size=o_like.sum())
        steps = decoding._prepare_transitions(transitions.tobytes(), "<f4", 5)
        n_certain += int(
            (decoding._odds_of_cover(scores, np.array([0]), steps) <= decoding.MAX_COVER_ODDS).sum()
        )
        spans = as_dict(decode(scores, np.array([40]), transitions=transitions))
        with monkeypatch.context() as patch:
            patch.setattr(decoding, "MAX_COVER_ODDS", -2.0)
            expected = as_dict(decode(scores, np.array([40]), transitions=transitions))
        # A span that is missing on one side may be just below the least probability there.
        least = MIN_SPAN_PROBABILITY
        errors += [
            abs(spans.get(span, least) - expected.get(span, least)) for span in spans | expected
        ]
    assert n_certain > 300
    assert np.quantile(errors, 0.95) < 0.001
    assert max(errors) < 0.02


def test_transitions_turn_a_token_that_is_o_by_itself():
    scores = logs([[0.9998, 0.0001, 0.0001]])
    transitions = np.zeros((3, 3), dtype="float32")
    assert not as_dict(decode(scores, np.array([1]), transitions=transitions))
    # From O to B- and back.
    transitions[0, 1], transitions[1, 0] = 6.0, 6.0
    spans = as_dict(decode(scores, np.array([1]), transitions=transitions))
    odds = 0.0001 / 0.9998 * np.exp(12)
    assert spans == {(0, 1, 0): pytest.approx(odds / (1 + odds), abs=1e-4)}


@pytest.mark.parametrize("n_labels", [0, 1, 2, 3])
@pytest.mark.parametrize("n_tokens", [1, 2, 3, 4])
@pytest.mark.parametrize("scale", [0.0, 2.0])
def test_one_document_equals_brute_force(n_tokens, n_labels, scale):
    rng = np.random.default_rng(10 * n_tokens + n_labels)
    for _ in range(20):
        scores, transitions = (
            random_scores(rng, n_tokens, n_labels),
            random_transitions(rng, n_labels, scale),
        )
        spans = decode(scores, np.array([n_tokens]), transitions=transitions)
        assert_same(as_dict(spans), brute_force(scores, transitions))


def test_with_transitions_a_batch_equals_its_documents():
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 60, size=200)
    scores, transitions = random_scores(rng, int(lengths.sum()), 3), random_transitions(rng, 3, 1.0)
    scores[:, 0] += rng.uniform(0, 12, size=len(scores))
    spans = as_dict(decode(scores, lengths, transitions=transitions))
    expected: Probabilities = {}
    for first, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        doc_spans = as_dict(
            decode(scores[first : first + length], np.array([length]), transitions=transitions)
        )
        expected |= {
            (first + start, first + end, label): p for (start, end, label), p in doc_spans.items()
        }
    assert len(expected) > 100
    assert_same(spans, expected)


@pytest.mark.parametrize("block", [1, 7, 100])
def test_small_blocks_change_nothing(block, monkeypatch):
    rng = np.random.default_rng(0)
    scores, transitions = random_scores(rng, 400, 3), random_transitions(rng, 3, 1.0)
    scores[:, 0] += rng.uniform(0, 12, size=len(scores))
    lengths = np.array([250, 0, 150])
    expected = as_dict(decode(scores, lengths, transitions=transitions))
    monkeypatch.setattr(decoding, "MAX_GROUP_WORDS", block)
    assert_same(as_dict(decode(scores, lengths, transitions=transitions)), expected, atol=1e-6)


def test_illegal_transitions_count_for_nothing():
    rng = np.random.default_rng(0)
    scores, transitions = random_scores(rng, 6, 2), random_transitions(rng, 2, 1.0)
    before = as_dict(decode(scores, np.array([6]), transitions=transitions))
    transitions[~legal_steps(5)] = 40.0
    assert_same(as_dict(decode(scores, np.array([6]), transitions=transitions)), before)


def spans_of(rows: list[tuple[int, int, int, float]]) -> Spans:
    start, end, label, confidence = (np.array(column) for column in zip(*rows, strict=True))
    return Spans(start, end, label, confidence)


def chosen(
    rows: list[tuple[int, int, int, float]], least: list[float]
) -> list[tuple[int, int, int]]:
    return list(as_dict(choose(spans_of(rows), np.array(least))))


def test_each_label_has_its_own_least_probability():
    rows = [(0, 1, 0, 0.5), (2, 3, 0, 0.49), (4, 5, 1, 0.2), (6, 7, 1, 0.19)]
    assert chosen(rows, [0.5, 0.2]) == [(0, 1, 0), (4, 5, 1)]


def test_of_spans_that_overlap_the_most_probable_stays():
    rows = [(0, 2, 0, 0.2), (1, 3, 0, 0.5), (2, 5, 0, 0.3), (3, 4, 1, 0.1), (5, 6, 0, 0.2)]
    assert chosen(rows, [0.1, 0.1]) == [(1, 3, 0), (3, 4, 1), (5, 6, 0)]


def test_the_threshold_of_a_label_does_not_affect_other_labels():
    rows = [(0, 1, 0, 0.45), (0, 1, 1, 0.3), (2, 3, 0, 0.3)]
    assert chosen(rows, [0.4, 0.1]) == [(0, 1, 0)]
    assert chosen(rows, [0.5, 0.1]) == []
    assert chosen(rows, [0.1, 0.9]) == [(0, 1, 0), (2, 3, 0)]


def test_choose_without_spans():
    assert not as_dict(choose(decoding.NO_SPANS, np.array([0.5])))
    assert not as_dict(choose(decoding.NO_SPANS, np.array([])))
