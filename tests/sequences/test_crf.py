"""The loss over whole sequences, against brute force over all of them, and its gradients, against differences."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.sequences import crf, tags
from spacy_bilstm_ner.sequences.crf import crf_loss
from spacy_bilstm_ner.sequences.forward_backward import legal_steps

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
# Documents: B-a I-a O | nothing | ? I-a ? B-b I-b | O | ? ?
GOLD = np.array([1, 2, 0, -1, 2, -1, 3, 4, 0, -1, -1])
LENGTHS = np.array([3, 0, 5, 1, 2])


def case(scale: float = 2.0) -> Case:
    rng = np.random.default_rng(0)
    return (
        rng.normal(scale=scale, size=(11, 5)),
        rng.normal(scale=scale, size=(5, 5)),
        GOLD,
        LENGTHS,
    )


def options(gold: int, n_tags: int) -> list[int]:
    """The tags that agree with a gold tag, or with what is known of it."""
    if gold >= 0:
        return [int(gold)]
    return [
        tag
        for tag in range(n_tags)
        if tag == 0 or gold not in map(tags.none_of, subsets_with((tag - 1) // 2))
    ]


def subsets_with(label: int) -> list[list[int]]:
    """Both labels' subsets that have one of them."""
    return [[label], [0, 1]]


def log_sum(scores: np.ndarray, transitions: np.ndarray, gold: np.ndarray) -> float:
    """Log of the sum over the legal paths that agree with the gold tags."""
    legal, n_tags = legal_steps(len(transitions)), len(transitions)
    totals = []
    for path in product(*(options(tag, n_tags) for tag in gold)):
        steps = list(pairwise((0, *path, 0)))
        if all(legal[step] for step in steps):
            emitted = sum(scores[i, tag] for i, tag in enumerate(path))
            totals.append(emitted + sum(transitions[step] for step in steps))
    return float(np.logaddexp.reduce(totals))


def brute_force(
    scores: np.ndarray, transitions: np.ndarray, gold: np.ndarray, lengths: np.ndarray
) -> float:
    total, free = 0.0, np.full(len(gold), tags.MISSING)
    for first, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        doc = slice(first, first + length)
        if length:
            total += log_sum(scores[doc], transitions, free[doc]) - log_sum(
                scores[doc], transitions, gold[doc]
            )
    return total / (gold != tags.MISSING).sum()


def assert_gradients(
    scores: np.ndarray, transitions: np.ndarray, gold: np.ndarray, lengths: np.ndarray
) -> None:
    _, d_scores, d_transitions = crf_loss(scores, transitions, gold, lengths)
    eps = 1e-5
    for values, gradient in ((scores, d_scores), (transitions, d_transitions)):
        for index in np.ndindex(values.shape):
            before = values[index]
            values[index] = before + eps
            up, _, _ = crf_loss(scores, transitions, gold, lengths)
            values[index] = before - eps
            down, _, _ = crf_loss(scores, transitions, gold, lengths)
            values[index] = before
            assert (up - down) / (2 * eps) == pytest.approx(gradient[index], abs=1e-6)


def test_by_hand():
    # One token, and O on both sides. O weighs 1, B e^(1 + 2 + 3), I is illegal.
    scores = np.array([[0.0, 1.0, 50.0]])
    transitions = np.array([[0.0, 2.0, 50.0], [3.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    loss, d_scores, d_transitions = crf_loss(scores, transitions, np.array([1]), np.array([1]))
    p = np.exp(6) / (1 + np.exp(6))
    assert loss == pytest.approx(-np.log(p))
    assert_allclose(d_scores, [[1 - p, p - 1, 0]])
    assert_allclose(d_transitions, [[2 * (1 - p), p - 1, 0], [p - 1, 0, 0], [0, 0, 0]], atol=1e-12)


def test_the_loss_equals_brute_force():
    loss, _, _ = crf_loss(*case())
    assert loss == pytest.approx(brute_force(*case()))


@pytest.mark.parametrize("labels", [[0], [1], [0, 1]])
def test_what_is_known_not_to_be_there(labels):
    scores, transitions, gold, lengths = case()
    gold = np.where(gold == tags.MISSING, tags.none_of(labels), gold)
    # I-a behind a word that is no a: no entity goes on there, one begins.
    behind = gold.copy()
    behind[4] = tags.begin(0) if 0 in labels else gold[4]
    loss, _, _ = crf_loss(scores, transitions, gold, lengths)
    assert loss == pytest.approx(brute_force(scores, transitions, behind, lengths))
    assert_gradients(scores, transitions, gold, lengths)


def test_the_loss_in_single_precision():
    scores, transitions, gold, lengths = case()
    loss, d_scores, d_transitions = crf_loss(
        scores.astype("float32"), transitions.astype("float32"), gold, lengths
    )
    assert loss == pytest.approx(brute_force(*case()), rel=1e-5)
    assert d_scores.dtype == d_transitions.dtype == "float32"


@pytest.mark.parametrize("scale", [0.5, 2.0, 10.0])
def test_gradients(scale):
    assert_gradients(*case(scale))


def test_illegal_steps_are_never_learnt():
    _, _, d_transitions = crf_loss(*case())
    assert_array_equal(d_transitions[~legal_steps(5)], 0)
    assert d_transitions[legal_steps(5)].all()


def test_documents_are_independent():
    scores, transitions, gold, lengths = case()
    whole, d_whole, _ = crf_loss(scores, transitions, gold, lengths)
    total = 0.0
    for first, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        doc = slice(first, first + length)
        loss, d_scores, _ = crf_loss(scores[doc], transitions, gold[doc], np.array([length]))
        n_known = (gold[doc] != tags.MISSING).sum()
        total += loss * n_known
        assert_allclose(d_whole[doc] * (gold != tags.MISSING).sum(), d_scores * n_known, atol=1e-12)
    assert whole * (gold != tags.MISSING).sum() == pytest.approx(total)


@pytest.mark.parametrize("lengths", [[0], [2], [0, 2, 0]])
def test_nothing_is_known(lengths):
    n_words = sum(lengths)
    gold = np.full(n_words, tags.MISSING)
    loss, d_scores, d_transitions = crf_loss(
        np.ones((n_words, 3)), np.ones((3, 3)), gold, np.array(lengths)
    )
    assert loss == 0.0
    assert not d_scores.any()
    assert d_scores.shape == (n_words, 3)
    assert not d_transitions.any()


def test_an_inside_tag_that_follows_on_nothing_begins():
    scores, transitions, _, _ = case()
    lengths = np.array([4, 7])
    # At a document's start, behind O, and behind another label; behind a missing tag it is right.
    stray = np.array([2, 0, 2, 4, 4, -1, 4, 0, -1, -1, 2])
    read = np.array([1, 0, 1, 3, 3, -1, 4, 0, -1, -1, 2])
    found, expected = (crf_loss(scores, transitions, gold, lengths) for gold in (stray, read))
    assert found[0] == expected[0] == pytest.approx(brute_force(scores, transitions, read, lengths))
    assert_array_equal(found[1], expected[1])


def test_the_arguments_are_left_alone():
    arguments = case()
    crf_loss(*arguments)
    for found, expected in zip(arguments, case(), strict=True):
        assert_array_equal(found, expected)


@pytest.mark.parametrize("scale", [1.0, 50.0, 400.0])
def test_a_long_document_with_scores_of_any_size(scale):
    rng = np.random.default_rng(0)
    n_words = 5000
    scores = rng.uniform(-scale, scale, size=(n_words, 5)).astype("float32")
    transitions = rng.uniform(-min(scale, 50), min(scale, 50), size=(5, 5)).astype("float32")
    gold = rng.choice([0, 1, 3, -1], size=n_words)
    with np.errstate(all="raise", under="ignore"):
        loss, d_scores, d_transitions = crf_loss(scores, transitions, gold, np.array([n_words]))
    assert loss > 0
    assert np.isfinite(loss)
    assert np.isfinite(d_scores).all()
    assert np.isfinite(d_transitions).all()
    # Each token's probabilities sum to 1, free and bound to the gold tags.
    assert_allclose(d_scores.sum(axis=1) * n_words, 0, atol=1e-3)


def test_gold_that_is_all_but_impossible():
    # Each token: O at +50, B-a at -50, and B-a is right.
    scores = np.tile(np.array([50.0, -50.0, 0.0], dtype="float32"), (6, 1))
    loss, d_scores, _ = crf_loss(
        scores, np.zeros((3, 3), dtype="float32"), np.full(6, 1), np.array([2, 4])
    )
    assert loss == pytest.approx(100.0)
    assert_allclose(d_scores * 6, np.tile([1.0, -1.0, 0.0], (6, 1)), atol=1e-6)


def test_a_tag_that_is_illegal_everywhere_may_score_high():
    scores = np.tile(np.array([0.0, -120.0, 120.0], dtype="float32"), (3, 1))
    loss, d_scores, _ = crf_loss(
        scores, np.zeros((3, 3), dtype="float32"), np.zeros(3, dtype=int), np.array([3])
    )
    # B I I is legal, and outweighs O O O by 120 nats.
    assert loss == pytest.approx(40.0)
    assert_allclose(d_scores * 3, [[-1, 1, 0], [-1, 0, 1], [-1, 0, 1]], atol=1e-6)


@pytest.mark.parametrize(
    ("bound", "size"),
    [("MAX_GROUP_SEQUENCES", 1), ("MAX_GROUP_SEQUENCES", 2), ("MAX_GROUP_WORDS", 6)],
)
def test_groups_change_nothing(bound, size, monkeypatch):
    """Documents of similar length are computed together, those without words nowhere."""
    expected = crf_loss(*case())
    monkeypatch.setattr(crf, bound, size)
    for one, other in zip(crf_loss(*case()), expected, strict=True):
        assert_allclose(one, other, atol=1e-12)


def test_an_empty_document_beside_one_that_fills_a_group():
    n_words = crf.MAX_GROUP_WORDS // 2 + 1
    scores, gold = np.zeros((n_words, 3), dtype="float32"), np.zeros(n_words, dtype=int)
    transitions = np.zeros((3, 3), dtype="float32")
    found = crf_loss(scores, transitions, gold, np.array([0, n_words, 0]))
    expected = crf_loss(scores, transitions, gold, np.array([n_words]))
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other)
