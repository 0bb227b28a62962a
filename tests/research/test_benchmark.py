import sys
from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts.research import benchmark
from scripts.research.benchmark import EXPECTED_F, check_baseline, read_metrics
from scripts.source import checksum
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import evaluate
from tests.scripts.helpers import make_pipeline, make_test_set


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs and a corpus."""
    for name in ("train", "dev", "test"):
        make_test_set(tmp_path / f"{name}.spacy")
    for name in ("ours", "neighbour"):
        pipeline = tmp_path / name / "model-best"
        make_pipeline(pipeline)
        srsly.write_json(tmp_path / name / "metrics.json", evaluate(pipeline, tmp_path / "test.spacy"))
    return tmp_path


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    make_test_set(tmp_path / "test.spacy")
    return tmp_path / "test.spacy"


def scores(test_set: Path, more: dict[str, Any]) -> dict[str, Any]:
    """A baseline's metrics as they should be, but for what `more` says."""
    return {
        "pipeline": "en_x",
        "config": "spacy_ner",
        "data": {"kind": "real"},
        "test": {"sha256": checksum(test_set)},
        "raw_text": {"micro": {"f": EXPECTED_F}},
        **more,
    }


@pytest.mark.parametrize("f", [EXPECTED_F - 0.0029, EXPECTED_F + 0.0029])
def test_good_baseline(test_set: Path, f: float) -> None:
    metrics = scores(test_set, {"raw_text": {"micro": {"f": f}}})
    found = check_baseline(metrics, test=test_set, any_baseline=False)
    assert found == {"pipeline": "en_x", "f": f, "checked": True}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"raw_text": {"micro": {"f": 0.84}}}, "but is 84.00"),
        ({"raw_text": {"micro": {"f": 0.848}}}, "but is 84.80"),
        ({"raw_text": {"micro": {"f": None}}}, "but is 0.00"),
        ({"config": "tutorial"}, "but is of tutorial"),
        ({"test": {"sha256": "0"}}, "was not scored on"),
    ],
)
def test_other_baselines_are_refused(test_set: Path, more: dict[str, Any], message: str) -> None:
    metrics = scores(test_set, more)
    with pytest.raises(UserError, match=message):
        check_baseline(metrics, test=test_set, any_baseline=False)
    assert not check_baseline(metrics, test=test_set, any_baseline=True)["checked"]
    for kind in ("sample", "own"):
        metrics["data"] = {"kind": kind}
        assert not check_baseline(metrics, test=test_set, any_baseline=False)["checked"]


def test_metrics_must_be_there(runs: Path) -> None:
    (runs / "ours" / "metrics.json").unlink()
    with pytest.raises(UserError, match="score the pipeline first"):
        read_metrics(runs / "ours")


def test_benchmark_writes_figures_and_prints_a_table(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = runs / "benchmark.json"
    argv = ["benchmark", str(runs / "ours"), str(runs / "neighbour"), "--corpus", str(runs), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*argv, "--runs", "1", "--only", "loading"])
    benchmark.main()
    figures = srsly.read_json(out)
    assert figures["data"]["kind"] == "own"
    assert figures["baseline"]["pipeline"] == "en_tiny"
    assert not figures["baseline"]["checked"]
    assert figures["machine"]["cpu"]
    assert figures["versions"]["spacy"]
    assert figures["runs"] == 1
    (row,) = figures["results"]
    assert row["ours"] == figures["figures"]["loading"]["ours"][0]["seconds"]
    assert "| load, s |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "message"),
    [(["--only", "speed"], "but got speed"), (["--runs", "0"], "must be at least 1")],
)
def test_bad_options(runs: Path, monkeypatch: pytest.MonkeyPatch, option: list[str], message: str) -> None:
    out = runs / "benchmark.json"
    argv = ["benchmark", str(runs / "ours"), str(runs / "neighbour"), "--corpus", str(runs), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*argv, *option])
    with pytest.raises(UserError, match=message):
        benchmark.main()
    assert not out.exists()
