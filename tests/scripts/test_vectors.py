from pathlib import Path

import pytest
import srsly

from scripts import vectors
from scripts.data import DownloadError
from scripts.source import Source, WordVectors, checksum, read_record, write_record
from scripts.vectors import describe, download, find_vectors, main, missing_banner
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

    monkeypatch.setattr(vectors, "download", refuse)


def test_a_folder(tmp_path: Path, assets: Path) -> None:
    path = write_vectors(tmp_path / "mine", chance_vectors(WORDS))
    found, reason = find_vectors(path, lang="en", assets=assets)
    assert found is not None
    assert (found.path, found.name, found.author, found.license, reason) == (
        path,
        "en_tiny_vectors 1.2.3",
        "Ann",
        "CC0",
        "",
    )
    assert found.sha256 == checksum(tmp_path / "mine" / "vocab" / "vectors")


def test_a_folder_in_assets(assets: Path) -> None:
    write_vectors(assets / "en_no_such_md", chance_vectors(WORDS))
    found, reason = find_vectors("en_no_such_md", lang="en", assets=assets)
    assert found is not None
    assert (found.path, reason) == ((assets / "en_no_such_md").as_posix(), "")


def test_a_package(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `spacy package` lays it out."""
    package = tmp_path / "site" / "en_tiny_vectors"
    write_vectors(package / "en_tiny_vectors-1.2.3", chance_vectors(WORDS))
    (package / "__init__.py").touch()
    (package / "meta.json").write_bytes((package / "en_tiny_vectors-1.2.3" / "meta.json").read_bytes())
    info = tmp_path / "site" / "en_tiny_vectors-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: en_tiny_vectors\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    found, reason = find_vectors("en_tiny_vectors", lang="en", assets=assets)
    assert found is not None
    assert (found.path, found.name, reason) == ("en_tiny_vectors", "en_tiny_vectors 1.2.3", "")


def test_what_is_nowhere_is_downloaded(assets: Path) -> None:
    with pytest.raises(DownloadError, match="no web for en_no_such_md"):
        find_vectors("en_no_such_md", lang="en", assets=assets)


def test_none_are_wanted(assets: Path) -> None:
    assert find_vectors("", lang="en", assets=assets) == (None, "switched off")


def test_another_language_is_not_downloaded(assets: Path) -> None:
    found, reason = find_vectors("en_no_such_md", lang="de", assets=assets)
    assert (found, reason) == (None, "en_no_such_md is not of the language 'de'")


def test_another_language_is_not_taken(tmp_path: Path, assets: Path) -> None:
    path = write_vectors(tmp_path / "mine", chance_vectors(WORDS))
    found, reason = find_vectors(path, lang="de", assets=assets)
    assert found is None
    assert "of the language 'en', not 'de'" in reason


def test_a_folder_that_is_not_there(assets: Path) -> None:
    with pytest.raises(UserError, match=r"no pipeline in my/vectors.*--vars\.vectors"):
        find_vectors("my/vectors", lang="en", assets=assets)


def test_a_pipeline_without_vectors(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(UserError, match="no word vectors in"):
        describe(str(tmp_path))


def test_unreachable_web(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy.about.__compatibility__", "http://127.0.0.1:9/x.json")
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:9/x\.json cannot be reached"):
        download("en_core_web_md")


def test_failing_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.json").touch()
    monkeypatch.setattr("spacy.about.__compatibility__", (tmp_path / "x.json").as_uri())
    monkeypatch.setattr("sys.executable", "false")
    with pytest.raises(DownloadError, match="`spacy download en_core_web_md` ended with exit code 1"):
        download("en_core_web_md")


def test_banner_cannot_be_missed() -> None:
    banner = missing_banner("en_core_web_md", reason="the reason")
    assert "NO WORD VECTORS" in banner
    assert "the reason" in banner
    assert "spacy download en_core_web_md" in banner
    assert all(line.startswith("!!") for line in banner.strip().splitlines())


@pytest.mark.parametrize("kind", ["real", "sample"])
def test_what_is_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_record(Source(kind=kind, name="x", path="x.csv", sha256="0"), Path("source.json"))
    arguments = ["vectors", ".", "--lang", "en", "--vectors", "en_no_such_md"]
    monkeypatch.setattr("sys.argv", arguments)
    main()
    printed = capsys.readouterr().out
    assert read_record(Path("vectors.json"), WordVectors) is None
    assert ("NO WORD VECTORS" in printed) == (kind == "real")
    assert "Word vectors: none" in printed
    write_vectors(tmp_path / "assets" / "en_no_such_md", chance_vectors(WORDS))
    main()
    found = read_record(Path("vectors.json"), WordVectors)
    # The sample is trained without, whatever there is
    assert (found is not None) == (kind == "real")
    assert srsly.read_json("vectors.json").get("path") == ("assets/en_no_such_md" if kind == "real" else None)
