import numpy as np
import pytest
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_bilstm_ner.quality.pages import percent
from spacy_bilstm_ner.quality.scores import count, prf, score

VOCAB = Vocab()


def test_counts_worked_out_by_hand(examples: list[Example]) -> None:
    labels, counts = count(examples)
    assert labels == ["geo", "org", "per", "tim"]
    assert counts.shape == (3, 4, 3)
    # The first sentence: geo Vienna found, per Lima made up, geo Lima missed.
    assert counts[0].tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert counts.sum(axis=(0, 1)).tolist() == [2, 3, 3]


def test_prf_worked_out_by_hand() -> None:
    # Two labels and one without entities; all of them, and the mean of the two
    scores = prf(np.array([[3, 1, 2], [0, 0, 4], [0, 0, 0]]))
    expected = [
        [3 / 4, 3 / 5, 2 / 3],
        [0, 0, 0],
        [np.nan] * 3,
        [3 / 4, 3 / 9, 6 / 13],
        [3 / 8, 3 / 10, 1 / 3],
    ]
    assert scores == pytest.approx(np.array(expected), nan_ok=True)


def random_doc(rng: np.random.Generator, words: list[str], *, missing: bool) -> Doc:
    tags: list[str] = []
    for _ in words:
        label = str(rng.choice(["a", "b"]))
        after = [f"I-{tags[-1][2:]}"] * 2 if tags and tags[-1][:1] in ("B", "I") else []
        tags.append(str(rng.choice(["O", f"B-{label}", *after, *([""] if missing else [])])))
    return Doc(VOCAB, words=words, spaces=[False] * len(words), ents=tags)


def test_scores_are_those_of_spacys_scorer() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        # Two ways to cut the same letters into tokens, and tokens without annotation
        cuts = [np.flatnonzero(rng.random(11) < 0.6) + 1 for _ in range(2)]
        words = [
            ["".join(part) for part in np.split(np.array(list("abcdefghijkl")), cut)]
            for cut in cuts
        ]
        found.append(
            Example(
                random_doc(rng, words[0], missing=False), random_doc(rng, words[1], missing=True)
            )
        )
    theirs = get_ner_prf(found)
    ours = score(found)
    assert {f"ents_{key}": value for key, value in ours["micro"].items()} == pytest.approx(
        {key: theirs[key] for key in ("ents_p", "ents_r", "ents_f")}
    )
    assert 0 < ours["micro"]["f"] < 1
    for label in "ab":
        assert {key: ours["labels"][label][key] for key in "prf"} == pytest.approx(
            theirs["ents_per_type"][label]
        )


def test_nothing_to_score_gives_none() -> None:
    empty = Doc(VOCAB, words=["one"], ents=["O"])
    assert score([Example(empty.copy(), empty)])["micro"] == {"p": None, "r": None, "f": None}


def test_no_minus_before_a_zero() -> None:
    assert [percent(value) for value in (-0.0001, 0.4567, None)] == ["0.0", "45.7", "-"]
