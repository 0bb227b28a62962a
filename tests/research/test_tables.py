from pathlib import Path

import pytest
import srsly

from scripts.research import tables
from scripts.research.tables import fill, publish

SCORES = {"P": 0.5, "R": 0.25, "F": 0.333, "gold": 1234}
FIGURES = {
    "version": "0.2.0",
    "data": {"kind": "real"},
    "table": [{"label": "geo", **SCORES}, {"label": "all", **SCORES}, {"F": None}],
}
BENCHMARK_RUNS = {"bilstm": [10, 90_000, 20_000], "spacy_ner": [5_000, 4_000, 1_000]}


def table(tmp_path: Path, kind: str, figures: dict) -> str:
    srsly.write_json(tmp_path / "a.json", figures)
    text = f"Before\n<!-- {kind}: a.json -->\n| old |\nAfter\n"
    filled = fill(text, tmp_path)
    assert "old" not in filled
    assert filled.endswith("|\nAfter\n")
    assert fill(filled, tmp_path) == filled
    return filled


def test_scores(tmp_path: Path) -> None:
    assert "| `a` | 0.2.0 | 50.0 | 25.0 | 33.3 | - |\n" in table(tmp_path, "scores", FIGURES)


def test_labels(tmp_path: Path) -> None:
    assert "| `geo` | 50.0 | 25.0 | 33.3 | 1,234 |\n" in table(tmp_path, "labels", FIGURES)


def test_corpora(tmp_path: Path) -> None:
    scores = {"news": {"f": 0.8, "version": "0.2.0"}, "letters": {"f": 0.7, "version": "0.1.0"}}
    figures = {"configs": {"ours": scores}}
    filled = table(tmp_path, "corpora", figures)
    assert "|  | version | news | letters | mean |\n" in filled
    assert "| `ours` | 0.1.0 | 80.0 | 70.0 | 75.0 |\n" in filled


def test_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BENCHMARK_ROWS", {"words/s": ("sentences", "words_per_second")})
    runs = {}
    for name, speeds in BENCHMARK_RUNS.items():
        runs[name] = [{"words_per_second": speed} for speed in speeds]
    filled = table(
        tmp_path, "speed", {"version": "0.2.0", "figures": {"sentences": runs, "loading": runs}}
    )
    assert "|  | bilstm 0.2.0 | spacy_ner | ratio |\n" in filled
    assert "| words/s | 20,000 | 4,000 | 5 |\n" in filled


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tables, "METRICS", tmp_path)
    folder = tmp_path / "gmb_bilstm" / "spacy_ner"
    (folder / "model-best").mkdir(parents=True)
    srsly.write_json(folder / "model-best" / "meta.json", {})
    srsly.write_json(folder / "metrics.json", FIGURES)
    return folder


def test_publish(run: Path, tmp_path: Path) -> None:
    publish(run, "make it")
    assert srsly.read_json(tmp_path / "gmb_spacy_ner.json") == {"command": "make it", **FIGURES}


def test_scores_of_the_sample_are_not_published(run: Path) -> None:
    srsly.write_json(run / "metrics.json", {**FIGURES, "data": {"kind": "sample"}})
    with pytest.raises(SystemExit, match="sample"):
        publish(run, "make it")
