import sys
from pathlib import Path

import pytest

from scripts.step import step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.folder_lock import exclusive


def test_a_second_step_in_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Path, int]] = []

    def main(folder: Path, seed: int = 0) -> None:
        calls.append((folder, seed))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["step", "a", "--seed", "3"])
    with exclusive(tmp_path), pytest.raises(SystemExit, match="another process is using"):
        step(main)
    with pytest.raises(SystemExit) as end:
        step(main)
    assert end.value.code == 0
    assert calls == [(Path("a"), 3)]


def test_an_error_of_the_user_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> None:
        raise UserError("no file")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["step"])
    with pytest.raises(SystemExit, match=r"^Error: no file$"):
        step(main)
