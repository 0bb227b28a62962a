"""Only one process at a time holds the lock of a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.folder_lock import exclusive

HOLD = """
import sys
from pathlib import Path
from spacy_bilstm_ner.system.folder_lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_user_of_a_folder_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(UserError, match=r"another process is using .*new")
    with (
        exclusive(tmp_path / "new"),
        exclusive(tmp_path / "other"),
        refused,
        exclusive(tmp_path / "new"),
    ):
        pass
    with exclusive(tmp_path / "new"):
        pass
    assert [path.name for path in (tmp_path / "new").iterdir()] == [".lock"]


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    with pytest.raises(UserError, match="another process"), exclusive(tmp_path):
        pass
    process.kill()
    process.communicate()
    with exclusive(tmp_path):
        pass
