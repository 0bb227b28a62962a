"""Run work in child processes that end when this process ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from ..errors import UserError

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Workers(Generic[Task, Answer]):
    """A pool of processes with one thread each. They end when this process ends.

    work (Callable): The function that processes call with a task. It must be picklable.
    n_slots (int): The number of processes.
    """

    def __init__(self, work: Callable[[Task], Answer], n_slots: int) -> None:
        for library in ("OMP", "OPENBLAS", "MKL"):
            os.environ[f"{library}_NUM_THREADS"] = "1"
        self.work = work
        self.n_slots = n_slots
        # Each thread waits for one process.
        self._threads = ThreadPoolExecutor(n_slots)
        self._local = threading.local()

    def submit(self, task: Task) -> Future[Answer]:
        """Start a task.

        RETURNS (Future): The result of `work`. A UserError of `work` is raised unchanged. If `work`
            raises another error, or the process dies, it is a RuntimeError.
        """
        return self._threads.submit(self._ask, task)

    def _ask(self, task: Task) -> Answer:
        if not hasattr(self._local, "process"):
            self._start_process()
        try:
            self._local.connection.send(task)
            answer: Answer | Exception = self._local.connection.recv()
        except (EOFError, OSError):
            process = self._local.__dict__.pop("process")
            process.join()
            raise RuntimeError(f"its worker died (exit code {process.exitcode})") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _start_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._local.connection, worker_end = context.Pipe()
        arguments = (worker_end, self.work)
        process = context.Process(target=_answer_tasks, args=arguments, daemon=True)
        process.start()
        self._local.process = process
        # Only the process holds this end now. When it dies, `recv` raises EOFError.
        worker_end.close()

    def close(self) -> None:
        """Kill the processes at once."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        self._threads.shutdown()


def _answer_tasks(connection: Connection, work: Callable[[Any], Any]) -> None:
    # On Ctrl-C, the parent ends its workers, so they ignore the signal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            answer = work(task)
        except UserError as error:
            answer = error
        except Exception as error:
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(answer)


def _exit_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(1)


def as_done(
    tasks: Iterator[Task], submit: Callable[[Task], Future[Answer]], n_slots: int
) -> Iterator[tuple[Task, Future[Answer]]]:
    """Submit tasks, at most `n_slots` at a time.

    YIELDS (tuple): A task and its future, as soon as the task is done.
    """
    running: dict[Future[Answer], Task] = {}
    while True:
        for task in islice(tasks, n_slots - len(running)):
            running[submit(task)] = task
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future
