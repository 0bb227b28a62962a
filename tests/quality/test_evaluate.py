from pathlib import Path

import pytest
import spacy
from pandas.testing import assert_frame_equal
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import evaluate_pipeline
from spacy_bilstm_ner.quality.examples import find_warnings
from spacy_bilstm_ner.training.fingerprints import make_fingerprints

from .helpers import DATA, command, make_csv, make_pipeline, read_json, usage_error


def test_scores_worked_out_by_hand(
    tiny: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    table = evaluate_pipeline(*tiny).table.set_index("label")
    assert list(table.index) == ["geo", "org", "per", "tim", "all", "mean of labels"]
    # Gold: geo Vienna, geo Lima, org World Bank, geo Peru, geo Vienna.
    # Predicted: geo Vienna, per Lima, org Bank, tim Monday, geo Vienna.
    assert table.loc["geo"].tolist() == pytest.approx([1.0, 2 / 4, 2 / 3, 4, 2])
    assert table.loc["all"].tolist() == pytest.approx([2 / 5, 2 / 5, 2 / 5, 5, 5])
    assert table.loc["mean of labels"].tolist() == pytest.approx([1 / 4, 1 / 8, 1 / 6, 5, 5])
    assert capsys.readouterr() == ("", "")


def test_metrics_say_what_they_are_of(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("evaluate", *tiny, "--out", tmp_path / "m.json")
    metrics = read_json(tmp_path / "m.json")
    assert metrics["pipeline"] == "en_tiny"
    assert metrics["data"] == DATA
    assert (metrics["config"], metrics["seed"]) == ("rules", 3)
    assert metrics["sentences"] == 3
    assert metrics["table"][0]["F"] == pytest.approx(2 / 3)
    assert metrics["versions"]["spacy"] == spacy.__version__
    assert metrics["warnings"] == []
    out = capsys.readouterr().out
    assert f"{tiny[0]} 0.1.0, trained on tiny.csv: 3 test sentences" in out
    assert f"python -m spacy_bilstm_ner thresholds {tiny[0]} {tiny[1].parent}/dev.spacy" in out


def test_a_csv_and_a_folder_give_the_same_scores(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    make_csv(tmp_path / "one.csv")
    expected = evaluate_pipeline(*tiny).table
    assert_frame_equal(evaluate_pipeline(tiny[0], tmp_path / "one.csv").table, expected)
    make_csv(tmp_path / "two.csv")
    assert evaluate_pipeline(tiny[0], tmp_path).table["gold"][0] == 2 * expected["gold"][0]


def test_warnings_are_printed_once(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pipeline(tmp_path / "model", {})
    command("evaluate", tmp_path / "model", tiny[1], "--report", tmp_path / "r.html")
    err = capsys.readouterr().err
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert err.count("It predicts no entity at all") == 1
    assert html.count("It predicts no entity at all") == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Vienna can't see Lima.", "WORLD Bank lent Peru money ."], "66.7% of these sentences"),
        (["Unseen."], None),
    ],
)
def test_a_pipeline_tested_on_its_training_data(
    examples: list[Example], texts: list[str], expected: str | None
) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_ner").fingerprints = make_fingerprints(texts)
    doubts = find_warnings("it", nlp, examples)
    assert [doubt for doubt in doubts if "trained on" in doubt and str(expected) in doubt] == (
        doubts if expected else []
    )


def test_files_that_cannot_be_evaluated(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "damaged.spacy").write_bytes(b"no DocBin")
    DocBin().to_disk(tmp_path / "empty.spacy")
    doc = Doc(spacy.blank("en").vocab, words=["one"], ents=["O"])
    DocBin(docs=[doc]).to_disk(tmp_path / "outside.spacy")
    for name in ("damaged.spacy", "empty.spacy", "outside.spacy", "nowhere.spacy"):
        with pytest.raises(UserError, match=name):
            evaluate_pipeline(tiny[0], tmp_path / name)
    with pytest.raises(UserError, match="there is no pipeline nowhere"):
        evaluate_pipeline("nowhere", tiny[1])
    with pytest.raises(UserError, match="there is no pipeline nowhere/model"):
        evaluate_pipeline("nowhere/model", tiny[1])


def test_outputs_are_checked_before_the_work(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    (tmp_path / "link").symlink_to(tiny[1])
    wrong_outputs: dict[str, list[str | Path]] = {
        "is a folder": ["--out", tmp_path],
        "is not a writable folder": ["--out", tiny[1] / "m.json"],
        "another file": ["--out", path, "--report", path],
        "link is an input": ["--out", tmp_path / "link"],
    }
    for message, options in wrong_outputs.items():
        with pytest.raises(SystemExit, match=message):
            command("evaluate", "nowhere", tiny[1], *options)
    assert usage_error("evaluate", *tiny, "--tag-column", "x") == 2
