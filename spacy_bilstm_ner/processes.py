"""Processes end when they are told to, and with the one that started them; and only one is at work in a folder."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from .errors import UserError, writable_folder

# What a child is: Python with the arguments that follow, `-m MODULE …` or `-c CODE …`.
CHILD = """
import runpy, sys
from spacy_bilstm_ner.processes import end_with_parent
end_with_parent()
kind, what = sys.argv[1:3]
del sys.argv[1:3]
if kind == "-m":
    runpy.run_module(what, run_name="__main__", alter_sys=True)
else:
    exec(what, {"__name__": "__main__"})
"""


def run(main: Callable[[], None]) -> None:
    """Run a main function; a user's error, and an interruption, become one line on stderr and exit code 1."""
    try:
        with on_ending():
            main()
    except UserError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit("Interrupted, nothing changed.")


def interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def on_ending(handler: Callable[..., Any] = interrupt) -> Iterator[None]:
    """Let what ends a process call this, in the main thread: Ctrl-C, a `kill`, a terminal that is closed; but not what
    `nohup` and the like have switched off."""
    numbers = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    heeded = [each for each in numbers if each is not None and signal.getsignal(each) not in (signal.SIG_IGN, None)]
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handler) for number in heeded if is_main}
    try:
        yield
    finally:
        for number, each in before.items():
            signal.signal(number, each)


def end_with_parent() -> None:
    """Let the end of the process that started this one end it, too, as a `kill` does."""

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        # A child of ours leads a group, of all that it has started.
        end = os.killpg if hasattr(os, "killpg") and os.getpgrp() == os.getpid() else os.kill
        end(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


class Children:
    """Processes of Python that end with this one. Threads may share them."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._is_stopped = False

    def python(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m MODULE …` or `python -c CODE …`, with more environment variables; wait for its end."""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *words],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._running.add(child)
        try:
            if self._is_stopped:
                _kill(child)
            printed, errors = child.communicate()
        except BaseException:
            _kill(child)
            raise
        finally:
            self._running.remove(child)
        return subprocess.CompletedProcess(words, child.returncode, printed, errors)

    def stop(self) -> None:
        """Kill those that run, and any that is started from now on."""
        self._is_stopped = True
        for child in list(self._running):
            _kill(child)


def _kill(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder, and keep other processes that ask for it out, until this one is done or dead.

    RAISES UserError: If another one is at work there, or nothing can be written there.
    """
    writable_folder(folder)
    try:
        import fcntl
    except ImportError:  # Windows: it cannot lock folders
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(f"another process is at work in {folder}: wait for its end, or give another folder") from None
    except OSError:  # some network drives cannot either
        pass
    try:
        yield
    finally:
        os.close(descriptor)
