import json
import sys
from pathlib import Path

import pytest

from spacy_bilstm_ner.quality.plots import draw_learning, draw_reliability, draw_training

from .helpers import command

LOG = [
    {"epoch": 0, "step": 0, "losses": {"ner": 5.0}, "scores": {"ents_f": 0.0}, "score": 0.0},
    {"epoch": 0, "step": 10, "losses": {"ner": 40.0}, "scores": {"ents_f": 50.0}, "score": 0.5},
    {"epoch": 1, "step": 20, "losses": {"ner": 20.0}, "scores": {"ents_f": 60.0}, "score": 0.6},
]


def test_picture_is_one_element_and_always_the_same() -> None:
    svg = draw_training(LOG)
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    assert "Development set" in svg
    assert svg == draw_training(LOG)


def test_reliability_and_learning_are_drawn_the_same_each_time() -> None:
    bins = [{"confidence": 0.4, "precision": 0.3}, {"confidence": 0.9, "precision": 0.8}]
    curve = [{"sentences": n, "f": 0.5, "low": 0.4, "high": 0.6} for n in (10, 20, 30)]
    for draw, found, title in (
        (draw_reliability, bins, "Reliability"),
        (draw_learning, curve, "Learning curve"),
    ):
        svg = draw(found)
        assert svg.startswith("<svg")
        assert title in svg
        assert svg == draw(found)


def test_without_matplotlib_the_message_says_what_to_install(
    tiny: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    log, out, report = tmp_path / "log.jsonl", tmp_path / "m.json", tmp_path / "r.html"
    log.write_text("\n".join(map(json.dumps, LOG)), encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r'matplotlib is not installed: pip install "spacy-bilstm-ner\[train\]"'
    ):
        command("evaluate", *tiny, "--out", out, "--report", report, "--log", log)
    assert not report.exists()
    assert not out.exists()
