import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import srsly

from scripts.data import check_name, checksum, find_corpus, find_source, main
from scripts.vectors import DownloadError
from spacy_bilstm_ner.errors import UserError
from tests.util import chance_vectors, write_vectors

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


def find(assets: Path, **options: str) -> dict[str, str]:
    """Find the source with these options of `data`."""
    values = dict.fromkeys(("csv", "dev", "test", "url"), "") | {"md5": MD5} | options
    return find_source(assets=assets, **values)


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
    source = find(assets, url="http://not.asked/")
    assert (source["kind"], source["path"]) == ("real", path.as_posix())
    assert source["sha256"] == checksum([path])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(CSV + b"x"),
        lambda path: zip_corpus(path, content=b"another"),
    ],
    ids=["changed", "another in the zip"],
)
def test_wrong_checksum_stops_and_keeps_the_file(
    assets: Path, web: str, spoil: Callable[[Path], object]
) -> None:
    path = assets / "ner_dataset.csv"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=f"expected {MD5}.*--vars.csv {path} --vars.name my_ner"):
        find(assets, url=web)
    assert path.read_bytes() == before


def test_missing_corpus_is_downloaded(assets: Path, web: str) -> None:
    assert find(assets, url=web)["kind"] == "real"
    assert (assets / "ner_dataset.csv").read_bytes() == CSV


def test_a_wrong_download_is_not_kept(assets: Path, web: str) -> None:
    with pytest.raises(DownloadError, match=MD5):
        find_corpus(assets, web, "0" * 32)
    assert [path.name for path in assets.iterdir()] == ["sample.csv"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.csv", "file:///no/such/file", "not a url"])
def test_an_address_that_cannot_be_reached(assets: Path, url: str) -> None:
    with pytest.raises(DownloadError, match=url):
        find_corpus(assets, url, MD5)
    assert [path.name for path in assets.iterdir()] == ["sample.csv"]


def test_own_file_goes_before_the_corpus(assets: Path, tmp_path: Path) -> None:
    (assets / "ner_dataset.csv").write_bytes(CSV)
    shop = tmp_path / "shop.csv"
    shop.write_bytes(b"mine")
    source = find(assets, csv=str(shop))
    assert (source["kind"], source["name"], source["path"]) == ("own", "shop.csv", str(shop))
    assert source["sha256"] == hashlib.sha256(b"mine").hexdigest()


@pytest.mark.parametrize("option", ["csv", "dev", "test"])
def test_missing_own_file(assets: Path, option: str) -> None:
    files = {"csv": str(assets / "sample.csv"), option: "nowhere.csv"}
    with pytest.raises(
        UserError, match=r"no file .*nowhere\.csv.*--vars\.csv, --vars\.dev and --vars\.test"
    ):
        find(assets, **files)


def run_main(folder: Path, monkeypatch: pytest.MonkeyPatch, vectors: str) -> dict:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("scripts.data.list_code", list)
    main(Path("out"), "en", "gmb_bilstm", vectors=vectors, md5=MD5)
    source: dict = srsly.read_json("out/source.json")
    return source


def test_sample_is_said_loudly_and_gets_no_vectors(
    assets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_vectors(assets / "en_tiny_md", chance_vectors(["tea", "ship", "law"]))
    source = run_main(assets.parent, monkeypatch, "en_tiny_md")
    printed = capsys.readouterr().out
    assert "SMALL BUNDLED SAMPLE" in printed
    assert "downloading is switched off" in printed
    assert sum(line.startswith("!!") for line in printed.splitlines()) > 5
    assert (source["kind"], source["vectors"]) == ("sample", {})


def test_missing_vectors_are_said_loudly_and_found_ones_noted(
    assets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(package: str) -> None:
        raise DownloadError(f"no web for {package}")

    monkeypatch.setattr("scripts.vectors.download_pipeline", refuse)
    (assets / "ner_dataset.csv").write_bytes(CSV)
    source = run_main(assets.parent, monkeypatch, "en_no_such_md")
    printed = capsys.readouterr().out
    assert "NO WORD VECTORS" in printed
    assert "no web for en_no_such_md" in printed
    assert source["vectors"] == {}
    write_vectors(assets / "en_no_such_md", chance_vectors(["tea", "ship", "law"]))
    source = run_main(assets.parent, monkeypatch, "en_no_such_md")
    assert source["vectors"]["path"] == "assets/en_no_such_md"


@pytest.mark.gmb
def test_real_corpus_has_the_checksum_of_project_yml(root: Path, gmb_path: Path) -> None:
    md5 = srsly.read_yaml(root / "project.yml")["vars"]["gmb_md5"]
    assert find_corpus(gmb_path.parent, "", md5) == gmb_path


@pytest.mark.parametrize(
    "name", ["shop-ner", "", "1shop", "shop ner", "shop__ner", "größe", "_x", "../x", "x_\n"]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        check_name(name, is_own=True)


def test_own_data_does_not_take_the_name_of_ours() -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        check_name("gmb_bilstm", is_own=True)
    check_name("gmb_bilstm", is_own=False)


@pytest.mark.parametrize("option", ["dev", "test"])
def test_own_part_changes_the_checksum(assets: Path, tmp_path: Path, option: str) -> None:
    part = tmp_path / "part.csv"
    checksums = set()
    for content in ("one", "two"):
        part.write_text(content)
        checksums.add(find(assets, **{option: str(part)})["sha256"])
    assert len(checksums) == 2
