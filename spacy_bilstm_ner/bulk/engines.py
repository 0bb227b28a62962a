"""Spread parts over processes of this machine, or over a Ray cluster."""

import gc
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UserError
from .annotator import Annotator
from .parts import Part, read_part

MAX_TRIES = 3  # of a part; the last one is alone
MAX_FAILURES = 20  # without a success between them: then it is not the parts' fault

Counts = tuple[Counter[str], Counter[str]]  # texts, words and errors; entities of each label


@dataclass(frozen=True)
class Job:
    """What is the same for all parts."""

    annotator: Annotator
    out: str
    format: str
    id_column: str | None
    id_type: pa.DataType


def annotate_part(part: Part, job: Job) -> Counts:
    """Annotate a part. Its file gets its name when it is whole."""
    job.annotator.load()
    if not gc.get_freeze_count():
        gc.freeze()  # Python's garbage collector need not walk through the pipeline again and again: 8 % faster
    texts, ids = read_part(part, job.annotator.text, job.id_column)
    entities, errors, n_words = job.annotator.columns(texts)
    if job.id_column and ids is not None:
        columns = {job.id_column: ids.cast(job.id_type)}
    else:
        rows = pa.array(range(part.row, part.row + len(texts)), pa.int64())
        columns = {"file": pa.array([part.file] * len(texts), pa.string()), "row": rows}
    table = pa.table({**columns, job.annotator.into: entities, job.annotator.errors: errors})
    unfinished = f"{job.out}/_{part.name}.{os.getpid()}.tmp"
    if job.format == "parquet":
        pq.write_table(table, unfinished)
    else:
        with open(unfinished, "w", encoding="utf8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in table.to_pylist())
    os.replace(unfinished, f"{job.out}/{part.name}.{job.format}")
    numbers = Counter({"texts": len(texts), "words": n_words, "errors": len(texts) - errors.null_count})
    return numbers, Counter(entities.flatten().field("label").to_pylist())


class Processes:
    """Processes of one thread each, which end when this one does. A thread here waits for each of them."""

    def __init__(self, job: Job, n_workers: int) -> None:
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.job, self.n_slots = job, n_workers
        self._threads, self._own = ThreadPoolExecutor(n_workers), threading.local()

    def submit(self, part: Part) -> Future[Counts]:
        return self._threads.submit(self._ask, part)

    def _ask(self, part: Part) -> Counts:
        if not hasattr(self._own, "process"):
            context = multiprocessing.get_context("spawn")
            self._own.connection, theirs = context.Pipe()
            self._own.process = context.Process(target=_work, args=(theirs, self.job), daemon=True)
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


def _work(connection: Connection, job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        part = connection.recv()
        try:
            answer: Any = annotate_part(part, job)
        except Exception as error:
            answer = error if isinstance(error, UserError) else RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(answer)


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


class Ray:
    """Tasks of Ray Core. All machines of the cluster must see the same folders.

    address (str): Of a cluster; "" for one of `n_workers` cores on this machine.
    """

    def __init__(self, job: Job, n_workers: int, address: str) -> None:
        import ray

        where = {"address": address} if address else {"address": "local", "num_cpus": n_workers}
        ray.init(**where, include_dashboard=False, log_to_driver=False)
        self.n_slots = 2 * int(ray.cluster_resources()["CPU"])  # so that no core has to wait for its next part
        self._job, self._task, self.close = job, ray.remote(num_cpus=1, max_retries=0)(annotate_part), ray.shutdown

    def submit(self, part: Part) -> Future[Counts]:
        return self._task.remote(part, self._job).future()


def annotate_parts(parts: Iterator[Part], engine: Processes | Ray) -> Generator[tuple[Part, Counts | str], None, None]:
    """Annotate all parts. One that fails or whose worker dies is tried again at the end, the last time alone.

    YIELDS (tuple[Part, Counts | str]): A part, and what it had; or, as a string, why it was given up.
    RAISES UserError: The pipeline cannot be loaded, or nothing succeeds any more.
    """
    running: dict[Future[Counts], Part] = {}
    again: list[Part] = []
    tries: Counter[str] = Counter()
    n_failures = 0
    while True:
        while len(running) < engine.n_slots:
            part = next(parts, None)
            if part is None and again and (not running or tries[again[0].name] < MAX_TRIES - 1):
                part = again.pop(0)
            if part is None:
                break
            running[engine.submit(part)] = part
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            part, error = running.pop(future), future.exception()
            if error is None:
                n_failures = 0
                yield part, future.result()
                continue
            tries[part.name] += 1
            n_failures += 1
            if isinstance(error, UserError):
                raise error
            if tries[part.name] == MAX_TRIES:
                yield part, str(error)
            elif n_failures >= MAX_FAILURES:
                raise UserError(f"{n_failures} failures in a row, the last: {error}. Fewer --workers need less memory")
            else:
                again.append(part)
