from pathlib import Path

import pytest

from scripts.install import find_wheel, install, is_installed, load
from scripts.package import build_pipeline
from spacy_bilstm_ner.errors import UserError

from .helpers import make_pipeline


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    make_pipeline(folder / "model")
    (folder / "work").mkdir()
    return build_pipeline(folder / "model", {}, folder / "work")


def test_one_wheel_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "en_x_y-0.1.0-py3-none-any.whl").touch()
    with pytest.raises(UserError, match=r"expected one wheel of en_x .*found 0.*run `spacy project run package`"):
        find_wheel(tmp_path, "en_x")
    wheel = tmp_path / "en_x-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert find_wheel(tmp_path, "en_x") == wheel


def test_install_replaces_the_same_version_and_loads(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert not is_installed(wheel, site)
    install(wheel, target=site)
    assert is_installed(wheel, site)
    loaded = load("en_tiny", target=site)
    assert site in loaded.parents

    config = loaded / "config.cfg"
    config.write_text(config.read_text(encoding="utf-8") + "\n# another", encoding="utf-8")
    assert not is_installed(wheel, site)
    install(wheel, target=site)
    assert is_installed(wheel, site)


def test_pipeline_that_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="xx_not_there is installed, but does not load"):
        load("xx_not_there", target=tmp_path)


def test_broken_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "en_x-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"not a zip")
    with pytest.raises(UserError, match="pip could not install"):
        install(wheel, target=tmp_path / "site")
