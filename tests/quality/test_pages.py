import re
import sys
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from spacy_bilstm_ner.pipe.displacy_colors import COLORS
from spacy_bilstm_ner.pipe.entities import Entity
from spacy_bilstm_ner.quality.result import Result, Section, mark_entities

from .helpers import command

BINS = pd.DataFrame({"confidence": [0.4, 0.9], "precision": [0.3, 0.8], "entities": [5, 5]})
POINTS = pd.DataFrame({"sentences": [10, 20], "f": 0.5, "low": 0.4, "high": 0.6})
CURVE = pd.DataFrame({"confidence": [0.9, 0.5], "precision": [1.0, 0.5], "recall": [0.3, 0.3]})


class Elements(HTMLParser):
    """Checks that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_of_evaluate(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    report = tmp_path / "r.html"
    command("evaluate", *tiny, "--report", report)
    html = report.read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(html)
    assert elements.open == []
    assert not re.search(r"<(script|link|img|iframe)|src=|@import", html)
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())
    # Precision, recall and F of geo are worked out by hand in test_evaluate.py.
    assert "geo 100.00 50.00 66.67" in text
    assert "predicted with other boundaries org org World Bank org lent Peru money." in text
    assert f"background: {COLORS['tim']}" in html


def test_all_text_is_escaped() -> None:
    marked = mark_entities("<b>", [Entity(0, 3, "<i>")])
    table = pd.DataFrame([["<b>", marked]], columns=["<b>", "<b> "], dtype=object)
    sections = [Section("<b>", note="<b>", table=table)]
    result = Result(
        title="<b>",
        summary=["<b>"],
        table=table,
        formats={},
        warnings=["<b>"],
        sections=partial(list, sections),
    )
    html = result.to_html()
    assert not re.search("<[bi]>", html)
    # In both tables
    assert html.count("<mark") == 2


def test_pictures_are_made_for_a_page_only(
    trained: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "spacy_bilstm_ner.quality.plots")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    command("thresholds", *trained)
    outputs = ("--report", tmp_path / "t.html", "--out", tmp_path / "t.json")
    with pytest.raises(SystemExit, match="matplotlib is not installed"):
        command("thresholds", *trained, *outputs)
    assert list(tmp_path.iterdir()) == []
