import sys
from pathlib import Path

import pytest

from scripts import install as step
from scripts.install import install, is_installed, try_out
from scripts.package import build_pipeline
from spacy_bilstm_ner.errors import UserError

from .helpers import make_pipeline

NAME = "en_tiny-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pipeline, model, and its wheel."""
    folder = tmp_path_factory.mktemp("project")
    make_pipeline(folder / "model")
    (folder / "work").mkdir()
    build_pipeline(folder / "model", {"label_meanings": {}}, folder / "work").rename(folder / NAME)
    return folder


def test_install_replaces_the_same_version_and_works(project: Path, tmp_path: Path) -> None:
    wheel, site = project / NAME, tmp_path / "site"
    assert not is_installed(wheel, site)
    install(wheel, str(site))
    assert is_installed(wheel, site)
    assert "Monday" in try_out("en_tiny", site)

    (config,) = site.rglob("config.cfg")
    config.write_text(config.read_text(encoding="utf-8") + "\n# another", encoding="utf-8")
    assert not is_installed(wheel, site)
    install(wheel, str(site))
    assert is_installed(wheel, site)


def test_what_is_installed_already_is_only_tried(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["install", str(project), str(project / "model"), "--target", str(tmp_path / "site")]
    )
    for state in ("now", "already"):
        step.main()
        assert f"{NAME} is installed {state}; spacy.load('en_tiny') finds:" in capsys.readouterr().out


def test_pipeline_that_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="xx_not_there is installed, but does not work"):
        try_out("xx_not_there", tmp_path)


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_missing_or_broken_wheel(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content:
        (tmp_path / NAME).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["install", str(tmp_path), str(project / "model"), "--target", str(tmp_path)])
    with pytest.raises(
        UserError, match=f"{NAME} is {'damaged' if content else 'missing'}: .*`spacy project run package`"
    ):
        step.main()


def test_wheel_that_pip_does_not_take(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a zip")
    with pytest.raises(UserError, match="pip could not install"):
        install(tmp_path / NAME, str(tmp_path / "site"))
