import numpy as np
import pytest
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_bilstm_ner.quality.scores import compute_scores, count_outcomes

VOCAB = Vocab()


def test_counts_worked_out_by_hand(examples: list[Example]) -> None:
    labels, counts = count_outcomes(examples)
    assert labels == ["geo", "org", "per", "tim"]
    assert counts.shape == (3, 1, 4, 3)
    # The first sentence: Vienna is a correct geo, Lima a wrong per and a missed geo.
    assert counts[0, 0].tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert counts.sum(axis=(0, 1, 2)).tolist() == [2, 3, 3]


def test_scores_worked_out_by_hand() -> None:
    # Two labels and one without entities; all of them, and the mean of the two
    expected = [
        [3 / 4, 3 / 5, 2 / 3],
        [0, 0, 0],
        [np.nan, np.nan, np.nan],
        [3 / 4, 3 / 9, 6 / 13],
        [3 / 8, 3 / 10, 1 / 3],
    ]
    scores = compute_scores(np.array([[3, 1, 2], [0, 0, 4], [0, 0, 0]]))
    assert scores == pytest.approx(np.array(expected), nan_ok=True)


def random_doc(rng: np.random.Generator, *, with_missing: bool) -> Doc:
    """Cut twelve letters into tokens with random tags."""
    cuts = np.flatnonzero(rng.random(11) < 0.6) + 1
    words = ["".join(part) for part in np.split(np.array(list("abcdefghijkl")), cuts)]
    tags: list[str] = []
    for _ in words:
        choices = ["O", f"B-{rng.choice(['a', 'b'])}"]
        if with_missing:
            choices.append("")
        if tags and tags[-1][:1] in ("B", "I"):
            choices += [f"I-{tags[-1][2:]}"] * 2
        tags.append(str(rng.choice(choices)))
    return Doc(VOCAB, words=words, spaces=[False] * len(words), ents=tags)


def test_scores_are_those_of_spacys_scorer() -> None:
    rng = np.random.default_rng(0)
    examples = []
    for _ in range(200):
        predicted = random_doc(rng, with_missing=False)
        examples.append(Example(predicted, random_doc(rng, with_missing=True)))
    expected = get_ner_prf(examples)
    labels, counts = count_outcomes(examples)
    *by_label, total, _ = compute_scores(counts.sum(axis=(0, 1))).tolist()
    assert 0 < total[2] < 1
    assert total == pytest.approx([expected[f"ents_{key}"] for key in "prf"])
    for label, scores in zip(labels, by_label, strict=True):
        assert scores == pytest.approx([expected["ents_per_type"][label][key] for key in "prf"])


def test_no_entity_gives_no_score() -> None:
    scores = compute_scores(np.zeros((0, 3), dtype=int))
    assert np.isnan(scores).all()
