"""Test which files are read, and paths that are not files."""

from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read


@pytest.mark.parametrize("path", ["no.csv", "/dev/zero"])
def test_missing_files_and_devices_are_refused(path: str) -> None:
    with pytest.raises(UserError, match="is missing or not a file: give the path"):
        read(path)


def test_a_text_of_brat_without_annotations_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Mira left.", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tPER 0 4\tMira\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Nobody came.", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"b\.txt has no \.ann file, so it is not read"):
        docs, _ = read(tmp_path)
    assert [doc.text for doc in docs] == ["Mira left."]
