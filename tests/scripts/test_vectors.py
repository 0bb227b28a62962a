from pathlib import Path

import pytest

from scripts import vectors
from scripts.vectors import DownloadError, download_pipeline, find_vectors
from spacy_bilstm_ner.errors import UserError
from tests.util import chance_vectors, write_vectors

WORDS = ["tea", "ship", "law"]


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _no_web(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(package: str) -> None:
        raise DownloadError(f"no web for {package}")

    monkeypatch.setattr(vectors, "download_pipeline", refuse)


def test_a_folder(tmp_path: Path, assets: Path) -> None:
    path = write_vectors(tmp_path / "mine", chance_vectors(WORDS))
    word_vectors = find_vectors(path, lang="en", assets=assets)
    name = "en_tiny_vectors 1.2.3"
    meta = {"url": "", "author": "Ann", "license": "CC0"}
    assert word_vectors == {"path": path, "name": name, **meta}


def test_a_folder_in_assets(assets: Path) -> None:
    write_vectors(assets / "en_no_such_md", chance_vectors(WORDS))
    word_vectors = find_vectors("en_no_such_md", lang="en", assets=assets)
    assert word_vectors["path"] == (assets / "en_no_such_md").as_posix()


def test_a_package(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `spacy package` lays it out."""
    package = tmp_path / "site" / "en_tiny_vectors"
    write_vectors(package / "en_tiny_vectors-1.2.3", chance_vectors(WORDS))
    (package / "__init__.py").touch()
    (package / "meta.json").write_bytes(
        (package / "en_tiny_vectors-1.2.3" / "meta.json").read_bytes()
    )
    info = tmp_path / "site" / "en_tiny_vectors-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: en_tiny_vectors\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    word_vectors = find_vectors("en_tiny_vectors", lang="en", assets=assets)
    assert word_vectors["path"] == "en_tiny_vectors"
    assert word_vectors["name"] == "en_tiny_vectors 1.2.3"


def test_another_language_is_not_taken(assets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_vectors(assets / "en_no_such_md", chance_vectors(WORDS))
    assert find_vectors("en_no_such_md", lang="de", assets=assets) == {}
    assert "en_no_such_md is not used: its language is not 'de'" in capsys.readouterr().out


def test_a_folder_that_is_not_there(assets: Path) -> None:
    with pytest.raises(
        UserError, match=r"no pipeline my/vectors: --vars\.vectors takes a pipeline's folder"
    ):
        find_vectors("my/vectors", lang="en", assets=assets)


def test_unreachable_web(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy.about.__compatibility__", "http://127.0.0.1:9/x.json")
    with pytest.raises(
        DownloadError, match=r"cannot be downloaded \(http://127\.0\.0\.1:9/x\.json: "
    ):
        download_pipeline("en_core_web_md")
