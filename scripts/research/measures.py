"""The parts of the benchmark: each runs tasks in fresh processes, pipelines in turns, and sums them up in rows."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import srsly
from tqdm import tqdm

from scripts.package import build_pipeline
from spacy_bilstm_ner.errors import UserError

Figures = dict[str, Any]
# For each pipeline the figures of its runs
Runs = dict[str, list[Figures]]

# No task takes this long: a process that does hangs
LIMIT_SECONDS = 3600
# Files of texts for one process, and for two that share them
SHARES = {"one": ["many"], "two": ["half_1", "half_2"]}


@dataclass(frozen=True)
class Row:
    """One line of the results.

    name (str): What was measured.
    unit (str): Its unit.
    ours (float): Our figure.
    other (float | None): The figure it is compared with.
    beside (str): Whose figure that is: "spacy" (its own ner), "blank" (its tokenizer alone) or "one" (one process).
    ratio (float | None): Ours divided by the other.
    aim (str): What we want to reach: of the ratio, or of our figure if there is none.
    """

    name: str
    unit: str
    ours: float
    other: float | None = None
    beside: str = ""
    ratio: float | None = None
    aim: str = ""


@dataclass(frozen=True)
class Setting:
    """What is measured, and how.

    pipelines (dict[str, str]): "ours", "spacy" and "blank": folders, or "blank:en".
    files (dict[str, Path]): The files of texts by their names.
    runs (int): How many fresh processes measure each figure.
    stream_length (int): Texts of the stream.
    """

    pipelines: dict[str, str]
    files: dict[str, Path]
    runs: int
    stream_length: int

    def options(self, pipeline: str, **more: Any) -> Figures:
        """RETURNS (Figures): Options of a task on a pipeline; the names of files of texts become their paths."""
        options = {"pipeline": self.pipelines[pipeline], "threads": 1, **more}
        return {key: str(self.files[value]) if key in ("texts", "warm_up") else value for key, value in options.items()}


def start(task: str, options: Figures) -> "subprocess.Popen[str]":
    """Start a task in a fresh process.

    task (str): Its name in `timing`.
    options (Figures): Its options. With "threads" 1, every library has one thread; with 0, its default.
    RETURNS (subprocess.Popen): The process.
    """
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if options["threads"]:
        environment["OMP_NUM_THREADS"] = str(options["threads"])
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.research.timing", task, json.dumps(options)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own: its workers end with it
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]") -> Figures:
    """Wait for a process.

    process (subprocess.Popen): What `start` returned.
    RETURNS (Figures): The figures that it printed.
    RAISES UserError: if it fails or hangs.
    """
    try:
        output, errors = process.communicate(timeout=LIMIT_SECONDS)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise UserError(f"{process.args!r} did not end within {LIMIT_SECONDS} seconds: it hangs") from None
        raise
    if process.returncode != 0:
        raise UserError(f"{process.args!r} failed:\n{errors}")
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures


def measure(task: str, setting: Setting, pipelines: tuple[str, ...], *, name: str, **options: Any) -> Runs:
    """Run a task on pipelines in turns, each time in a fresh process.

    task (str): Its name in `timing`.
    setting (Setting): What is measured.
    pipelines (tuple[str, ...]): Names of pipelines.
    name (str): What the progress bar says.
    **options: The task's options but for the pipeline.
    RETURNS (Runs): The figures.
    """
    found: Runs = {pipeline: [] for pipeline in pipelines}
    turns = [pipeline for _ in range(setting.runs) for pipeline in pipelines]
    for pipeline in tqdm(turns, desc=name):
        found[pipeline].append(finish(start(task, setting.options(pipeline, **options))))
    return found


def middle(runs: list[Figures], key: str) -> float:
    """RETURNS (float): The median of a figure over the runs."""
    return float(median(figures[key] for figures in runs))


def against(runs: Runs, key: str, *, name: str, unit: str, aim: str, other: str = "spacy") -> Row:
    """Compare two pipelines' medians.

    runs (Runs): The figures.
    key (str): The figure.
    name, unit, aim (str): See `Row`.
    other (str): The pipeline that ours is compared with.
    RETURNS (Row): The line.
    """
    ours, theirs = middle(runs["ours"], key), middle(runs[other], key)
    return Row(name, unit, ours, theirs, other, ours / theirs, aim)


def throughput(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Words per second and peaks of memory, for each load."""
    found: Figures = {}
    rows = []
    names = {
        "sentences": "single sentences",
        "documents": "documents of 40 sentences",
        "mixed": "mixed, 1 to 100 sentences",
    }
    for load, name in names.items():
        runs = measure("throughput", setting, ("ours", "spacy", "blank"), name=name, texts=load, warm_up="warm_up")
        found[load] = runs
        rows.append(against(runs, "words_per_second", name=name, unit="words/s", aim="≥ 10"))
    for load in ("sentences", "documents"):
        rows.append(against(found[load], "peak_mb", name=f"peak memory, {names[load]}", unit="MB", aim="≤ 1.5"))
    return found, rows


def latency(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Milliseconds for a short sentence."""
    runs = measure("latency", setting, ("ours", "spacy"), name="latency", texts="short", warm_up="warm_up")
    return runs, [against(runs, "milliseconds", name="one short sentence", unit="ms", aim="≤ 0.33")]


def processes(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Words per second of `n_process=2`, and whether it finds what one process finds."""
    found, rows = {}, []
    for method in ("fork", "spawn"):
        name = f"n_process=2, {method}"
        runs = measure(
            "processes",
            setting,
            ("ours", "blank"),
            name=name,
            texts="many",
            warm_up="warm_up",
            method=method,
            # torch's default, as a user has it
            threads=0,
        )
        found[method] = runs
        for key, what in (("words_per_second", ""), ("words_per_second_running", ", once started")):
            rows.append(against(runs, key, name=name + what, unit="words/s", aim="≥ 0.8", other="blank"))
        differing = max(figures["differing_texts"] for figures in runs["ours"])
        largest = max(figures["largest_difference"] for figures in runs["ours"])
        rows.append(Row(f"{name}: texts whose entities differ from one process", "", differing, aim="0"))
        rows.append(Row(f"{name}: largest difference of a confidence", "", largest, aim="≤ 0.00001"))
    return found, rows


def independent(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Words per second of one process and of two that share the texts."""
    found: Runs = {"one": [], "two": []}
    turns = [(name, files) for _ in range(setting.runs) for name, files in SHARES.items()]
    for name, files in tqdm(turns, desc="independent processes"):
        started = []
        try:
            for file in files:
                options = setting.options("ours", texts=file, warm_up="warm_up", wait=True)
                started.append(start("throughput", options))
            for process in started:
                if not process.stdout.readline():  # type: ignore[union-attr]
                    # It failed: this says how
                    finish(process)
            begin = perf_counter()
            for process in started:
                process.stdin.write("\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
            figures = [finish(process) for process in started]
        finally:
            for process in started:
                if process.poll() is None:
                    process.kill()
        words = sum(each["words"] for each in figures)
        found[name].append({"words_per_second": words / (perf_counter() - begin)})
    ours, other = (middle(found[name], "words_per_second") for name in ("two", "one"))
    return found, [Row("two independent processes", "words/s", ours, other, "one", ours / other, "≥ 1.8")]


def loading(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Seconds to load a pipeline."""
    runs = measure("loading", setting, ("ours", "spacy"), name="loading")
    return runs, [against(runs, "seconds", name="load", unit="s", aim="≤ 1.5")]


def stream(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): How memory grows over a long stream."""
    found: Figures = {"length": setting.stream_length}
    rows = []
    once = Setting(setting.pipelines, setting.files, runs=1, stream_length=setting.stream_length)
    for zones, what in ((False, ""), (True, " in memory zones")):
        name = f"growth of memory{what}, second half of {setting.stream_length:,} texts"
        runs = measure(
            "stream", once, ("ours", "spacy"), name=name, texts="many", length=setting.stream_length, zones=zones
        )
        found["zones" if zones else "plain"] = runs
        ours, other = (runs[pipeline][0]["growth_mb"] for pipeline in ("ours", "spacy"))
        rows.append(Row(name, "MB", ours, other, "spacy", None, "0" if zones else "spaCy's"))
    return found, rows


def wheel(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): The size of the pipeline's wheel."""
    with tempfile.TemporaryDirectory() as work:
        size = build_pipeline(Path(setting.pipelines["ours"]), {}, Path(work)).stat().st_size / 1e6
    return {"mb": size}, [Row("wheel", "MB", size, aim="≤ 15")]


def training(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): Words per second of training, and seconds until spaCy's best score on dev, both of the
    processor's seconds in the two runs' logs, evaluations included."""
    logs = {
        pipeline: read_log(Path(setting.pipelines[pipeline]).parent / "log.jsonl") for pipeline in ("ours", "spacy")
    }
    speeds = {pipeline: log[-1]["words"] / log[-1]["cpu_seconds"] for pipeline, log in logs.items()}
    best = max(row["score"] for row in logs["spacy"])
    reached = {pipeline: seconds_until(best, log) for pipeline, log in logs.items()}
    ours, other = reached["ours"], reached["spacy"]
    name = f"training until an F of {best * 100:.2f} on dev"
    rows = [
        Row("training", "words/s", speeds["ours"], speeds["spacy"], "spacy", speeds["ours"] / speeds["spacy"], "≥ 1"),
        Row(name, "s", ours, other, "spacy", ours / other, "≤ 0.5")
        if ours is not None and other is not None
        else Row(
            f"{name}: ours does not reach it in", "s", logs["ours"][-1]["cpu_seconds"], other, "spacy", aim="≤ 0.5"
        ),
    ]
    return {"words_per_cpu_second": speeds, "best": best, "cpu_seconds_until_best": reached}, rows


def read_log(path: Path) -> list[Figures]:
    """Read a training's log.

    path (Path): The log.jsonl of `TimedLogger`.
    RETURNS (list[Figures]): Its rows.
    RAISES UserError: if it is missing, empty, or was written by another logger.
    """
    rows = list(srsly.read_jsonl(path)) if path.is_file() else []
    if not rows or "cpu_seconds" not in rows[-1]:
        raise UserError(f"{path} must be a training log with times, but is not: train the pipeline again")
    return rows


def seconds_until(score: float, log: list[Figures]) -> float | None:
    """RETURNS (float | None): The processor's seconds until a log reaches a score; None if it never does."""
    return next((row["cpu_seconds"] for row in log if row["score"] >= score), None)


def agreement(setting: Setting) -> tuple[Figures, list[Row]]:
    """RETURNS (tuple): How far the fast path is from the plain one. Nothing for a pipeline that has no fast path."""
    figures = finish(start("agreement", setting.options("ours", texts="sentences")))
    if not figures:
        return {}, []
    largest, differing = figures["largest_logit_difference"], figures["differing_texts"]
    name = "fast against plain path"
    return figures, [
        Row(f"{name}: largest difference of a logit", "", largest, aim="≤ 0.0001"),
        Row(f"{name}: texts that differ, of {figures['entities']:,} entities", "", differing, aim="0"),
    ]


PARTS = {
    part.__name__: part
    for part in (throughput, latency, processes, independent, loading, stream, wheel, agreement, training)
}
