"""Test how files, folders and archives are read."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import unpack
from spacy_bilstm_ner.files.records import Content

CONTENT = b"1,a,O\n" * 20


def read_contents(paths: list[Path], **options: str) -> list[Content]:
    return list(unpack.read_contents(paths, **options))


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(folder: Path, content: bytes, name: str = "x.bin") -> list[Path]:
    (folder / name).write_bytes(content)
    return [folder / name]


def test_packed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, gzip.compress(CONTENT))
    assert read_contents(paths)[0].raw == CONTENT
    with pytest.raises(UserError, match="cannot be unpacked"):
        read_contents(write(tmp_path, gzip.compress(CONTENT)[:-9], "y"))
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 50)
    with pytest.raises(UserError, match="takes more than 50 bytes when it is unpacked"):
        read_contents(paths)


def test_a_zip_is_read_in_memory_whatever_its_names_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(
        tmp_path, zipped({"../../in/x.csv": CONTENT, "__MACOSX/in/._x.csv": b"\0", "LICENSE": b""})
    )
    (content,) = read_contents(paths)
    assert content.raw == CONTENT
    assert content.name == f"{paths[0]} (../../in/x.csv)"
    assert [path.name for path in tmp_path.rglob("*")] == ["x.bin"]
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 50)
    with pytest.raises(UserError, match="takes more than 50 bytes"):
        read_contents(paths)


def test_a_damaged_zip(tmp_path: Path) -> None:
    content = zipped({"x.csv": CONTENT})
    for damaged in (content[:40], content.replace(b"PK\x01\x02", b"PK\x01\x03")):
        with pytest.raises(UserError, match="cannot be unpacked"):
            read_contents(write(tmp_path, damaged))


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder without labelled files"):
        read_contents([tmp_path])
    for name in ("b.csv", "a.jsonl", ".hidden.csv", "README.md"):
        write(tmp_path, CONTENT, name)
    assert [content.path.name for content in read_contents([tmp_path])] == ["a.jsonl", "b.csv"]


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"no\.csv does not exist: give the path of a labelled file"
    ):
        read_contents([tmp_path / "no.csv"])
    with pytest.raises(UserError, match="is empty: expected labelled sentences"):
        read_contents(write(tmp_path, b"\n \n"))


def test_a_device_is_refused() -> None:
    with pytest.raises(UserError, match="is a device or a pipe: give the path of a file"):
        read_contents([Path("/dev/zero")])


def test_a_text_of_brat_is_read_with_its_entities_only(tmp_path: Path) -> None:
    for name in ("x.ann", "x.txt", "y.txt"):
        write(tmp_path, CONTENT, name)
    assert [content.path.name for content in read_contents([tmp_path])] == ["x.ann", "y.txt"]


def test_an_excel_file_is_bounded_by_what_it_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path, zipped({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b"<" * 60}))
    assert read_contents(paths)
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 50)
    with pytest.raises(
        UserError,
        match=r"x\.bin takes more than 50 bytes .* unpack it yourself: CSV and JSON Lines have no",
    ):
        read_contents(paths)
