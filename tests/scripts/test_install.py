import re
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import install as step
from scripts.install import install, is_installed, try_out
from spacy_bilstm_ner.errors import UserError

NAME = "en_tiny-0.0.0+sample-py3-none-any.whl"


def test_install_replaces_the_same_version_works_and_is_done_once(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wheel, site = project / NAME, tmp_path / "site"
    monkeypatch.setattr(
        sys, "argv", ["install", str(project), str(project / "model"), "--target", str(site)]
    )
    assert not is_installed(wheel, site)
    step.main()
    assert is_installed(wheel, site)
    printed = capsys.readouterr().out
    assert f"{NAME} is installed now; spacy.load('en_tiny') finds:" in printed
    assert "Monday" in printed

    (config,) = site.rglob("config.cfg")
    config.write_text(config.read_text(encoding="utf-8") + "\n# another", encoding="utf-8")
    assert not is_installed(wheel, site)
    # A process that loads the pipeline takes seconds, and one has done it.
    tried: list[tuple[str, Path]] = []

    def fake(*what: Any) -> str:
        tried.append(what)
        return "nothing"

    monkeypatch.setattr(step, "try_out", fake)
    for state in ("now", "already"):
        step.main()
        assert is_installed(wheel, site)
        assert (
            f"{NAME} is installed {state}; spacy.load('en_tiny') finds:\nnothing"
            in capsys.readouterr().out
        )
    # What is installed already is tried, too.
    assert tried == [("en_tiny", site)] * 2


def test_pipeline_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # spaCy's own message, without the seconds that its import takes
    trial = "import sys; raise OSError(f\"[E050] Can't find model '{sys.argv[1]}'.\")"
    monkeypatch.setattr(step, "TRIAL", trial)
    with pytest.raises(
        UserError,
        match=r"(?s)xx_not_there is installed, but does not work.*Can't find model 'xx_not",
    ):
        try_out("xx_not_there", tmp_path)


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_missing_or_broken_wheel(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content:
        (tmp_path / NAME).write_bytes(content)
    monkeypatch.setattr(
        sys, "argv", ["install", str(tmp_path), str(project / "model"), "--target", str(tmp_path)]
    )
    fault = "damaged" if content else "missing"
    with pytest.raises(
        UserError, match=f"{re.escape(NAME)} is {fault}: .*`spacy project run package`"
    ):
        step.main()


def test_wheel_that_pip_does_not_take(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a zip")
    with pytest.raises(UserError, match="pip could not install"):
        install(tmp_path / NAME, str(tmp_path / "site"))
