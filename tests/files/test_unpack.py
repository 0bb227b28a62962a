import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import unpack
from spacy_bilstm_ner.files.unpack import Content

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


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files(
    tmp_path: Path, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path, pack(CONTENT))
    assert read_contents(paths)[0].data == CONTENT
    with pytest.raises(UserError, match="cannot be unpacked"):
        read_contents(write(tmp_path, pack(CONTENT)[:-9], "y"))
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
    assert content.data == CONTENT
    assert content.name == f"{paths[0]} (../../in/x.csv)"
    assert [path.name for path in tmp_path.rglob("*")] == ["x.bin"]
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 50)
    with pytest.raises(UserError, match="takes more than 50 bytes"):
        read_contents(paths)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            ["a.csv", "b.csv"],
            "holds one labelled file, but it holds a.csv, b.csv. Say which one to read: --member",
        ),
        (["a.exe"], "it holds a.exe"),
        (["[Content_Types].xml", "word/document.xml"], "it holds .*word/document.xml"),
    ],
)
def test_other_zips(tmp_path: Path, members: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_contents(write(tmp_path, zipped(dict.fromkeys(members, b"x"))))


def test_the_member_that_was_named(tmp_path: Path) -> None:
    paths = write(tmp_path, zipped({"a.csv": b"a", "b.csv": CONTENT}))
    assert read_contents(paths, member="b.csv")[0].data == CONTENT


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


def test_what_is_packed_twice(tmp_path: Path) -> None:
    for content in (
        zipped({"in.zip": zipped({"a.csv": CONTENT})}),
        gzip.compress(zipped({"a.csv": CONTENT})),
    ):
        assert read_contents(write(tmp_path, content))[0].data == CONTENT
    assert (
        read_contents(write(tmp_path, zipped({"a.csv.gz": gzip.compress(CONTENT)})))[0].data
        == CONTENT
    )
    inner = zipped({"a.csv": CONTENT, "b.csv": CONTENT})
    with pytest.raises(UserError, match=r"holds a.csv, b.csv. Say which"):
        read_contents(write(tmp_path, zipped({"in.zip": inner})))


def test_a_zip_in_a_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, zipped({"a.csv": CONTENT}), "a.zip")
    assert read_contents([tmp_path])[0].data == CONTENT


def test_a_zip_of_many_files_names_some(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"it holds 0\.csv, .*, 9\.csv, …\. Say which one") as error:
        read_contents(write(tmp_path, zipped({f"{i}.csv": b"x" for i in range(500)})))
    assert len(str(error.value)) < 300


def test_an_excel_file_is_bounded_by_what_it_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path, zipped({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b"<" * 60}))
    assert read_contents(paths)
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 50)
    with pytest.raises(
        UserError,
        match=r"x\.bin takes more than 50 bytes .* give it unpacked, as CSV or JSON Lines",
    ):
        read_contents(paths)
