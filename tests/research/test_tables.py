from pathlib import Path

import pytest
import srsly

from scripts.research import tables
from scripts.research.tables import fill, publish

SCORES = {"P": 0.5, "R": 0.25, "F": 0.333, "gold": 1234.0}
FIGURES = {
    "version": "0.2.0",
    "data": {"kind": "real"},
    "table": [{"label": "geo", **SCORES}, {"label": "all", **SCORES}, {"F": 0.4}],
}
ROWS = [{"": "news", "ours": 80.04, "words": 90_000}, {"": "letters", "ours": 5.0, "words": None}]


def table(tmp_path: Path, kind: str, figures: dict) -> str:
    srsly.write_json(tmp_path / "a.json", figures)
    text = f"Before\n<!-- {kind}: a.json -->\n| old |\nAfter\n"
    filled = fill(text, tmp_path)
    assert "old" not in filled
    assert filled.endswith("|\nAfter\n")
    assert fill(filled, tmp_path) == filled
    return filled


def test_scores(tmp_path: Path) -> None:
    assert "| `a` | 0.2.0 | 50.0 | 25.0 | 33.3 | 40.0 |\n" in table(tmp_path, "scores", FIGURES)


def test_labels(tmp_path: Path) -> None:
    assert "| `geo` | 50.0 | 25.0 | 33.3 | 1,234 |\n" in table(tmp_path, "labels", FIGURES)


def test_a_ready_table(tmp_path: Path) -> None:
    expected = (
        "|  | ours | words |\n| --- | ---: | ---: |\n"
        "| news | 80.0 | 90,000 |\n| letters | 5.00 | - |\nAfter"
    )
    assert expected in table(tmp_path, "table", {"table": ROWS})


def test_publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "METRICS", tmp_path)
    run = tmp_path / "gmb_bilstm" / "spacy_ner"
    run.mkdir(parents=True)
    srsly.write_json(run / "metrics.json", FIGURES)
    publish(run, "make it")
    assert srsly.read_json(tmp_path / "gmb_spacy_ner.json") == {"command": "make it", **FIGURES}
