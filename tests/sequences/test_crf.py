"""The loss of whole sequences against brute force, and its gradients against differences."""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spacy_bilstm_ner.sequences import crf, tags
from spacy_bilstm_ner.sequences.crf import crf_loss
from spacy_bilstm_ner.sequences.forward_backward import legal_steps
from tests.util import ANY, allow

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
# Documents: B-a I-a O | nothing | ? I-a ? B-b I-b | O | ? ?
GOLD = [1, 2, 0, ANY, 2, ANY, 3, 4, 0, ANY, ANY]
LENGTHS = np.array([3, 0, 5, 1, 2, 0])


def case(scale: float = 2.0) -> Case:
    rng = np.random.default_rng(0)
    return (
        rng.normal(scale=scale, size=(11, 5)),
        rng.normal(scale=scale, size=(5, 5)),
        allow(GOLD, 5),
        LENGTHS,
    )


def log_sum(scores: np.ndarray, transitions: np.ndarray, allowed: np.ndarray) -> float:
    """Log of the sum over the legal paths of allowed tags."""
    legal = legal_steps(len(transitions))
    totals = []
    for path in product(*(row.nonzero()[0].tolist() for row in allowed)):
        steps = list(pairwise((0, *path, 0)))
        if all(legal[step] for step in steps):
            emitted = sum(scores[i, tag] for i, tag in enumerate(path))
            totals.append(emitted + sum(transitions[step] for step in steps))
    return float(np.logaddexp.reduce(totals))


def n_labelled(allowed: np.ndarray) -> int:
    return int((~allowed.all(axis=1)).sum())


def brute_force(
    scores: np.ndarray, transitions: np.ndarray, allowed: np.ndarray, lengths: np.ndarray
) -> float:
    total, free = 0.0, np.ones_like(allowed)
    for first, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        doc = slice(first, first + length)
        if length:
            total += log_sum(scores[doc], transitions, free[doc]) - log_sum(
                scores[doc], transitions, allowed[doc]
            )
    return total / n_labelled(allowed)


def assert_gradients(
    scores: np.ndarray, transitions: np.ndarray, allowed: np.ndarray, lengths: np.ndarray
) -> None:
    _, d_scores, d_transitions = crf_loss(scores, transitions, allowed, lengths)
    eps = 1e-5
    for values, gradient in ((scores, d_scores), (transitions, d_transitions)):
        for index in np.ndindex(values.shape):
            before = values[index]
            values[index] = before + eps
            up, _, _ = crf_loss(scores, transitions, allowed, lengths)
            values[index] = before - eps
            down, _, _ = crf_loss(scores, transitions, allowed, lengths)
            values[index] = before
            assert (up - down) / (2 * eps) == pytest.approx(gradient[index], abs=1e-6)


def test_the_loss_equals_brute_force():
    loss, _, _ = crf_loss(*case())
    assert loss == pytest.approx(brute_force(*case()))


@pytest.mark.parametrize("labels", [[0], [1], [0, 1]])
def test_words_on_which_a_label_is_excluded(labels):
    scores, transitions, allowed, lengths = case()
    is_unlabelled = allowed.all(axis=1)
    for label in labels:
        allowed[is_unlabelled, tags.begin(label) : tags.inside(label) + 1] = False
    # The word before I-a can no longer be an a, so the entity begins here.
    if 0 in labels:
        allowed[4] = allow([tags.begin(0)], 5)
    loss, _, _ = crf_loss(scores, transitions, allowed, lengths)
    assert loss == pytest.approx(brute_force(scores, transitions, allowed, lengths))
    assert_gradients(scores, transitions, allowed, lengths)


@pytest.mark.parametrize("n_labels", range(3, 10))
def test_every_set_of_annotated_labels(n_labels):
    """One word, so that the legal tags are O and B-: its probability to have none of the labels."""
    n_tags = tags.n_tags(n_labels)
    scores = np.random.default_rng(0).normal(size=(1, n_tags))
    weights = np.exp(scores[0])
    weights[2::2] = 0
    for annotated in product([False, True], repeat=n_labels):
        allowed = ~np.repeat(np.array([[False, *annotated]]), [1, *[2] * n_labels], axis=1)
        probability = weights[allowed[0]].sum() / weights.sum()
        loss, d_scores, _ = crf_loss(scores, np.zeros((n_tags, n_tags)), allowed, np.array([1]))
        assert loss == pytest.approx(-np.log(probability))
        assert d_scores.sum() == pytest.approx(0)


def test_the_loss_in_single_precision():
    scores, transitions, allowed, lengths = case()
    loss, d_scores, d_transitions = crf_loss(
        scores.astype("float32"), transitions.astype("float32"), allowed, lengths
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
    scores, transitions, allowed, lengths = case()
    batch_loss, d_batch, _ = crf_loss(scores, transitions, allowed, lengths)
    total = 0.0
    for first, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        doc = slice(first, first + length)
        loss, d_scores, _ = crf_loss(scores[doc], transitions, allowed[doc], np.array([length]))
        n_of_doc = n_labelled(allowed[doc])
        total += loss * n_of_doc
        assert_allclose(d_batch[doc] * n_labelled(allowed), d_scores * n_of_doc, atol=1e-12)
    assert batch_loss * n_labelled(allowed) == pytest.approx(total)


@pytest.mark.parametrize("lengths", [[0], [2], [0, 2, 0]])
def test_no_annotation(lengths):
    n_words = sum(lengths)
    allowed = np.ones((n_words, 3), dtype=bool)
    loss, d_scores, d_transitions = crf_loss(
        np.ones((n_words, 3)), np.ones((3, 3)), allowed, np.array(lengths)
    )
    assert loss == 0.0
    assert not d_scores.any()
    assert d_scores.shape == (n_words, 3)
    assert not d_transitions.any()


def test_the_arguments_are_left_alone():
    arguments = case()
    crf_loss(*arguments)
    for argument, expected in zip(arguments, case(), strict=True):
        assert_array_equal(argument, expected)


@pytest.mark.parametrize("scale", [1.0, 50.0, 400.0])
def test_a_long_document_with_scores_of_any_size(scale):
    rng = np.random.default_rng(0)
    n_words = 5000
    scores = rng.uniform(-scale, scale, size=(n_words, 5)).astype("float32")
    transitions = rng.uniform(-min(scale, 50), min(scale, 50), size=(5, 5)).astype("float32")
    allowed = allow(rng.choice([0, 1, 3, ANY], size=n_words), 5)
    with np.errstate(all="raise", under="ignore"):
        loss, d_scores, d_transitions = crf_loss(scores, transitions, allowed, np.array([n_words]))
    assert loss > 0
    assert np.isfinite(loss)
    assert np.isfinite(d_scores).all()
    assert np.isfinite(d_transitions).all()
    # Each token's probabilities sum to 1, free and bound to the gold tags.
    assert_allclose(d_scores.sum(axis=1) * n_words, 0, atol=1e-3)


def test_gold_tags_that_are_very_improbable():
    # Each token: O at +50, B-a at -50, and B-a is right.
    scores = np.tile(np.array([50.0, -50.0, 0.0], dtype="float32"), (6, 1))
    loss, d_scores, _ = crf_loss(
        scores, np.zeros((3, 3), dtype="float32"), allow([1] * 6, 3), np.array([2, 4])
    )
    assert loss == pytest.approx(100.0)
    assert_allclose(d_scores * 6, np.tile([1.0, -1.0, 0.0], (6, 1)), atol=1e-6)


def test_a_tag_that_is_illegal_everywhere_may_score_high():
    scores = np.tile(np.array([0.0, -120.0, 120.0], dtype="float32"), (3, 1))
    loss, d_scores, _ = crf_loss(
        scores, np.zeros((3, 3), dtype="float32"), allow([0] * 3, 3), np.array([3])
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
    for output, expected_output in zip(crf_loss(*case()), expected, strict=True):
        assert_allclose(output, expected_output, atol=1e-12)


def test_independent_tags_by_hand():
    scores = np.log(np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])) + 100
    loss, d_scores, _ = crf_loss(scores, None, allow([0, 1, ANY], 3), np.array([2, 1]))
    assert loss == pytest.approx(-(np.log(0.5) + np.log(0.7)) / 2)
    assert_allclose(d_scores, [[-0.25, 0.15, 0.1], [0.1, -0.15, 0.05], [0, 0, 0]], atol=1e-9)


def test_gradients_of_independent_tags():
    rng = np.random.default_rng(0)
    scores, allowed = rng.normal(size=(5, 5)), allow([0, 3, ANY, 4, ANY], 5)
    allowed[4, 1:3] = False
    lengths = np.array([5])
    _, d_scores, _ = crf_loss(scores, None, allowed, lengths)
    for index in np.ndindex(scores.shape):
        nudge = np.zeros_like(scores)
        nudge[index] = 1e-5
        up, down = (crf_loss(scores + sign * nudge, None, allowed, lengths)[0] for sign in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(d_scores[index], abs=1e-8)
