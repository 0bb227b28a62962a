"""Steps as `spacy project run` starts them, in a project with one step that says "begun" and
waits."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import srsly

from scripts.step import python
from spacy_bilstm_ner.errors import UserError

WAIT = """
import time
from scripts.step import step
def main():
    print("begun", flush=True)
    time.sleep(60)
step(main)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wait.py").write_text(WAIT, encoding="utf-8")
    (tmp_path / "quick.py").write_text(WAIT.replace("60", "0"), encoding="utf-8")
    commands = [
        {"name": name, "script": [f"python {name}.py"], "no_skip": True}
        for name in ("wait", "quick")
    ]
    srsly.write_yaml(tmp_path / "project.yml", {"commands": commands})
    return tmp_path


def start(project: Path, command: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "weasel", "run", command, "."],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals if os.name == "posix" else None,
    )


def heed_signals() -> None:
    """Tests that run under nohup, or behind an & in a script, would hand down that these are
    ignored."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def waiting(project: Path, root: Path) -> Iterator[subprocess.Popen[str]]:
    """A run in the project that is at work."""
    process = start(project, "wait", root)
    assert process.stdout is not None
    while "begun" not in (line := process.stdout.readline()):
        assert line, "the run has ended"
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_second_run_in_a_folder_is_refused(
    project: Path, root: Path, waiting: subprocess.Popen[str]
) -> None:
    second = start(project, "quick", root)
    printed, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "Error: another process is using" in printed
    assert "Traceback" not in printed
    os.killpg(waiting.pid, signal.SIGKILL)
    waiting.wait()
    third = start(project, "quick", root)
    printed, _ = third.communicate(timeout=60)
    assert third.returncode == 0, printed


@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_step_ends_with_its_terminal(waiting: subprocess.Popen[str], number: int) -> None:
    (child,) = psutil.Process(waiting.pid).children()
    child.send_signal(number)
    printed, _ = waiting.communicate(timeout=60)
    assert "Interrupted, nothing changed." in printed
    assert "Traceback" not in printed
    assert waiting.returncode == 130


def test_a_failure_of_python_ends_with_its_output() -> None:
    python("-c", "print(1)", failure="no")
    with pytest.raises(UserError, match=r"(?s)it failed:.*ZeroDivisionError"):
        python("-c", "1 / 0", failure="it failed")
