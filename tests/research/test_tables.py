import os
import sys
from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts.research import tables
from scripts.research.tables import benchmark_table, fill, publish
from spacy_bilstm_ner.errors import UserError

SCORES = {"p": 0.5, "r": 0.25, "f": 1 / 3}
NONE = {"p": None, "r": None, "f": None}


def experiment(*, f: float = 0.8, calibration: Any = None) -> dict[str, Any]:
    return {
        "command": "make it",
        "version": "0.1.0",
        "data": {"kind": "real"},
        "raw_text": {
            "micro": SCORES | {"f": f},
            "macro": NONE,
            "labels": {"geo": SCORES | {"gold": 1234}},
        },
        "gold_tokens": {"micro": {"p": 1.0, "r": 1.0, "f": 1.0}},
        "variants": dict.fromkeys(("forty", "lower", "upper", "curly"), SCORES),
        "mentions": {"unseen": {"gold": 5, "r": 0.2}},
        "calibration": calibration,
        "size": {"zip_mb": 9.54},
        "training_seconds": 1234.5,
    }


BENCHMARK = {
    "figures": {
        "sentences": {
            "bilstm": [{"words_per_second": rate, "peak_mb": 300} for rate in (10, 90_000, 20_000)],
            "spacy_ner": [
                {"words_per_second": rate, "peak_mb": 600} for rate in (5_000, 4_000, 1_000)
            ],
            "tokenizer": [{"words_per_second": 80_000, "peak_mb": 100}],
        },
        "one": {"bilstm": [{"milliseconds": 1.5}]},
    }
}


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    srsly.write_json(tmp_path / "a.json", experiment(calibration={"ece": 0.01234, "auc": 0.8}))
    srsly.write_json(tmp_path / "b.json", experiment(f=0.9))
    srsly.write_json(tmp_path / "speed.json", BENCHMARK)
    return tmp_path


def test_tables_are_filled_and_stay(metrics: Path) -> None:
    text = (
        "Before\n<!-- scores: a.json b.json -->\n| old |\n\nBetween\n<!-- labels: a.json -->\nEnd\n"
    )
    filled = fill(text, metrics=metrics)
    assert (
        "| `a` | 50.00 | 25.00 | 80.00 | - | 100.00 |\n| `b` | 50.00 | 25.00 | 90.00 | - | 100.00 |\n"
        in filled
    )
    assert "| `geo` | 50.00 | 25.00 | 33.33 | 1,234 |\nEnd" in filled
    assert "| old |" not in filled
    assert filled.startswith("Before\n")
    assert fill(filled, metrics=metrics) == filled


def test_experiments_are_columns(metrics: Path) -> None:
    filled = fill("<!-- experiments: [ab].json -->\n", metrics=metrics)
    assert "|  | `a` | `b` |\n" in filled
    assert "| F, ALL CAPS | 33.33 | 33.33 |\n" in filled
    assert "| recall of new mentions | 20.00 | 20.00 |\n" in filled
    assert "| calibration error | 0.0123 | - |\n" in filled


def test_corpora_are_columns_and_models_rows(metrics: Path) -> None:
    found = {"news": {"f": 0.8, "macro": 0.5}, "wikipedia": {"f": 0.7, "macro": 0.65}}
    srsly.write_json(metrics / "corpora.json", {"raw_text": {"ours": found, "others": found}})
    filled = fill("<!-- corpora: corpora.json -->\n", metrics=metrics)
    assert "|  | news | wikipedia | mean |\n" in filled
    assert "| ours | 80.0 (50) | 70.0 (65) | 75.0 |\n| others |" in filled


def test_commands(metrics: Path) -> None:
    assert "| `a` | 0.1.0 | `make it` |\n" in fill("<!-- commands: a.json -->\n", metrics=metrics)


def test_medians_of_the_benchmark_are_compared(metrics: Path) -> None:
    table = benchmark_table(BENCHMARK)
    assert "|  | bilstm | spacy_ner | ratio | tokenizer | ratio |\n" in table
    assert "| single sentences, words/s | 20,000 | 4,000 | 5 | 80,000 | 0.25 |\n" in table
    assert "| one sentence at a time, ms | 1.5 | - | - | - | - |\n" in table
    assert "documents" not in table
    short = fill("<!-- speed: speed.json -->\n", metrics=metrics)
    assert "| peak memory, single sentences, MB | 300 | 600 | 0.5 |\n" in short


def test_missing_figures(metrics: Path) -> None:
    with pytest.raises(UserError, match=r"z\*\.json, which is not there"):
        fill("<!-- scores: z*.json -->\n", metrics=metrics)


def make_run(folder: Path, kind: str = "real", stem: str = "metrics") -> Path:
    (folder / "model-best").mkdir(parents=True)
    srsly.write_json(folder / "model-best" / "meta.json", {})
    srsly.write_json(folder / f"{stem}.json", experiment() | {"data": {"kind": kind}})
    return folder


@pytest.mark.parametrize(
    ("run", "stem", "published"),
    [
        ("gmb_bilstm/bilstm", "metrics", "gmb_bilstm"),
        ("gmb_bilstm/spacy_ner", "metrics", "gmb_spacy_ner"),
        ("gmb_bilstm/spacy_ner", "test", "gmb_spacy_ner_test"),
        ("gmb_seed_1/bilstm", "dev", "gmb_seed_1_dev"),
        ("gmb_bilstm/bilstm", "benchmark", "benchmark"),
    ],
)
def test_runs_are_published_under_their_names(
    tmp_path: Path, run: str, stem: str, published: str
) -> None:
    publish(make_run(tmp_path / run, stem=stem), "another command", metrics=tmp_path / "metrics")
    (path,) = (tmp_path / "metrics").iterdir()
    assert path.name == f"{published}.json"
    assert srsly.read_json(path)["command"] == "make it"


def test_a_command_is_added_where_there_is_none(tmp_path: Path) -> None:
    run = make_run(tmp_path / "x" / "bilstm")
    srsly.write_json(run / "metrics.json", {"data": {"kind": "own"}})
    publish(run, "make x", metrics=tmp_path)
    assert srsly.read_json(tmp_path / "x.json") == {"command": "make x", "data": {"kind": "own"}}


def test_what_should_not_be_published_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="bundled sample"):
        publish(
            make_run(tmp_path / "a" / "bilstm", kind="sample"), "c", metrics=tmp_path / "metrics"
        )
    old = make_run(tmp_path / "b" / "bilstm")
    os.utime(old / "metrics.json", (0, 0))
    with pytest.raises(UserError, match="older than the model"):
        publish(old, "c", metrics=tmp_path / "metrics")
    (old / "metrics.json").unlink()
    with pytest.raises(UserError, match="has no figures"):
        publish(old, "c", metrics=tmp_path / "metrics")
    assert not (tmp_path / "metrics").exists()


def test_both_pages_are_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    srsly.write_json(metrics / "a.json", experiment())
    for page in tables.PAGES:
        (tmp_path / page).write_text("<!-- labels: a.json -->\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tables"])
    tables.main()
    for page in tables.PAGES:
        assert "| `geo` |" in (tmp_path / page).read_text(encoding="utf-8")


def test_damaged_figures_are_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "x" / "bilstm")
    for content in ('{"command', "{}"):
        (run / "metrics.json").write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"metrics\.json is damaged: .*delete it and run"):
            publish(run, "make x", metrics=tmp_path / "metrics")
