import sys
from pathlib import Path

import pytest
import srsly

from scripts.research import publish
from spacy_bilstm_ner.errors import UserError


@pytest.mark.parametrize("kind", ["real", "own"])
def test_published_metrics_name_their_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    metrics = {"data": {"kind": kind}, "seed": 0}
    srsly.write_json(tmp_path / "metrics.json", metrics)
    out = tmp_path / "metrics" / "x.json"
    argv = ["publish", str(tmp_path / "metrics.json"), str(out), "--command", "make it"]
    monkeypatch.setattr(sys, "argv", argv)
    publish.main()
    assert srsly.read_json(out) == {"command": "make it", **metrics}


def test_sample_is_refused() -> None:
    with pytest.raises(UserError, match="bundled sample"):
        publish.published({"data": {"kind": "sample"}}, command="make it")
