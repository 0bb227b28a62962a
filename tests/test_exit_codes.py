"""Commands end on signals, with all processes that they have started."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.exit_codes import exit_codes
from spacy_bilstm_ner.system.workers import Workers, as_done

WAIT = """
import time
from spacy_bilstm_ner.system.exit_codes import exit_codes
with exit_codes():
    print("begun", flush=True)
    time.sleep(60)
"""
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")


def heed_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_command_with_one_line(name: str) -> None:
    command = [sys.executable, "-c", WAIT]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_signals
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted.\n")


@posix
def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exit_codes():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@posix
def test_a_signal_during_an_import_comes_after_it(tmp_path: Path) -> None:
    slow = "import time; print('begun', flush=True); time.sleep(1); print('imported', flush=True)"
    (tmp_path / "slow.py").write_text(slow)
    code = """
from spacy_bilstm_ner.system.exit_codes import exit_codes
with exit_codes():
    import slow
    slow.time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert (output, errors) == ("imported\n", "Interrupted.\n")
    assert process.returncode == 130


def read_errors(*command: str, first_line: bytes) -> tuple[bytes, int]:
    """Run Python and close its standard output after a line, as `head` does."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if first_line:
        assert process.stdout.readline() == first_line
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    return errors, process.wait(timeout=60)


MANY_LINES = """
from spacy_bilstm_ner.system.exit_codes import exit_codes
with exit_codes():
    print("many lines\\n" * 100_000)
"""


def test_a_closed_pipe_ends_a_command_quietly() -> None:
    assert read_errors("-c", MANY_LINES, first_line=b"many lines\n") == (b"", 1)
    assert read_errors("-m", "spacy_bilstm_ner", "--help", first_line=b"")[0] == b""


def wait_for(path: Path) -> psutil.Process:
    for _ in range(600):
        if path.is_file() and (text := path.read_text()):
            return psutil.Process(int(text))
        threading.Event().wait(0.1)
    raise AssertionError(f"{path} has not come")


def work(item: object) -> object:
    """What workers do here: a number dies, a path gets their number and lasts, a word is said
    back."""
    if isinstance(item, int):
        os._exit(item)
    if isinstance(item, Path):
        item.write_text(str(os.getpid()))
        threading.Event().wait(60)
    if item == "user":
        raise UserError("not so")
    return item, os.getpid(), os.environ["OMP_NUM_THREADS"]


def test_workers_report_errors_and_continue() -> None:
    workers: Workers = Workers(work, 1)
    try:
        futures = dict(as_done(iter(["a", "b", "user", 7, "c"]), workers.submit, 1))
    finally:
        workers.close()
    assert futures["a"].result() == ("a", futures["b"].result()[1], "1")
    with pytest.raises(UserError, match="not so"):
        futures["user"].result()
    with pytest.raises(RuntimeError, match="A process in the process pool was terminated"):
        futures[7].result()
    assert futures["c"].result()[1] != futures["a"].result()[1]


def test_workers_are_stopped_and_none_begins_after_that(tmp_path: Path) -> None:
    workers: Workers = Workers(work, 1)
    first, second = (workers.submit(tmp_path / name) for name in ("first", "second"))
    process = wait_for(tmp_path / "first")
    workers.close()
    assert not psutil.wait_procs([process], timeout=30)[1]
    assert isinstance(first.exception(), RuntimeError)
    assert second.cancelled() or isinstance(second.exception(), RuntimeError)
    assert not (tmp_path / "second").exists()


def test_only_processes_of_the_workers_are_stopped(tmp_path: Path) -> None:
    sleeper = multiprocessing.get_context("spawn").Process(target=work, args=(tmp_path / "other",))
    sleeper.start()
    try:
        wait_for(tmp_path / "other")
        workers: Workers = Workers(work, 1)
        assert workers.submit("a").result()[0] == "a"
        workers.close()
        sleeper.join(0.5)
        assert sleeper.exitcode is None
    finally:
        sleeper.kill()
        sleeper.join()


def test_an_error_cannot_control_the_terminal() -> None:
    with pytest.raises(SystemExit, match=r"^Error: no column \\x1b\[31m$"), exit_codes():
        raise UserError("no column \x1b[31m")
