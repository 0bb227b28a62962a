import pytest
from spacy.training import Example

from spacy_bilstm_ner.quality.mistakes import (
    MISSED,
    SPURIOUS,
    WRONG_BOUNDARY,
    count_confusions,
    find_conflicts,
)

from .helpers import make_example


def test_confusions(examples: list[Example]) -> None:
    assert count_confusions(examples) == {
        ("geo", "geo"): 2,
        ("geo", "per"): 1,
        ("geo", MISSED): 1,
        ("org", WRONG_BOUNDARY): 1,
        (WRONG_BOUNDARY, "org"): 1,
        (SPURIOUS, "tim"): 1,
    }


def test_conflicts(examples: list[Example]) -> None:
    conflicts = []
    for conflict in find_conflicts(examples):
        texts = conflict.words(conflict.predicted), conflict.words(conflict.gold)
        conflicts.append((conflict.kind, *texts))
    assert conflicts == [
        ("spurious", "", "Peru"),
        ("label", "Lima", "Lima"),
        ("border", "Bank", "World Bank"),
        ("missing", "Monday", ""),
    ]


def test_the_surest_come_first() -> None:
    predictions = [(0, 1, "per", 0.6), (1, 2, "org", 0.9), (3, 4, "tim", 0.55)]
    example = make_example("Lima Bank Peru Monday", "B-geo I-geo B-geo O", predictions)
    conflicts = find_conflicts([example])
    # Without a prediction, the probability that there is no entity counts.
    assert [conflict.confidence for conflict in conflicts] == pytest.approx([0.95, 0.9, 0.55])
    assert [conflict.kind for conflict in conflicts] == ["spurious", "border", "missing"]


def test_an_entity_is_spurious_if_none_is_more_probable() -> None:
    predictions = [(0, 1, "geo", 0.25), (1, 2, "per", 0.25)]
    example = make_example("Vienna Lima", "B-geo B-geo", predictions)
    lima, vienna = find_conflicts([example])
    # The annotation's own probability is subtracted.
    assert (vienna.kind, vienna.confidence) == ("spurious", pytest.approx(0.75 - 0.25))
    assert (lima.kind, lima.confidence) == ("spurious", pytest.approx(0.75))


def test_tokens_without_annotation_have_no_conflict(examples: list[Example]) -> None:
    example = examples[2]
    assert [conflict.kind for conflict in find_conflicts([example])] == ["missing"]
    example.reference.set_ents(list(example.reference.ents), missing=[example.reference[0:1]])
    assert find_conflicts([example]) == []
