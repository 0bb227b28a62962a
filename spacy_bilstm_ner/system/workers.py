"""Run work in child processes that end when this process ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Workers:
    """A pool of processes with one thread each. They end when this process ends.

    work (Callable): The function that processes call with a task. It must be picklable.
    n_slots (int): The number of processes.
    """

    def __init__(self, work: Callable[[Any], Any], n_slots: int) -> None:
        for library in ("OMP", "OPENBLAS", "MKL"):
            os.environ[f"{library}_NUM_THREADS"] = "1"
        self.work = work
        self.n_slots = n_slots
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.n_slots, context, _end_with_parent)

    def submit(self, task: Any) -> Future[Any]:
        """Start a task.

        RETURNS (Future): The result of `work`. If a process dies, all tasks that have been started
            and are not done have the error BrokenProcessPool, which is a RuntimeError. The next
            task starts new processes.
        """
        try:
            return self._pool.submit(self.work, task)
        except BrokenProcessPool:
            self._start()
            return self._pool.submit(self.work, task)

    def close(self) -> None:
        """Kill the processes at once."""
        # `shutdown` forgets its processes. Other children of this program must go on.
        processes = list(self._pool._processes.values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


def _end_with_parent() -> None:
    # On Ctrl-C, the parent ends its workers, so they ignore the signal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
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
