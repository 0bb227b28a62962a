import hashlib
from pathlib import Path

import pytest

from scripts.source import Source, WordVectors, checksum, read_record
from spacy_bilstm_ner.errors import UserError

SOURCE = Source(kind="own", name="müll.csv", path="daten/müll.csv", sha256="0" * 64)
VECTORS = WordVectors("en_x", "en_x 1.0.0", author="Ann", license="CC0")


def test_checksum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb")
    assert checksum(path) == hashlib.sha256(b"a\r\nb").hexdigest()


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
