import hashlib
from pathlib import Path

import pytest

from scripts.source import CODE, Source, WordVectors, checksum, fingerprint, read_record, write
from spacy_bilstm_ner.errors import UserError

SOURCE = Source(kind="own", name="müll.csv", path="daten/müll.csv", sha256="0" * 64)
VECTORS = WordVectors(
    path="en_x", name="en_x 1.0.0", author="Ann", url="", license="CC0", sha256="0" * 64
)


def test_checksum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb")
    assert checksum(path) == hashlib.sha256(b"a\r\nb").hexdigest()


@pytest.mark.parametrize("record", [SOURCE, VECTORS, WordVectors(reason="none at hand")])
def test_round_trip(tmp_path: Path, record: Source | WordVectors) -> None:
    path = tmp_path / "new" / "record.json"
    write(path, record)
    assert read_record(path, type(record)) == record


def test_missing_source_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"source\.json is missing: run `spacy project run data`"):
        read_record(tmp_path / "source.json", Source)


@pytest.mark.parametrize(
    "content", ["", "{", '{"kind": "own"}', "{}", "[]", '{"kind": "own", "name": "x", "pa']
)
def test_damaged_source_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "source.json").write_text(content, encoding="utf-8")
    with pytest.raises(
        UserError,
        match=r"source\.json is damaged: .*; delete it and run `spacy project run data` again",
    ):
        read_record(tmp_path / "source.json", Source)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("spacy_bilstm_ner/files/tables.py", {"convert", "evaluate", "package"}),
        ("spacy_bilstm_ner/quality/report.py", {"evaluate", "package"}),
        ("spacy_bilstm_ner/network/lstm.py", {"train", "evaluate", "package"}),
        ("spacy_bilstm_ner/network/new.py", {"train", "evaluate", "package"}),
        ("configs/bilstm.cfg", {"train", "package"}),
        ("configs/tutorial.cfg", {"package"}),
        ("scripts/train.py", {"train"}),
        ("scripts/meta.py", {"train", "package"}),
        ("scripts/convert.py", {"convert"}),
        ("README.md", {"package"}),
    ],
)
def test_fingerprints_tell_what_a_change_is_for(
    tmp_path: Path, file: str, changed: set[str]
) -> None:
    for name in ("files/tables.py", "quality/report.py", "network/lstm.py", "component.py"):
        path = tmp_path / "spacy_bilstm_ner" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old", encoding="utf-8")

    def all_of_them() -> dict[str, str]:
        return {command: fingerprint(command, root=tmp_path, config="bilstm") for command in CODE}

    before = all_of_them()
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("new", encoding="utf-8")
    assert {
        command for command, found in all_of_them().items() if found != before[command]
    } == changed


def test_a_renamed_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "spacy_bilstm_ner" / "one.py"
    path.parent.mkdir()
    path.touch()
    before = fingerprint("train", root=tmp_path, config="bilstm")
    path.rename(path.with_name("two.py"))
    assert fingerprint("train", root=tmp_path, config="bilstm") != before
