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


def test_a_label_that_only_one_of_them_knows(two: Path, capsys: pytest.CaptureFixture) -> None:
    other = spacy.blank("en")
    other.add_pipe("entity_ruler").add_patterns([{"label": "CITY", "pattern": "Vienna"}])
    other.to_disk(two / "other")
    command("compare", two / "b", two / "other", two / "test.csv", "--out", two / "c.json")
    found = json.loads((two / "c.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)["scores"]["CITY"]
    assert found["a"] is found["difference"] is found["low"] is None
    said = capsys.readouterr()
    assert "-" in next(line for line in said.out.splitlines() if line.startswith("CITY")).split()
    assert "other predicts no entity with these labels of the file: geo, org; its own are CITY" in said.err


def test_what_cannot_be_written_is_told_before_the_work(two: Path) -> None:
    with pytest.raises(SystemExit, match=r"b is a folder: give the name of a file in it"):
        command("compare", "nowhere", two / "b", two / "test.csv", "--out", two / "b")
    with pytest.raises(SystemExit, match=r"test\.csv is no folder that can be written to"):
        command("compare", "nowhere", two / "b", two / "test.csv", "--report", two / "test.csv" / "c.html")


def test_a_seed_out_of_range(two: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        command("compare", two / "a", two / "b", two / "test.csv", "--seed", "-1")
    assert "must lie between 0 and 4294967295, but is -1" in capsys.readouterr().err
