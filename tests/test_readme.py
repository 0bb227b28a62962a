"""README.md and metrics/README.md: their tables are those of the published figures, and README.md stays short."""

import re
from pathlib import Path

import pytest
import srsly

from scripts.research.tables import MARKED, PAGES, fill
from spacy_bilstm_ner.cli import COMMANDS

MAX_CHARACTERS, MAX_LINES = 11_000, 190


@pytest.mark.parametrize("page", PAGES)
def test_tables_quote_the_published_figures(root: Path, page: str) -> None:
    text = (root / page).read_text(encoding="utf-8")
    assert fill(text, metrics=root / "metrics") == text, "run `python -m scripts.research.tables`"


def test_all_published_figures_are_quoted(root: Path) -> None:
    text = "".join((root / page).read_text(encoding="utf-8") for page in PAGES)
    patterns = {pattern for match in MARKED.finditer(text) for pattern in match["names"].split()}
    quoted = {path for pattern in patterns for path in (root / "metrics").glob(pattern)}
    assert quoted == set((root / "metrics").glob("*.json"))


def test_published_figures_are_of_real_runs(root: Path) -> None:
    paths = list((root / "metrics").glob("*.json"))
    assert paths
    for path in paths:
        figures = srsly.read_json(path)
        assert figures["data"]["kind"] == "real", path
        assert figures["command"].startswith(
            ("spacy project run ", "python -m scripts.", "python -m spacy train ")
        ), path


def test_the_readme_is_short(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    assert len(text) <= MAX_CHARACTERS
    assert len(text.splitlines()) <= MAX_LINES


def test_what_the_readme_names_is_there(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"python -m spacy_bilstm_ner (\w+)", text)) <= set(COMMANDS)
    (tree,) = re.findall(r"## Map\n\n```\n(.*?)```", text, flags=re.DOTALL)
    folder = root
    for line in tree.splitlines():
        if not line.startswith(" "):
            folder = root / "spacy_bilstm_ner" if line.startswith("spacy_bilstm_ner/") else root
        for name in re.findall(r"(?:^|\s)((?:\w+/)*\w+(?:/|\.py|\.yml|\.cfg))(?=[\s,;])", line):
            assert any((place / name).exists() for place in (folder, root, root / "configs")), name
