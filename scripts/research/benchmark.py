"""Compare the speed, the memory and the loading time of pipelines.

Each run is a new process with one thread (see timing.py). The pipelines take turns, so that other
work of the machine affects all of them. Seconds depend on the machine. Compare the ratios.
"""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tqdm import tqdm

from scripts.research.tables import speed_table
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import list_versions
from spacy_bilstm_ner.system.ending import run
from spacy_bilstm_ner.system.whole import generated_file, save_json

TIMING = Path(__file__).with_name("timing.py")
SENTENCES_PER_DOC = 40
# Figures are not published if the load of the machine is higher.
BUSY = 0.5
# Part of the benchmark -> task of timing.py
PARTS = {
    "sentences": "throughput",
    "documents": "throughput",
    "mixed": "throughput",
    "one": "latency",
    "loading": "loading",
}

Figures = dict[str, Any]


def read_texts(corpus: Path) -> dict[str, list[str]]:
    """Return the texts of each part, and those of the "warm_up"."""
    read = {}
    for part in ("test", "dev"):
        with generated_file(corpus / f"{part}.spacy", command="spacy project run convert") as path:
            read[part] = [doc.text for doc in DocBin().from_disk(path).get_docs(Vocab())]
    test, n = read["test"], SENTENCES_PER_DOC
    documents = [" ".join(test[first : first + n]) for first in range(0, len(test), n)]
    return {
        "sentences": test,
        "documents": documents,
        # The first half as single sentences, the second half as documents
        "mixed": [*test[: len(test) // 2], *documents[len(documents) // 2 :]],
        "one": test[:1000],
        "warm_up": read["dev"][:500],
    }


def time_task(python: str, task: str, options: Figures) -> Figures:
    """Run a task of timing.py in a new process with one thread.

    python (str): The Python to run.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # -I: do not import from the current folder
    command = [python, "-I", str(TIMING), task]
    process = subprocess.run(
        command,
        input=json.dumps(options),
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
    )
    if process.returncode:
        raise UserError(f"{shlex.join(command)} failed:\n{process.stderr}")
    return json.loads(process.stdout.splitlines()[-1])


def benchmark(pipelines: dict[str, tuple[str, str]], corpus: Path, *, runs: int) -> Figures:
    """Measure pipelines in turns.

    pipelines (dict[str, tuple[str, str]]): Name -> Python, and folder or package of the pipeline.
    RETURNS (dict[str, Any]): Part -> name -> the figures of each run.
    """
    texts = read_texts(corpus)
    figures: Figures = {part: {name: [] for name in pipelines} for part in PARTS}
    turns = list(product(PARTS, range(runs), pipelines))
    for part, _, name in tqdm(turns):
        python, pipeline = pipelines[name]
        options: Figures = {"pipeline": pipeline}
        if part in texts:
            options |= {"texts": texts[part], "warm_up": texts["warm_up"]}
        figures[part][name].append(time_task(python, PARTS[part], options))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="the folder of dev.spacy and test.spacy")
    parser.add_argument("out", type=Path, help="the json to write")
    parser.add_argument(
        "pipelines",
        nargs="+",
        help="bilstm=PIPELINE and others; NAME=PYTHON:PIPELINE to use another Python",
    )
    parser.add_argument("--runs", type=int, default=5, help="number of runs (default: 5)")
    args = parser.parse_args()
    pipelines = {}
    for argument in args.pipelines:
        name, _, location = argument.partition("=")
        python, _, pipeline = location.rpartition(":")
        pipelines[name] = python or sys.executable, pipeline
    if "bilstm" not in pipelines or not all(pipeline for _, pipeline in pipelines.values()):
        raise UserError(
            "give pipelines as NAME=PIPELINE or NAME=PYTHON:PIPELINE; one of them is bilstm=…"
        )
    load = os.getloadavg()[0]
    metas = {}
    for name, (python, pipeline) in pipelines.items():
        metas[name] = time_task(python, "loading", {"pipeline": pipeline})["meta"]
    pipelines["tokenizer"] = sys.executable, f"blank:{metas['bilstm']['lang']}"
    result = {
        # Without the locations of pipelines, which are different on each machine
        "command": f"python -m scripts.research.benchmark CORPUS OUT {' '.join(metas)}",
        **{key: metas["bilstm"][key] for key in ("version", "data")},
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "load": load},
        "versions": list_versions(),
        "settings": {"runs": args.runs, "threads": 1},
        "pipelines": metas,
        "figures": benchmark(pipelines, args.corpus, runs=args.runs),
    }
    save_json(args.out, result)
    print(speed_table({"benchmark": result}))
    print(
        f"The load of the machine at the start was {load:.2f}: "
        f"{'do not publish these figures' if load > BUSY else 'quiet'}."
    )


if __name__ == "__main__":
    run(main)
