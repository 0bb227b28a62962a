import sys
from pathlib import Path

import pytest
import spacy
import srsly

from scripts.meta import read_meta, update_meta
from scripts.research import experiment
from scripts.research.experiment import recall, training_seconds
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import predict
from tests.scripts.helpers import make_pipeline, make_test_set


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A pipeline, and the same three sentences as train, dev and test."""
    make_pipeline(tmp_path / "run" / "model-best")
    for part in ("train", "dev", "test"):
        make_test_set(tmp_path / f"{part}.spacy")
    return tmp_path


def run_experiment(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, out: str = "out.json") -> dict:
    words = ["experiment", "configs/rules.cfg", str(folder / out), "--corpus", str(folder), *options]
    monkeypatch.setattr(sys, "argv", words)
    experiment.main()
    return srsly.read_json(folder / out)


def measure_tiny(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, out: str = "out.json") -> dict:
    return run_experiment(folder, monkeypatch, "--pipeline", str(folder / "run" / "model-best"), *options, out=out)


def test_everything_is_measured_on_dev(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = measure_tiny(tiny, monkeypatch, "--change", "rules")
    assert (figures["part"], figures["sentences"], figures["seed"]) == ("dev", 3, 3)
    assert figures["config"] == "configs/rules.cfg"
    assert figures["change"] == "rules"
    assert figures["command"].startswith("python -m scripts.research.experiment configs/rules.cfg ")
    # As worked out by hand in test_evaluate.py
    assert figures["raw_text"]["micro"]["f"] == pytest.approx(2 / 5)
    assert figures["gold_tokens"]["micro"]["f"] == pytest.approx(2 / 5)
    # The rules know words as they are written
    assert figures["variants"]["forty"] == pytest.approx({"p": 2 / 5, "r": 2 / 5, "f": 2 / 5, "difference": 0})
    assert figures["variants"]["lower"] == pytest.approx({"p": 0, "r": 0, "f": 0, "difference": -2 / 5})
    assert figures["variants"]["curly"]["difference"] == 0
    assert figures["mentions"]["unseen"] == {"gold": 0, "r": None}
    assert figures["calibration"] is None
    assert figures["training"] == {"seconds": None, "cpu_seconds": None}
    assert 0 < figures["size"]["zip_mb"] < figures["size"]["folder_mb"] < 1
    assert figures["speed"]["words_per_second"] > 0


def test_new_mentions_are_those_of_no_earlier_part(tiny: Path) -> None:
    examples = predict(spacy.load(tiny / "run" / "model-best"), tiny / "dev.spacy", gold_tokens=False)
    # Vienna, twice, is found; World Bank, Lima and Peru are not
    assert recall(examples, {"Vienna", "Peru"}) == {"seen": {"gold": 3, "r": 2 / 3}, "unseen": {"gold": 2, "r": 0.0}}


def test_the_test_set_is_read_for_final_figures_only(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny / "test.spacy").rename(tiny / "hidden.spacy")
    measure_tiny(tiny, monkeypatch)
    assert "FINAL" not in capsys.readouterr().err
    with pytest.raises(UserError, match=r"test\.spacy is missing"):
        measure_tiny(tiny, monkeypatch, "--final", out="final.json")
    (tiny / "hidden.spacy").rename(tiny / "test.spacy")
    assert measure_tiny(tiny, monkeypatch, "--final", out="final.json")["part"] == "test"
    assert "FINAL: measured on TEST" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"out\.json holds figures of dev"):
        measure_tiny(tiny, monkeypatch, "--final")


def test_a_json_cannot_say_what_is_not_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"--training\.dropout 0\.4 changes nothing"):
        measure_tiny(tiny, monkeypatch, "--training.dropout", "0.4")
    with pytest.raises(UserError, match="there is no option --fianl"):
        measure_tiny(tiny, monkeypatch, "--fianl")
    update_meta(tiny / "run" / "model-best", {"training": {"config": "other", "seed": 0}})
    with pytest.raises(UserError, match=r"was trained with other\.cfg"):
        measure_tiny(tiny, monkeypatch)


def test_overrides_reach_the_training_and_the_json(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def train(command: list[str]) -> object:
        seen.extend(command)
        pipeline = tiny / "new" / "model-best"
        make_pipeline(pipeline)
        meta = read_meta(pipeline)["training"]
        update_meta(pipeline, {"training": {**meta, "overrides": {"training.dropout": 0.4}}})
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr("scripts.research.experiment.subprocess.run", train)
    monkeypatch.setattr(experiment, "commit", lambda: None)
    figures = run_experiment(tiny, monkeypatch, "--run-dir", str(tiny / "new"), "--training.dropout", "0.4")
    assert seen[-2:] == ["--training.dropout", "0.4"]
    assert figures["overrides"] == {"training.dropout": 0.4}
    assert figures["training"]["seconds"] > 0


def test_seconds_come_from_the_log_if_the_meta_has_none(tmp_path: Path) -> None:
    pipeline = tmp_path / "model-best"
    assert training_seconds(pipeline, {}) == {"seconds": None, "cpu_seconds": None}
    rows = [{"seconds": 1, "cpu_seconds": 2.5}, {"seconds": 3, "cpu_seconds": 4.5}]
    srsly.write_jsonl(tmp_path / "log.jsonl", rows)
    assert training_seconds(pipeline, {}) == {"seconds": 3, "cpu_seconds": 4.5}
    assert training_seconds(pipeline, {"seconds": 7.0, "cpu_seconds": 8.0}) == {"seconds": 7.0, "cpu_seconds": 8.0}
