from pathlib import Path

import srsly

from scripts.research.tables import MARKED, fill


def test_tables_quote_the_published_metrics(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    assert fill(text, root=root) == text, "run `python -m scripts.research.tables`"


def test_all_published_metrics_are_quoted(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    quoted = {name for match in MARKED.finditer(text) for name in match["names"].split()}
    published = {path.relative_to(root).as_posix() for path in (root / "metrics").glob("*.json")}
    assert quoted == published


def test_published_metrics_are_of_real_runs(root: Path) -> None:
    for path in (root / "metrics").glob("*.json"):
        metrics = srsly.read_json(path)
        assert metrics["data"]["kind"] == "real", path
        assert metrics["command"].startswith(("spacy project run ", "python -m scripts.research.experiment ")), path
