import json
from pathlib import Path

import pytest
import spacy

from spacy_bilstm_ner.quality.compare import verdict

from .helpers import command, make_csv


@pytest.fixture(scope="module")
def two(
    tiny: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path]:
    """Two pipelines and a labelled file."""
    folder, better = tmp_path_factory.mktemp("two"), spacy.blank("en")
    patterns = {"geo": ["Vienna", "Lima", "Peru"], "org": ["World Bank"]}
    better.add_pipe("entity_ruler").add_patterns(
        [{"label": label, "pattern": text} for label, texts in patterns.items() for text in texts]
    )
    better.to_disk(folder / "b")
    make_csv(folder / "test.csv")
    return tiny[0], folder / "b", folder / "test.csv"


def test_the_better_one_is_named(
    two: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    command("compare", *two, "--out", tmp_path / "c.json", "--report", tmp_path / "c.html")
    found = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert found["verdict"] == "B is better."
    assert found["scores"]["all"]["a"] == pytest.approx(2 / 5)
    assert found["scores"]["all"]["b"] == 1.0
    assert found["scores"]["all"]["difference"] == pytest.approx(3 / 5)
    assert "B is better." in capsys.readouterr().out
    html = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "Only B is right: 3 sentences" in html
    assert "Only A is right: 0 sentences" in html


def test_a_pipeline_is_not_better_than_itself(
    two: tuple[Path, ...], capsys: pytest.CaptureFixture
) -> None:
    command("compare", two[0], two[0], two[2])
    assert "cannot be told from 3 sentences" in capsys.readouterr().out


def test_verdict_follows_the_interval() -> None:
    assert verdict(0.01, 0.2, sentences=9) == "B is better."
    assert verdict(-0.2, -0.01, sentences=9) == "A is better."
    assert (
        verdict(-0.1, 0.2, sentences=1300) == "Which is better cannot be told from 1,300 sentences."
    )


def test_a_pipeline_that_predicts_nothing(two: tuple[Path, ...], tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(SystemExit, match="blank predicts no entity at all"):
        command("compare", two[0], tmp_path / "blank", two[2])


def test_a_label_that_only_one_of_them_knows(
    two: tuple[Path, ...], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    other, (_, b, file) = spacy.blank("en"), two
    other.add_pipe("entity_ruler").add_patterns([{"label": "CITY", "pattern": "Vienna"}])
    other.to_disk(tmp_path / "other")
    command(
        "compare",
        b,
        tmp_path / "other",
        file,
        "--out",
        tmp_path / "c.json",
        "--report",
        tmp_path / "c.html",
    )
    figures = json.loads(
        (tmp_path / "c.json").read_text(encoding="utf-8"), parse_constant=pytest.fail
    )
    found = figures["scores"]["CITY"]
    assert found["a"] is found["difference"] is found["low"] is None
    said = capsys.readouterr()
    assert "-" in next(line for line in said.out.splitlines() if line.startswith("CITY")).split()
    warning = "other predicts no entity with these labels of the file: geo, org; its own are CITY"
    assert warning in said.err
    assert warning in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_told_before_the_work(two: tuple[Path, ...]) -> None:
    _, b, file = two
    with pytest.raises(SystemExit, match=r"b is a folder: give the name of a file in it"):
        command("compare", "nowhere", b, file, "--out", b)
    with pytest.raises(SystemExit, match=r"test\.csv is no folder that can be written to"):
        command("compare", "nowhere", b, file, "--report", file / "c.html")
