import hashlib
import os
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from scripts.source import (
    Source,
    WordVectors,
    checksum,
    read_source,
    read_vectors,
    write_source,
    write_vectors,
)

SOURCE = Source(kind="own", name="müll.csv", path="daten/müll.csv", sha256="0" * 64)


def test_checksum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb")
    assert checksum(path) == hashlib.sha256(b"a\r\nb").hexdigest()
    assert checksum(path, algorithm="md5") == hashlib.md5(b"a\r\nb").hexdigest()


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "source.json"
    assert write_source(SOURCE, path)
    assert read_source(path) == SOURCE


def test_unchanged_source_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    write_source(SOURCE, path)
    os.utime(path, (1, 1))
    assert not write_source(SOURCE, path)
    assert path.stat().st_mtime == 1
    other = Source(kind="own", name="müll.csv", path="daten/müll.csv", sha256="1" * 64)
    assert write_source(other, path)
    assert read_source(path) == other


def test_missing_source_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"source\.json is missing: run `spacy project run data`"):
        read_source(tmp_path / "source.json")


def test_vectors_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vectors.json"
    vectors = WordVectors(path="en_x", name="en_x 1.0.0", author="Ann", url="", license="CC0", sha256="0" * 64)
    assert write_vectors(vectors, path)
    assert not write_vectors(vectors, path)
    assert read_vectors(path) == vectors
    assert write_vectors(None, path)
    assert read_vectors(path) is None


def test_missing_vectors_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"vectors\.json is missing: run `spacy project run vectors`"):
        read_vectors(tmp_path / "vectors.json")
