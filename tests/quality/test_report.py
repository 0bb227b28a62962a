import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from spacy_bilstm_ner.pipe.displacy_colors import COLORS
from spacy_bilstm_ner.pipe.entities import Entity
from spacy_bilstm_ner.quality.mistakes import confusion_table
from spacy_bilstm_ner.quality.pages import color, drawn, named
from spacy_bilstm_ner.quality.reliability import Curve
from spacy_bilstm_ner.quality.report import confidence_section

from .helpers import command, make_pipeline

ROW = {"epoch": 0, "step": 0, "losses": {"ner": 5.0}, "scores": {"ents_f": 10.0}, "score": 0.1}


@pytest.fixture(scope="module")
def html(tiny: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of the tiny pipeline, with all that it can have."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "log.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    command(
        "evaluate",
        *tiny,
        "--report",
        folder / "r.html",
        "--log",
        folder / "log.jsonl",
        "--dev",
        tiny[1],
    )
    return (folder / "r.html").read_text(encoding="utf-8")


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


def test_page_is_whole_and_needs_no_other_file(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert not re.search(r"<(script|link|img|iframe)|src=|@import", html)


def test_page_shows_what_it_should(html: str) -> None:
    assert "<svg" in html
    assert "trained on" in html.lower()
    assert "tiny.csv" in html
    # precision, recall and F of geo, worked out by hand in test_evaluate.py
    assert "<td>geo</td><td>100.00</td><td>50.00</td><td>66.67</td>" in html
    for word in ("missed", "spurious", "wrong boundary"):
        assert word in html
    assert '<mark class="wrong">Monday</mark> blues &amp; Vienna.' in html
    assert f"background: {COLORS['geo']}" in html
    assert re.search("not found: World Bank <span[^>]*>org</span>, Peru <span", html)


def test_own_data_says_nothing_of_gmb(html: str) -> None:
    assert "GMB" not in html
    assert "sample" not in html


def test_sample_is_named(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    make_pipeline(tmp_path / "sample", kind="sample")
    command("evaluate", tmp_path / "sample", tiny[1], "--report", tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<div class="warning">' in html
    assert "0.0.0+sample" in html


def test_labels_are_escaped() -> None:
    assert "<b>" not in confusion_table(Counter({("<b>", "<b>"): 1}))
    entity = Entity(0, 3, "<b>")
    for html in (named("<i>", entity), drawn("<i> said", [entity])):
        assert "&lt;i&gt;" in html
        assert "&lt;b&gt;" in html
        assert not re.search("<[bi]>", html)


def test_every_label_has_a_colour() -> None:
    colors = {label: color(label) for label in ("geo", "GPE", "WARE", "MARKE")}
    assert colors["geo"] == COLORS["geo"]
    assert colors["GPE"] == "#feca74"
    assert len(set(colors.values())) == 4


def test_confidences_are_shown_if_there_are_any() -> None:
    bins = [{"confidence": 0.5, "precision": 0.4, "entities": 9}]
    curves = {"geo": Curve(np.array([0.9, 0.5]), np.array([True, False]), 3)}
    html = confidence_section({"ece": 0.1, "auc": 0.857, "bins": bins, "curves": curves})
    assert html.count("<svg") == 2
    # geo's colour, with two thirds of its brightness
    assert "#aa6341" in html
    assert (
        "10.0 points apart. Of a right and a wrong entity, the right one has more in 86 of 100 pairs."
        in html
    )
