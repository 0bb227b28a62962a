import pytest
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_ner.pipe.entities import Entity
from spacy_bilstm_ner.quality.mistakes import BOUNDARY, MISSED, SPURIOUS, conflicts, confusion


def test_confusion(examples: list[Example]) -> None:
    assert confusion(examples) == {
        ("geo", "geo"): 2,
        ("geo", "per"): 1,
        ("geo", MISSED): 1,
        ("org", BOUNDARY): 1,
        (BOUNDARY, "org"): 1,
        (SPURIOUS, "tim"): 1,
    }


def test_rows_are_gold_and_columns_predicted(examples: list[Example]) -> None:
    counts = confusion(examples)
    assert sum(n for (gold, _), n in counts.items() if gold == "geo") == 4
    for label, number in {"geo": 2, "per": 1, "org": 1, "tim": 1}.items():
        assert sum(n for (_, predicted), n in counts.items() if predicted == label) == number


def test_conflicts_and_the_gold_beside_them(examples: list[Example]) -> None:
    seen = [
        (each.words(each.predicted), each.words(each.gold), each.kind)
        for each in conflicts(examples)
    ]
    assert seen == [
        ("", "Peru", "spurious"),
        ("Lima", "Lima", "label"),
        ("Bank", "World Bank", "border"),
        ("Monday", "", "missing"),
    ]


def sure(monkeypatch: pytest.MonkeyPatch, **confidences: float) -> None:
    def entities(doc: Doc) -> list[Entity]:
        return [
            Entity(e.start_char, e.end_char, e.label_, confidences.get(e.text)) for e in doc.ents
        ]

    monkeypatch.setattr("spacy_bilstm_ner.quality.mistakes.entities", entities)


def test_surest_come_first(examples: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch, Lima=0.6, Bank=0.9, Monday=0.55, Vienna=1.0)
    found = conflicts(examples)
    assert [each.confidence for each in found] == [0.95, 0.9, 0.6, 0.55]
    assert [each.kind for each in found] == ["spurious", "border", "label", "missing"]


def test_an_annotated_entity_is_denied_where_none_is_more_probable(
    examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    sure(monkeypatch, Lima=0.3, Bank=0.9, Monday=0.5, Vienna=0.2)
    lima, vienna = conflicts(examples[:1])
    assert (vienna.kind, vienna.words(vienna.gold), vienna.confidence) == (
        "spurious",
        "Vienna",
        pytest.approx(0.6),
    )
    assert (lima.kind, lima.words(lima.gold), lima.confidence) == ("spurious", "Lima", 0.7)


def test_what_nobody_has_annotated_is_no_conflict(examples: list[Example]) -> None:
    example = examples[2]
    assert [each.words(each.predicted) for each in conflicts([example])] == ["Monday"]
    example.reference.set_ents(list(example.reference.ents), missing=[example.reference[0:1]])
    assert conflicts([example]) == []
