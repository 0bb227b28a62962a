import json
from pathlib import Path

import pytest
import spacy

from spacy_bilstm_ner.quality.compare import verdict

from .helpers import command, make_csv, make_pipeline


@pytest.fixture
def two(tmp_path: Path) -> Path:
    make_pipeline(tmp_path / "a")
    better = spacy.blank("en")
    patterns = {"geo": ["Vienna", "Lima", "Peru"], "org": ["World Bank"]}
    better.add_pipe("entity_ruler").add_patterns(
        [{"label": label, "pattern": text} for label, texts in patterns.items() for text in texts]
    )
    better.to_disk(tmp_path / "b")
    make_csv(tmp_path / "test.csv")
    return tmp_path


def test_the_better_one_is_named(two: Path, capsys: pytest.CaptureFixture) -> None:
    command("compare", two / "a", two / "b", two / "test.csv", "--out", two / "c.json", "--report", two / "c.html")
    found = json.loads((two / "c.json").read_text(encoding="utf-8"))
    assert found["verdict"] == "B is better."
    assert found["scores"]["all"]["a"] == pytest.approx(2 / 5)
    assert found["scores"]["all"]["b"] == 1.0
    assert found["scores"]["all"]["difference"] == pytest.approx(3 / 5)
    assert "B is better." in capsys.readouterr().out
    html = (two / "c.html").read_text(encoding="utf-8")
    assert "Only B is right: 3 sentences" in html
    assert "Only A is right: 0 sentences" in html


def test_a_pipeline_is_not_better_than_itself(two: Path, capsys: pytest.CaptureFixture) -> None:
    command("compare", two / "a", two / "a", two / "test.csv")
    assert "cannot be told from 3 sentences" in capsys.readouterr().out


def test_verdict_follows_the_interval() -> None:
    assert verdict(0.01, 0.2, sentences=9) == "B is better."
    assert verdict(-0.2, -0.01, sentences=9) == "A is better."
    assert verdict(-0.1, 0.2, sentences=1300) == "Which is better cannot be told from 1,300 sentences."


def test_a_pipeline_that_predicts_nothing(two: Path) -> None:
    spacy.blank("en").to_disk(two / "blank")
    with pytest.raises(SystemExit, match="blank predicts no entity at all"):
        command("compare", two / "a", two / "blank", two / "test.csv")
