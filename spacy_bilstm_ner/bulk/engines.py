"""Spread parts over processes of this machine, or over a Ray cluster. Knows nothing of what is done with them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from ..errors import UserError
from .parts import Counts, Part

MAX_FAILURES = 20  # with no success between them: then it is not the parts' fault

Work = Callable[[Part], Counts]


class Processes:
    """Processes of one thread each, which end when this one does. A thread here waits for each of them."""

    def __init__(self, work: Work, n_workers: int) -> None:
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.work, self.n_slots = work, n_workers
        self._threads, self._own = ThreadPoolExecutor(n_workers), threading.local()

    def submit(self, part: Part) -> Future[Counts]:
        return self._threads.submit(self._ask, part)

    def _ask(self, part: Part) -> Counts:
        if not hasattr(self._own, "process"):
            context = multiprocessing.get_context("spawn")
            self._own.connection, theirs = context.Pipe()
            self._own.process = context.Process(target=_work, args=(theirs, self.work), daemon=True)
            self._own.process.start()
            theirs.close()  # so that the connection ends with the process
        try:
            self._own.connection.send(part)
            answer: Counts | Exception = self._own.connection.recv()
        except (EOFError, OSError):
            self._own.process.join()
            raise RuntimeError(f"its worker died (exit code {self._own.__dict__.pop('process').exitcode})") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        for process in multiprocessing.active_children():
            process.kill()
        self._threads.shutdown()


def _work(connection: Connection, work: Work) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()  # ends when the parent does
    while True:
        try:
            part = connection.recv()
        except EOFError:
            return
        try:
            answer: Any = work(part)
        except Exception as error:
            answer = error if isinstance(error, UserError) else RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(answer)


class Ray:
    """Tasks of Ray Core on the cluster of an address, or of $RAY_ADDRESS, or else on one of `n_workers` cores on this
    machine. All machines of the cluster must see the same folders."""

    def __init__(self, work: Work, n_workers: int, address: str) -> None:
        import ray

        address = address or os.environ.get("RAY_ADDRESS", "")
        n_cores = None if address else n_workers
        ray.init(address or "local", num_cpus=n_cores, include_dashboard=False, log_to_driver=False)
        self.n_slots = 2 * int(ray.cluster_resources()["CPU"])  # so that no core has to wait for its next part
        self._task, self.close = ray.remote(num_cpus=1, max_retries=0)(lambda part: work(part)), ray.shutdown

    def submit(self, part: Part) -> Future[Counts]:
        return self._task.remote(part).future()


def each_part(parts: Iterator[Part], engine: Processes | Ray) -> Iterator[tuple[Part, Counts | str]]:
    """Have the work done for all parts. What fails or loses its worker is tried again after the others, at last alone.

    YIELDS (tuple[Part, Counts | str]): A part, and what it had; or, as a string, why it was given up.
    RAISES UserError: The pipeline cannot be loaded, or nothing succeeds any more.
    """
    failed: list[tuple[Part, str]] = []
    n_failures = 0
    for n_slots in (engine.n_slots, engine.n_slots, 1):
        is_first, failed = not failed, []
        for part, future in _at_once(parts, engine, n_slots):
            error = future.exception()
            if isinstance(error, UserError):
                raise error
            n_failures = n_failures + 1 if error else 0
            if n_failures == MAX_FAILURES and is_first:
                raise UserError(f"{n_failures} failures in a row, the last: {error}. Fewer --workers need less memory")
            if error:
                failed.append((part, str(error)))
            else:
                yield part, future.result()
        parts = iter([part for part, _ in failed])
    yield from failed


def _at_once(parts: Iterator[Part], engine: Processes | Ray, n: int) -> Iterator[tuple[Part, Future[Counts]]]:
    running: dict[Future[Counts], Part] = {}
    while True:
        running |= {engine.submit(part): part for part in islice(parts, n - len(running))}
        if not running:
            return
        yield from [(running.pop(future), future) for future in wait(running, return_when=FIRST_COMPLETED).done]
