"""Processes end when they are told to, and with the one that started them; and only one is at work in a folder."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import UserError, writable_folder

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# What a child is: Python with the arguments that follow, `-m MODULE …` or `-c CODE …`.
CHILD = """
import runpy, sys
from spacy_bilstm_ner.system.processes import end_with_parent
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
    heeded = [
        each
        for each in numbers
        if each is not None and signal.getsignal(each) not in (signal.SIG_IGN, None)
    ]
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


def run_python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
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
    try:
        printed, errors = child.communicate()
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL) if hasattr(os, "killpg") else child.kill()
            child.wait()
    return subprocess.CompletedProcess(words, child.returncode, printed, errors)


class Workers(Generic[Item, Answer]):
    """Processes of one thread each, which end when this one does. Each does one piece of work after the other."""

    def __init__(self, work: Callable[[Item], Answer], n_workers: int) -> None:
        os.environ |= dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
        )
        self.work, self.n_slots = work, n_workers
        # A thread here waits for each of them.
        self._threads, self._own = ThreadPoolExecutor(n_workers), threading.local()

    def submit(self, item: Item) -> Future[Answer]:
        """Have it done. The future raises the UserError that the work raises; RuntimeError for any other error, and if
        the process dies."""
        return self._threads.submit(self._ask, item)

    def _ask(self, item: Item) -> Answer:
        if not hasattr(self._own, "process"):
            context = multiprocessing.get_context("spawn")
            self._own.connection, theirs = context.Pipe()
            self._own.process = context.Process(target=_work, args=(theirs, self.work), daemon=True)
            self._own.process.start()
            theirs.close()  # so that the connection ends with the process
        try:
            self._own.connection.send(item)
            answer: Answer | Exception = self._own.connection.recv()
        except (EOFError, OSError):
            self._own.process.join()
            raise RuntimeError(
                f"its worker died (exit code {self._own.__dict__.pop('process').exitcode})"
            ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Kill the processes, whatever they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()
        self._threads.shutdown()


def _work(connection: Connection, work: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    parent: Any = multiprocessing.parent_process()
    threading.Thread(
        target=lambda: (parent.join(), os._exit(1)), daemon=True
    ).start()  # ends when the parent does
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        try:
            answer: Any = work(item)
        except Exception as error:
            answer = (
                error
                if isinstance(error, UserError)
                else RuntimeError(f"{type(error).__name__}: {error}")
            )
        connection.send(answer)


def as_done(
    items: Iterator[Item], submit: Callable[[Item], Future[Answer]], n: int
) -> Iterator[tuple[Item, Future[Answer]]]:
    """Submit items, n at a time. YIELDS (tuple): An item and its future, as soon as that is done."""
    running: dict[Future[Answer], Item] = {}
    while True:
        running |= {submit(item): item for item in islice(items, n - len(running))}
        if not running:
            return
        yield from [
            (running.pop(future), future)
            for future in wait(running, return_when=FIRST_COMPLETED).done
        ]


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
        raise UserError(
            f"another process is at work in {folder}: wait for its end, or give another folder"
        ) from None
    except OSError:  # some network drives cannot either
        pass
    try:
        yield
    finally:
        os.close(descriptor)
