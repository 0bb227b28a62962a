import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import data
from scripts.data import (
    DownloadError,
    check_names,
    corpus_md5,
    download,
    find_real,
    find_source,
    sample_banner,
)
from scripts.source import checksum
from spacy_bilstm_ner.errors import UserError

CSV = b"Sentence #,Word,POS,Tag\r\nSentence: 1,Vienna,NNP,B-geo\r\n"
MD5 = hashlib.md5(CSV).hexdigest()


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "sample.csv").write_bytes(b"the sample")
    return folder


@pytest.fixture
def web(tmp_path: Path) -> str:
    """A URL of the corpus, for which no network is needed."""
    path = tmp_path / "web.csv"
    path.write_bytes(CSV)
    return path.as_uri()


def zip_corpus(path: Path, *, content: bytes = CSV) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ner_dataset.csv", content)


@pytest.mark.parametrize("name", ["ner_dataset.csv", "ner_dataset.zip", "ner_dataset.csv.zip"])
def test_corpus_in_assets_is_taken(assets: Path, name: str) -> None:
    path = assets / name
    if name.endswith("zip"):
        zip_corpus(path)
    else:
        path.write_bytes(CSV)
    source, reason = find_source(csv="", assets=assets, url="http://not.asked/", md5=MD5)
    assert (source.kind, source.path, reason) == ("real", path.as_posix(), "")
    assert source.sha256 == checksum(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(CSV + b"x"),
        lambda path: zip_corpus(path, content=b"another"),
        lambda path: path.write_bytes(b"PK\x03\x04 and half of a zip"),
    ],
    ids=["changed", "another in the zip", "half a zip"],
)
def test_wrong_checksum_stops_and_keeps_the_file(assets: Path, web: str, spoil: Callable[[Path], object]) -> None:
    path = assets / "ner_dataset.csv"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=f"expected {MD5}.*--vars.csv {path} --vars.name my_ner"):
        find_source(csv="", assets=assets, url=web, md5=MD5)
    assert path.read_bytes() == before


def test_damaged_zip_is_not_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "ner_dataset.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("ner_dataset.csv", CSV)
    path.write_bytes(path.read_bytes().replace(b"Vienna", b"Venice"))
    assert corpus_md5(path) == checksum(path, algorithm="md5")


def test_missing_corpus_is_downloaded(assets: Path, web: str) -> None:
    source, reason = find_source(csv="", assets=assets, url=web, md5=MD5)
    assert (source.kind, reason) == ("real", "")
    assert (assets / "ner_dataset.csv").read_bytes() == CSV
    assert sorted(path.name for path in assets.iterdir()) == ["ner_dataset.csv", "sample.csv"]


def test_wrong_download_leaves_nothing_and_falls_back(assets: Path, web: str) -> None:
    source, reason = find_source(csv="", assets=assets, url=web, md5="0" * 32)
    assert (source.kind, source.path) == ("sample", (assets / "sample.csv").as_posix())
    assert MD5 in reason
    assert [path.name for path in assets.iterdir()] == ["sample.csv"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.csv", "file:///no/such/file", "not a url"])
def test_unreachable_download_falls_back(assets: Path, url: str) -> None:
    source, reason = find_source(csv="", assets=assets, url=url, md5=MD5)
    assert source.kind == "sample"
    assert url in reason
    assert [path.name for path in assets.iterdir()] == ["sample.csv"]


def test_silent_server_counts_as_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(data, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/ner_dataset.csv"
        with pytest.raises(DownloadError, match="timed out"):
            download(url, tmp_path / "ner_dataset.csv", md5=MD5)
    assert not list(tmp_path.iterdir())


def test_no_url_no_download(assets: Path) -> None:
    source, reason = find_source(csv="", assets=assets, url="", md5=MD5)
    assert source.kind == "sample"
    assert reason


def test_own_file_goes_before_the_corpus(assets: Path, tmp_path: Path) -> None:
    (assets / "ner_dataset.csv").write_bytes(CSV)
    own = tmp_path / "shop.csv"
    own.write_bytes(b"mine")
    source, _ = find_source(csv=str(own), assets=assets, url="", md5=MD5)
    assert (source.kind, source.name, source.path) == ("own", "shop.csv", str(own))
    assert source.sha256 == hashlib.sha256(b"mine").hexdigest()


def test_missing_own_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*nowhere\.csv.*--vars\.csv"):
        find_source(csv=str(tmp_path / "nowhere.csv"), assets=tmp_path, url="", md5=MD5)


def test_banner_cannot_be_missed() -> None:
    banner = sample_banner(reason="the reason")
    assert "SMALL BUNDLED SAMPLE" in banner
    assert "the reason" in banner
    assert "assets/" in banner
    assert len(banner.strip().splitlines()) > 5


@pytest.mark.gmb
def test_real_corpus_has_the_checksum_of_project_yml(root: Path) -> None:
    import srsly

    md5 = srsly.read_yaml(root / "project.yml")["vars"]["gmb_md5"]
    source = find_real(root / "assets", md5=md5)
    assert source is not None
    assert source.kind == "real"


@pytest.mark.parametrize("name", ["shop-ner", "", "1shop", "shop ner", "shop__ner", "größe", "_x", "../x"])
def test_bad_names(name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        check_names(name, lang="de", config="spacy_ner", own=True)


@pytest.mark.parametrize("lang", ["d e", "", "de;", "../de"])
def test_bad_languages(lang: str) -> None:
    with pytest.raises(UserError, match=r"cannot be a language: .* as in --vars\.lang de"):
        check_names("shop_ner", lang=lang, config="spacy_ner", own=True)


@pytest.mark.parametrize("config", ["", "b ilstm", "nowhere", "../configs/bilstm.cfg"])
def test_bad_configs(config: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(UserError, match=r"--vars\.config takes bilstm, tutorial, spacy_ner"):
        check_names("shop_ner", lang="en", config=config, own=True)


def test_name_with_the_language() -> None:
    with pytest.raises(UserError, match=r"give --vars\.name shop_ner"):
        check_names("de_shop_ner", lang="de", config="spacy_ner", own=True)
    check_names("de_shop_ner", lang="en", config="spacy_ner", own=True)
    check_names("shop_ner", lang="de", config="spacy_ner", own=True)


def test_own_data_does_not_take_the_name_of_ours() -> None:
    with pytest.raises(UserError, match="trained on the GMB corpus"):
        check_names("gmb_bilstm", lang="en", config="spacy_ner", own=True)
    check_names("gmb_bilstm", lang="en", config="spacy_ner", own=False)
