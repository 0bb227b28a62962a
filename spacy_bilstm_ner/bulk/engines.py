"""Spread parts over processes of this machine, or over a Ray cluster."""

import contextlib
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import UserError
from .annotator import Annotator
from .parts import Part, read_part

MAX_TRIES = 3  # of a part whose worker dies; the last one is alone


@dataclass(frozen=True)
class Job:
    """What is the same for all parts. id_type is the Arrow type of the ids, by name."""

    annotator: Annotator
    out: str
    format: str
    id_column: str | None
    id_type: str


class Counts(NamedTuple):
    """What a part had."""

    rows: int
    words: int
    errors: int
    labels: Counter[str]

    def plus(self, more: "Counts") -> "Counts":
        rows, words, errors, labels = more
        return Counts(self.rows + rows, self.words + words, self.errors + errors, self.labels + labels)


# A part, and what it had; or, as a string, why it was given up.
Outcome = tuple[Part, Counts | str]
Progress = Callable[[int, int], None]


def annotate_part(part: Part, job: Job, progress: Progress = lambda texts, words: None) -> Counts:
    """Annotate a part. Its file gets its name when it is whole.

    part (Part), job (Job): What, and how.
    progress (Callable[[int, int], None]): Called with the numbers of texts and words just done.
    RETURNS (Counts): What was found.
    """
    words = 0

    def count(n_texts: int, n_words: int) -> None:
        nonlocal words
        words += n_words
        progress(n_texts, n_words)

    texts, ids = read_part(part, job.annotator.text, job.id_column)
    entities, errors = job.annotator.columns(texts, count)
    if job.id_column:
        as_text = job.id_type == "string"
        ids = [value if value is None or not as_text else str(value) for value in ids]
        columns = {job.id_column: pa.array(ids, pa.type_for_alias(job.id_type))}
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
    labels = Counter(pc.list_flatten(entities).field("label").to_pylist())
    return Counts(len(texts), words, len(texts) - errors.null_count, labels)


def in_processes(parts: Iterator[Part], job: Job, n_workers: int, progress: Progress) -> Generator[Outcome, None, None]:
    """Annotate parts in processes of one thread each. Only names, offsets and counts cross between them, but for
    lines that cannot be sought.

    A part whose worker dies is tried again, at the end alone. The workers end when this process does.
    RAISES UserError: The pipeline cannot be loaded.
    """
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    workers: list[_Worker] = []
    again: deque[Part] = deque()
    alone: deque[Part] = deque()
    tries: Counter[str] = Counter()
    try:
        while True:
            while len(busy := [worker for worker in workers if worker.part]) < n_workers:
                part = next(parts, None) or (again.popleft() if again else None)
                part = part or (alone.popleft() if alone and not busy else None)
                if part is None:
                    break
                idle = [worker for worker in workers if not worker.part]
                worker = idle[0] if idle else _Worker(job)
                workers += [] if idle else [worker]
                worker.give(part)
            if not busy:
                return
            for connection in wait([worker.connection for worker in busy]):
                worker = next(worker for worker in busy if worker.connection is connection)
                kind, content = worker.hear()
                if kind == "progress":
                    progress(*content)
                    continue
                part, worker.part = worker.part, None
                assert part is not None
                if kind == "broken":
                    raise UserError(content)
                if kind == "died":
                    workers.remove(worker)
                if kind == "done":
                    yield part, content
                    continue
                tries[part.name] += 1
                if tries[part.name] == MAX_TRIES:
                    yield part, content
                else:
                    (again if tries[part.name] < MAX_TRIES - 1 else alone).append(part)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()


class _Worker:
    """A process and what it is working on."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()
        self.part: Part | None = None

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
    while True:
        part = connection.recv()
        message: tuple[str, Counts | str]
        try:
            message = "done", annotate_part(part, job, lambda *counts: connection.send(("progress", counts)))
        except Exception as error:
            message = "failed", f"{type(error).__name__}: {error}"
        connection.send(message)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def in_ray(
    parts: Iterator[Part], job: Job, n_workers: int, progress: Progress, address: str
) -> Generator[Outcome, None, None]:
    """Annotate parts as tasks of Ray Core, which tries those of dead workers again.

    address (str): Of a running cluster, whose machines all see the same folders; "" for one on this machine with
        `n_workers` cores.
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
                    counts = ray.get(reference)
                except ray.exceptions.RayError as error:
                    yield part, str(error).strip().splitlines()[-1]
                else:
                    progress(counts.rows, counts.words)
                    yield part, counts
    finally:
        ray.shutdown()
