"""Spread parts over processes of this machine, or over a Ray cluster."""

import contextlib
import gc
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UserError
from .annotator import Annotator
from .parts import Part, read_part

MAX_TRIES = 3  # of a part whose worker dies; the last one is alone

Counts = tuple[Counter[str], Counter[str]]  # texts, words and errors; entities of each label
# A part, and what it had; or, as a string, why it was given up.
Outcomes = Generator[tuple[Part, Counts | str], None, None]


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
    gc.freeze()  # Python's garbage collector need not walk through the pipeline again and again: 8 % faster
    texts, ids = read_part(part, job.annotator.text, job.id_column)
    entities, errors, n_words = job.annotator.columns(texts)
    if job.id_column:
        as_text = job.id_type == pa.string()
        ids = [str(value) if as_text and value is not None else value for value in ids]
        columns = {job.id_column: pa.array(ids, job.id_type)}
    else:
        rows = pa.array(range(part.row, part.row + len(texts)), pa.int64())
        columns = {"file": pa.array([part.file] * len(texts), pa.string()), "row": rows}
    table = pa.table({**columns, job.annotator.into: entities, job.annotator.errors: errors})
    unfinished = f"{job.out}/_{part.name}.{os.getpid()}.tmp"
    if job.format == "parquet":
        pq.write_table(table, unfinished)
    else:
        with open(unfinished, "w", encoding="utf8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist())
    os.replace(unfinished, f"{job.out}/{part.name}.{job.format}")
    numbers = Counter({"texts": len(texts), "words": n_words, "errors": len(texts) - errors.null_count})
    return numbers, Counter(entities.flatten().field("label").to_pylist())


def in_processes(parts: Iterator[Part], job: Job, n_workers: int) -> Outcomes:
    """Annotate parts in processes of one thread each, which end when this one does.

    A part whose worker dies is tried again, at last alone.
    RAISES UserError: The pipeline cannot be loaded.
    """
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    workers: list[_Worker] = []
    again: list[Part] = []
    alone: list[Part] = []
    tries: Counter[str] = Counter()
    unborn = 0
    try:
        while True:
            while len(busy := [worker for worker in workers if worker.part]) < n_workers:
                part = next(parts, None) or (again.pop(0) if again else alone.pop(0) if alone and not busy else None)
                if part is None:
                    break
                idle = next((worker for worker in workers if not worker.part), None)
                if idle is None:
                    workers.append(idle := _Worker(job))
                idle.give(part)
            if not busy:
                return
            ready = wait([worker.connection for worker in busy])
            for worker in [worker for worker in busy if worker.connection in ready]:
                kind, content = worker.hear()
                if kind == "loaded":
                    worker.has_loaded = True
                    continue
                part, worker.part = worker.part, None
                if kind == "died":
                    workers.remove(worker)
                    unborn += not worker.has_loaded
                if kind == "broken" or unborn == MAX_TRIES:
                    raise UserError(
                        f"The pipeline cannot be loaded in a worker: {content}. Fewer --workers need less memory"
                    )
                tries[part.name] += kind != "done"
                if kind == "done" or tries[part.name] == MAX_TRIES:
                    yield part, content
                else:
                    (again if tries[part.name] < MAX_TRIES - 1 else alone).append(part)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()


class _Worker:
    """A process, and what it is working on."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()  # so that the connection ends with the process
        self.part: Any = None
        self.has_loaded = False

    def give(self, part: Part) -> None:
        self.part = part
        with contextlib.suppress(OSError):  # it has died, which is heard next
            self.connection.send(part)

    def hear(self) -> tuple[str, Any]:
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return "died", f"its worker died (exit code {self.process.exitcode})"


def _work(connection: Connection, job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        job.annotator.load()
    except UserError as error:
        connection.send(("broken", str(error)))
        return
    connection.send(("loaded", None))
    while True:
        part = connection.recv()
        try:
            message: tuple[str, Any] = ("done", annotate_part(part, job))
        except Exception as error:
            message = ("failed", f"{type(error).__name__}: {error}")
        connection.send(message)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def in_ray(parts: Iterator[Part], job: Job, n_workers: int, address: str) -> Outcomes:
    """Annotate parts as tasks of Ray Core, which tries those of dead workers again.

    address (str): Of a cluster whose machines see the same folders; "" for one of `n_workers` cores on this machine.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError("--ray needs Ray: pip install 'spacy-bilstm-ner[ray]'") from error

    where = {"address": address} if address else {"address": "local", "num_cpus": n_workers}
    ray.init(**where, include_dashboard=False, log_to_driver=False)
    task = ray.remote(num_cpus=1, max_retries=MAX_TRIES - 1)(annotate_part)
    n_tasks = 2 * int(ray.cluster_resources()["CPU"])
    running: dict[Any, Part] = {}
    try:
        while True:
            while len(running) < n_tasks and (part := next(parts, None)):
                running[task.remote(part, job)] = part
            if not running:
                return
            for reference in ray.wait(list(running))[0]:
                part = running.pop(reference)
                try:
                    outcome = ray.get(reference)
                except ray.exceptions.RayError as error:
                    outcome = str(error).strip().splitlines()[-1]
                yield part, outcome
    finally:
        ray.shutdown()
