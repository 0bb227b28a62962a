import importlib
import sys
from pathlib import Path

import pytest

from scripts import install
from scripts.step import run_python
from spacy_bilstm_ner.errors import UserError


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["install", *arguments])
    monkeypatch.setattr(sys, "path", sys.path.copy())
    install.main()


def test_an_installed_pipeline_is_tried_out(
    packages: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (wheel,) = packages.glob("en_tiny-*.whl")
    run_python(
        "-m", "pip", "install", "--no-deps", "--target", str(tmp_path), str(wheel), failure="no"
    )
    importlib.invalidate_caches()
    run_main(monkeypatch, "en_tiny", "--target", str(tmp_path))
    assert "   tim  Monday" in capsys.readouterr().out


def test_a_pipeline_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="there is no pipeline xx_not_there"):
        run_main(monkeypatch, "xx_not_there")
