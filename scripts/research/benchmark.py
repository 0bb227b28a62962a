"""Compare the speed, the memory and the loading time of pipelines.

    python -m scripts.research.benchmark CORPUS OUT.json bilstm=PIPELINE NAME=PIPELINE ...

CORPUS is a folder with dev.spacy and test.spacy. NAME=PYTHON:PIPELINE uses another Python. Each run
is a new process with one thread (see timing.py). The pipelines take turns, so that other processes
on the machine affect all of them. Seconds depend on the machine, so compare the ratios.
"""

import json
import os
import platform
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import srsly
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tqdm import tqdm

from scripts.research.tables import speed_table
from spacy_bilstm_ner.quality.evaluate import list_versions

TIMING = Path(__file__).with_name("timing.py")
SENTENCES_PER_DOC = 40
RUNS = 5
# Part of the benchmark -> task of timing.py
PARTS = {
    "sentences": "throughput",
    "documents": "throughput",
    "one": "latency",
    "loading": "loading",
}

Figures = dict[str, Any]


def read_texts(corpus: Path) -> dict[str, list[str]]:
    """Return the texts of each part, and those of the "warm_up"."""
    texts = {}
    for part in ("test", "dev"):
        docs = DocBin().from_disk(corpus / f"{part}.spacy").get_docs(Vocab())
        texts[part] = [doc.text for doc in docs]
    test = texts["test"]
    documents = []
    for first in range(0, len(test), SENTENCES_PER_DOC):
        documents.append(" ".join(test[first : first + SENTENCES_PER_DOC]))
    return {
        "sentences": test,
        "documents": documents,
        "one": test[:1000],
        "loading": [],
        "warm_up": texts["dev"][:500],
    }


def time_task(python: str, task: str, options: Figures) -> Figures:
    """Run a task of timing.py in a new process with one thread.

    python (str): The Python to run.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # -I: do not import from the current folder
    process = subprocess.run(
        [python, "-I", str(TIMING), task],
        input=json.dumps(options),
        env={**os.environ, **threads},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(process.stdout.splitlines()[-1])


def benchmark(pipelines: dict[str, tuple[str, str]], corpus: Path) -> Figures:
    """Measure pipelines in turns.

    pipelines (dict[str, tuple[str, str]]): Name -> Python, and folder or package of the pipeline.
    RETURNS (dict[str, Any]): Part -> name -> the figures of each run.
    """
    texts = read_texts(corpus)
    figures: Figures = {}
    for part, _, name in tqdm(list(product(PARTS, range(RUNS), pipelines))):
        python, pipeline = pipelines[name]
        options = {"pipeline": pipeline, "texts": texts[part], "warm_up": texts["warm_up"]}
        runs_of_pipeline = figures.setdefault(part, {}).setdefault(name, [])
        runs_of_pipeline.append(time_task(python, PARTS[part], options))
    return figures


def main(corpus: str, out: str, *arguments: str) -> None:
    pipelines = {}
    for argument in arguments:
        name, _, location = argument.partition("=")
        python, _, pipeline = location.rpartition(":")
        pipelines[name] = python or sys.executable, pipeline
    load = os.getloadavg()[0]
    figures = benchmark(pipelines, Path(corpus))
    result = {
        # Without the locations of pipelines, which are different on each machine
        "command": f"python -m scripts.research.benchmark CORPUS OUT {' '.join(pipelines)}",
        "version": figures["loading"]["bilstm"][0]["version"],
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "load": load},
        "versions": list_versions(),
        "settings": {"runs": RUNS, "threads": 1},
        "figures": figures,
    }
    srsly.write_json(out, result)
    print(speed_table({"benchmark": result}))
    print(f"The load of the machine at the start was {load:.2f}. Publish only if it is below 0.5.")


if __name__ == "__main__":
    main(*sys.argv[1:])
