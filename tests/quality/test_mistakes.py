from pathlib import Path

import pytest
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_ner.quality.entities import Entity
from spacy_bilstm_ner.quality.mistakes import BOUNDARY, MISSED, SPURIOUS, confusion, surest_mistakes
from spacy_bilstm_ner.quality.reading import predict

from .helpers import make_pipeline, make_test_set


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    nlp = make_pipeline(tmp_path / "model")
    make_test_set(tmp_path / "test.spacy")
    return predict(nlp, tmp_path / "test.spacy", gold_tokens=False)


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


def test_mistakes_and_the_gold_beside_them(examples: list[Example]) -> None:
    mistakes = surest_mistakes(examples, limit=50)
    seen = [(m.text[m.entity.start : m.entity.end], m.entity.label, m.kind) for m in mistakes]
    assert seen == [("Lima", "per", "geo"), ("Bank", "org", BOUNDARY), ("Monday", "tim", SPURIOUS)]
    assert mistakes[1].gold == (Entity(0, 10, "org"),)
    assert mistakes[2].gold == ()
    assert len(surest_mistakes(examples, limit=2)) == 2


def test_surest_come_first(examples: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    sure = {"Lima": 0.2, "Bank": 0.9, "Monday": 0.5, "Vienna": 1.0}

    def entities(doc: Doc) -> list[Entity]:
        return [Entity(e.start_char, e.end_char, e.label_, sure.get(e.text)) for e in doc.ents]

    monkeypatch.setattr("spacy_bilstm_ner.quality.mistakes.entities", entities)
    found = [mistake.entity.confidence for mistake in surest_mistakes(examples, limit=50)]
    assert found == [0.9, 0.5, 0.2]
