import pytest
from spacy.training import Example

from spacy_bilstm_ner.quality.curves import make_curves
from spacy_bilstm_ner.quality.scores import judge_entities

from .helpers import make_example


def test_a_curve_takes_the_surest_first() -> None:
    predictions = [(0, 1, "geo", 0.2), (1, 2, "geo", 0.4), (2, 3, "geo", 0.5), (3, 4, "geo", 0.9)]
    example = make_example("a b c d e f", "O B-geo O B-geo B-geo B-geo", predictions)
    (curve,) = make_curves(judge_entities([example])).values()
    assert curve["confidence"].tolist() == pytest.approx([0.9, 0.5, 0.4, 0.2])
    assert curve["precision"].tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve["recall"].tolist() == [1 / 4, 1 / 4, 2 / 4, 2 / 4]


def test_curves_of_labels() -> None:
    examples = []
    for sure, unsure in ((0.75, 0.25), (0.875, 0.5)):
        predictions = [(0, 1, "geo", sure), (2, 3, "per", unsure)]
        examples.append(make_example("Vienna and Lima .", "B-geo O B-geo O", predictions))
    curves = make_curves(judge_entities(examples))
    assert list(curves) == ["geo", "per"]
    assert curves["geo"]["confidence"].tolist() == [0.875, 0.75]
    assert curves["geo"]["recall"].tolist() == [1 / 4, 2 / 4]
    assert curves["per"]["precision"].tolist() == [0, 0]


def test_entities_without_a_confidence_do_not_count(examples: list[Example]) -> None:
    sure = make_example("Vienna fell", "B-geo O", [(0, 1, "geo", 0.75)])
    # Two gold entities are missed. The rules' Vienna is neither correct nor missed.
    curve = make_curves(judge_entities([*examples, sure]))["geo"]
    assert curve["recall"].tolist() == [1 / 3]
