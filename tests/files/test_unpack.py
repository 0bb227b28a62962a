"""Test how files, folders and archives are read."""

import gzip
import zipfile
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read
from spacy_bilstm_ner.files.unpack import read_content, read_contents

CONTENT = b"1,a,O\n" * 20


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_gzip_and_zip_are_read_in_memory(tmp_path: Path) -> None:
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(CONTENT))
    members = {"../../in/x.csv": CONTENT, "__MACOSX/in/._x.csv": b"\0", "LICENSE": b""}
    archive = make_zip(tmp_path / "x.zip", members)
    contents = [read_content(packed), read_content(archive)]
    assert [content.raw for content in contents] == [CONTENT, CONTENT]
    assert contents[1].name == f"{archive} (../../in/x.csv)"


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    content = make_zip(tmp_path / "x.zip", {"x.csv": CONTENT}).read_bytes()
    damaged = tmp_path / "damaged"
    for raw in (content[:40], gzip.compress(CONTENT)[:-9]):
        damaged.write_bytes(raw)
        with pytest.raises(UserError, match="cannot be unpacked"):
            read_content(damaged)


def test_the_labelled_files_of_a_folder_are_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder without labelled files"):
        list(read_contents(tmp_path))
    # The text of x.ann is x.txt.
    for name in ("b.csv", "a.jsonl", ".hidden.csv", "README.md", "x.ann", "x.txt", "y.txt"):
        (tmp_path / name).write_bytes(CONTENT)
    names = [content.path.name for content in read_contents(tmp_path)]
    assert names == ["a.jsonl", "b.csv", "x.ann", "y.txt"]


@pytest.mark.parametrize("path", ["no.csv", "/dev/zero"])
def test_missing_files_and_devices_are_refused(path: str) -> None:
    with pytest.raises(UserError, match="is missing or not a file: give the path"):
        read(path)
