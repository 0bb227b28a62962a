import numpy as np
import pytest
from spacy.training import Example

from spacy_bilstm_ner.quality.mistakes import compare_entities

from .helpers import make_example


def test_kinds_of_mistakes(examples: list[Example]) -> None:
    pairs = compare_entities(examples)
    mistakes = pairs[pairs["kind"] != ""]
    assert sorted(mistakes[["kind", "found", "text"]].values.tolist()) == [
        ["boundaries", "Bank", "World Bank"],
        ["label", "Lima", "Lima"],
        ["missing", "Monday", "Monday"],
        ["spurious", "", "Peru"],
    ]


def test_the_surest_come_first() -> None:
    predictions = [(0, 1, "per", 0.6), (1, 2, "org", 0.9), (3, 4, "tim", 0.55)]
    example = make_example("Lima Bank Peru Monday", "B-geo I-geo B-geo O", predictions)
    pairs = compare_entities([example])
    # Without a prediction, the probability that there is no entity counts.
    assert pairs["confidence"].tolist() == pytest.approx([0.95, 0.9, 0.55])
    assert pairs["kind"].tolist() == ["spurious", "boundaries", "missing"]


def test_no_entity_competes_with_candidates() -> None:
    predictions = [(0, 1, "geo", 0.25), (1, 2, "per", 0.25)]
    example = make_example("Vienna Lima", "B-geo B-geo", predictions)
    assert compare_entities([example])["kind"].tolist() == ["", "label"]
    # The probability that an entity covers each token
    example.predicted.tensor = np.array([0.25, 0.25])
    lima, vienna = compare_entities([example]).itertuples()
    # The annotation's own probability is subtracted.
    assert (vienna.kind, vienna.confidence) == ("spurious", pytest.approx(0.75 - 0.25))
    assert (lima.kind, lima.confidence) == ("spurious", pytest.approx(0.75))
    # Another candidate for Vienna, which overlaps with the most probable one
    example.predicted.tensor = np.array([0.9, 0.9])
    assert compare_entities([example])["kind"].tolist() == ["", "label"]


def test_the_tensor_of_another_pipe_is_not_used() -> None:
    example = make_example("Vienna left", "B-geo O", [(0, 1, "per", 0.9)])
    example.predicted.tensor = np.zeros((2, 4))  # a row for each token, as `tok2vec` sets it
    assert compare_entities([example])["kind"].tolist() == ["label"]


def test_tokens_without_annotation_have_no_mistake(examples: list[Example]) -> None:
    example = examples[2]
    assert compare_entities([example])["kind"].tolist() == ["", "missing"]
    example.reference.set_ents(list(example.reference.ents), missing=[example.reference[0:1]])
    assert compare_entities([example])["kind"].tolist() == [""]
