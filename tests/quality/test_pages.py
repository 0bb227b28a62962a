import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_bilstm_ner.pipe.displacy_colors import COLORS
from spacy_bilstm_ner.pipe.entities import Entity
from spacy_bilstm_ner.quality.pages import (
    Cell,
    Section,
    Table,
    color_of,
    mark_entities,
    mark_wrong,
    render_page,
)
from spacy_bilstm_ner.quality.plots import (
    draw_curves,
    draw_learning_curve,
    draw_reliability,
    draw_training,
)
from spacy_bilstm_ner.quality.reliability import Bins, Curve

from .helpers import VOCAB, command

LOG = [
    {"epoch": 0, "step": 0, "losses": {"ner": 5.0}, "scores": {"ents_f": 0.0}, "score": 0.0},
    {"epoch": 0, "step": 10, "losses": {"ner": 40.0}, "scores": {"ents_f": 50.0}, "score": 0.5},
]
BINS = Bins(np.array([0.4, 0.9]), np.array([0.3, 0.8]), np.array([5, 5]))
CURVE = [{"sentences": n, "f": 0.5, "low": 0.4, "high": 0.6} for n in (10, 20)]
CURVES = {"geo": Curve(np.array([0.9, 0.5]), np.array([True, False]), 3)}


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
    log, report = tmp_path / "log.jsonl", tmp_path / "r.html"
    log.write_text("\n".join(map(json.dumps, LOG)), encoding="utf-8")
    command("evaluate", *tiny, "--report", report, "--log", log, "--dev", tiny[1])
    html = report.read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(html)
    assert elements.open == []
    assert not re.search(r"<(script|link|img|iframe)|src=|@import", html)
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())
    # Precision, recall and F of geo are worked out by hand in test_evaluate.py.
    assert "geo 100.00 50.00 66.67" in text
    assert "Development set" in text
    assert "Monday blues &amp; Vienna" in text
    assert "missed: World Bank org Peru geo" in text
    assert f"background: {COLORS['geo']}" in html


def test_all_text_is_escaped() -> None:
    doc = Doc(VOCAB, words=["<b>", "fell"], ents=["B-<i>", "O"])
    segments = [*mark_entities(doc), *mark_wrong("<b>", Entity(0, 3, "<i>"))]
    table = Table(["<b>", "<b>"], [["<b>", Cell(segments)]])
    section = Section("<b>", note="<b>", table=table, sentences=[(segments, segments)])
    html = render_page(
        title="<b>", warnings=["<b>"], summary=["<b>"], table=table, sections=[section]
    )
    # The template's own <b> elements are those of the three labels.
    assert html.count("<b>") == html.count("<b>&lt;i&gt;</b>") == 4
    assert "<i>" not in html


def test_every_label_has_a_colour() -> None:
    colors = {label: color_of(label) for label in ("geo", "GPE", "WARE", "MARKE")}
    assert colors["geo"] == COLORS["geo"]
    assert colors["GPE"] == "#feca74"
    assert len(set(colors.values())) == 4


@pytest.mark.parametrize(
    ("draw", "data", "text"),
    [
        (draw_training, LOG, "Development set"),
        (draw_reliability, BINS, "Reliability"),
        (draw_learning_curve, CURVE, "Learning curve"),
        (draw_curves, CURVES, "geo"),
    ],
)
def test_a_picture_is_one_element_and_always_the_same(draw, data, text) -> None:
    svg = draw(data)
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    assert text in svg
    assert svg == draw(data)


def test_pictures_are_made_for_a_page_only(
    trained: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    command("thresholds", *trained)
    outputs = ("--report", tmp_path / "t.html", "--out", tmp_path / "t.json")
    with pytest.raises(SystemExit, match="matplotlib is not installed"):
        command("thresholds", *trained, *outputs)
    assert list(tmp_path.iterdir()) == []
