import importlib
import sys
from pathlib import Path

import pytest

from scripts.install import main
from spacy_bilstm_ner.errors import UserError
from tests.util import install_wheel


def test_an_installed_pipeline_is_tried_out(
    packages: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (wheel,) = packages.glob("en_tiny-*.whl")
    install_wheel(wheel, tmp_path)
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, "path", sys.path.copy())
    main("en_tiny", str(tmp_path))
    assert "   tim  Monday" in capsys.readouterr().out


def test_a_pipeline_that_does_not_load() -> None:
    with pytest.raises(UserError, match="there is no pipeline xx_not_there"):
        main("xx_not_there")
