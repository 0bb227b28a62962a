import json
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
import srsly

from spacy_bilstm_ner.quality import report
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import evaluate
from spacy_bilstm_ner.displacy_colors import COLORS

from .helpers import make_pipeline, make_test_set

ROW = {"epoch": 0, "step": 0, "losses": {"ner": 5.0}, "scores": {"ents_f": 10.0}, "score": 0.1}


def write_report(folder: Path, monkeypatch: pytest.MonkeyPatch, *, kind: str = "own") -> str:
    run_dir, test, out = folder / "run", folder / "test.spacy", folder / "report.html"
    make_pipeline(run_dir / "model-best", kind=kind)
    make_test_set(test)
    srsly.write_json(run_dir / "metrics.json", evaluate(run_dir / "model-best", test))
    (run_dir / "log.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    options = ["--dev", str(test), "--experiments", str(folder)]
    monkeypatch.setattr(sys, "argv", ["report", str(run_dir), str(test), str(out), *options])
    report.main()
    return out.read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Sees that each element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_and_needs_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = write_report(tmp_path, monkeypatch)
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert not re.search(r"<(script|link|img|iframe)|src=|@import", html)


def test_page_shows_what_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = write_report(tmp_path, monkeypatch)
    assert "<svg" in html
    assert "trained on" in html.lower()
    assert "tiny.csv" in html
    # precision, recall and F of geo, worked out by hand in test_evaluate.py
    assert "<td>geo</td><td>100.00</td><td>50.00</td><td>66.67</td>" in html
    for word in ("missed", "spurious", "wrong boundary", "This pipeline gives no confidences"):
        assert word in html
    assert '<mark class="wrong">Monday</mark> blues &amp; Vienna.' in html
    assert f"background: {COLORS['geo']}" in html
    assert re.search("not found: World Bank <span[^>]*>org</span>, Peru <span", html)


def test_own_data_says_nothing_of_gmb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = write_report(tmp_path, monkeypatch)
    assert "GMB" not in html
    assert "sample" not in html


def test_sample_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = write_report(tmp_path, monkeypatch, kind="sample")
    assert '<div class="warning">' in html
    assert "0.0.0+sample" in html


def test_labels_are_escaped() -> None:
    assert "<b>" not in report.confusion_table(Counter({("<b>", "<b>"): 1}), labels=["<b>"])


def test_every_label_has_a_colour() -> None:
    colors = report.label_colors(["geo", "GPE", "WARE", "MARKE"])
    assert colors["geo"] == COLORS["geo"]
    assert colors["GPE"] == "#feca74"
    assert len(set(colors.values())) == 4


def test_missing_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["report", str(tmp_path), str(tmp_path / "t"), "out"])
    with pytest.raises(UserError, match=r"metrics\.json is missing: run"):
        report.main()


def test_confidences_are_shown_if_there_are_any() -> None:
    bins = [{"confidence": 0.5, "precision": 0.4, "entities": 9}]
    points = [{"coverage": 1.0, "precision": 0.4}]
    html = report.confidence_section({"ece": 0.1, "auc": 0.857, "bins": bins, "coverage": points})
    assert "<svg" in html
    assert "10.0 points apart. A right entity has more than a wrong one in 86 of 100 pairs." in html
    assert report.confidence_section(None) == ""


def test_models_shown_are_of_the_same_data(tmp_path: Path) -> None:
    speed, raw = {"words_per_cpu_second": 100.0}, {"micro": {"f": 0.8}}
    for i in range(6):
        data = {"sha256": "other" if i == 5 else "same"}
        srsly.write_json(tmp_path / f"m{i}.json", {"part": "dev", "data": data, "speed": speed, "raw_text": raw})
    srsly.write_json(tmp_path / "final.json", {"part": "test", "data": {"sha256": "same"}})
    srsly.write_json(tmp_path / "scores.json", {"data": {"sha256": "same"}})
    found = report.read_experiments(tmp_path, sha256="same")
    assert list(found) == ["m0", "m1", "m2", "m3", "m4"]
    assert "<svg" in report.models_section(found)
    assert report.models_section(report.read_experiments(tmp_path, sha256="other")) == ""
