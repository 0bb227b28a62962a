import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from spacy_bilstm_ner.quality.audit import find_suspicions
from spacy_bilstm_ner.quality.result import Result

from .helpers import command, make_example


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
    assert "geo 100.00% 50.00% 66.67%" in text
    assert "predicted with other boundaries org org World Bank lent Peru money." in text


def test_all_text_is_escaped() -> None:
    mistakes = find_suspicions([make_example("<b> fell", "B-<i> O", [(0, 1, "<i>x", 0.9)])])
    table = pd.DataFrame([["<b>", "<b>"]], columns=["<b>", "<b> "])
    result = Result(summary=["<b>", "<b>"], table=table, warnings=["<b>"], mistakes=mistakes)
    html = result.to_html()
    assert not re.search("<[bi]>", html)
    assert "<mark>&lt;b&gt;</mark> fell" in html


def test_matplotlib_is_needed_for_a_page_only(
    trained: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "spacy_bilstm_ner.quality.plots")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    command("evaluate", *trained)
    outputs = ("--report", tmp_path / "e.html", "--out", tmp_path / "e.json")
    with pytest.raises(SystemExit, match="matplotlib is not installed"):
        command("evaluate", *trained, *outputs)
    assert list(tmp_path.iterdir()) == []


def test_a_prediction_without_a_confidence() -> None:
    mistakes = find_suspicions([make_example("Anna fell", "B-per O", [(0, 1, "org", 0.9)])])
    mistakes["confidence"] = float("nan")
    table = pd.DataFrame({"label": ["org"], "F": [0.0]})
    html = Result(summary=["A"], table=table, mistakes=mistakes).to_html()
    assert "<td>-</td>" in html
    assert "nan" not in html
