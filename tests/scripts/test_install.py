import re
import sys
from pathlib import Path

import pytest

from scripts import install
from spacy_bilstm_ner.errors import UserError

NAME = "en_tiny-0.0.0+sample-py3-none-any.whl"


def run_main(packages: Path, project: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [str(packages), str(project / "model"), "--target", str(target)]
    monkeypatch.setattr(sys, "argv", ["install", *arguments])
    install.main()


def test_a_pipeline_is_installed_in_place_of_another_and_works(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = tmp_path / "site" / "en_tiny" / "__init__.py"
    old.parent.mkdir(parents=True)
    old.write_text("raise ImportError('an old version')")
    run_main(project, project, tmp_path / "site", monkeypatch)
    printed = capsys.readouterr().out
    assert f"{NAME} is installed; spacy.load('en_tiny') finds:" in printed
    assert "Monday" in printed


def test_pipeline_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # This is spaCy's own message, without the seconds that its import takes.
    trial = "import sys; raise OSError(f\"[E050] Can't find model '{sys.argv[1]}'.\")"
    monkeypatch.setattr(install, "TRIAL", trial)
    message = r"(?s)xx_not_there is installed, but does not work.*Can't find model 'xx_not"
    with pytest.raises(UserError, match=message):
        install.try_out("xx_not_there", tmp_path)


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_missing_or_broken_wheel(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    message = f"{re.escape(NAME)} is missing: run `spacy project run package`"
    if content:
        (tmp_path / NAME).write_bytes(content)
        message = "pip could not install"
    with pytest.raises(UserError, match=message):
        run_main(tmp_path, project, tmp_path / "site", monkeypatch)
