"""Check the README, the documentation and the published figures."""

import re
from pathlib import Path

import pytest
import srsly

from scripts.research.tables import PAGES, fill


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_tables_show_the_published_figures(root: Path, page: Path) -> None:
    text = (root / page).read_text(encoding="utf-8")
    assert fill(text, root / "metrics") == text, "run `python -m scripts.research.tables`"


def test_published_figures_name_their_commands(root: Path) -> None:
    for path in (root / "metrics").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        commands = re.findall(r'"command": ?"(.*?)"', text)
        assert commands, path
        for command in commands:
            assert command.startswith(("spacy project run ", "python -m ")), path
            assert not re.search(r"(^|[\s=])/", command), f"{path} names a path of a machine"
        assert "sample" not in [*_kinds(srsly.read_json(path))]


def _kinds(figures: dict) -> list[str]:
    return [(figures.get("data") or {}).get("kind", "")]
