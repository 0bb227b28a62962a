from pathlib import Path

import pytest

from scripts.step import run_python, step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.exclusive import exclusive


def test_a_second_step_in_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[str] = []
    with exclusive(tmp_path), pytest.raises(SystemExit, match="another process is using"):
        step(lambda: calls.append("second"))
    step(lambda: calls.append("third"))
    assert calls == ["third"]


def test_a_failure_of_python_ends_with_its_output() -> None:
    run_python("-c", "print(1)", failure="no")
    with pytest.raises(UserError, match=r"(?s)it failed:.*ZeroDivisionError"):
        run_python("-c", "1 / 0", failure="it failed")
