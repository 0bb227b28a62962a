"""Compare the speed, the memory and the loading time of pipelines.

    python -m scripts.research.benchmark CORPUS OUT.json bilstm=PIPELINE NAME=PIPELINE ...

CORPUS is a folder with dev.spacy and test.spacy. Each run is a new process with one thread. The
pipelines take turns, so that other processes on the machine affect all of them. Seconds depend on
the machine, so compare the ratios of the first pipeline to the others. Publish figures only if the
load of the machine at the start was below 0.5.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from operator import itemgetter
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import spacy
import srsly
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tqdm import tqdm

SENTENCES_PER_DOC = 40
RUNS = 5
# Row of the table -> part of the benchmark, and figure
ROWS = {
    "single sentences, words/s": ("sentences", "words_per_second"),
    "documents of forty sentences, words/s": ("documents", "words_per_second"),
    "one sentence at a time, ms": ("sentences", "milliseconds"),
    "peak memory, single sentences, MB": ("sentences", "peak_mb"),
    "loading, s": ("sentences", "loading_seconds"),
}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Figures = dict[str, Any]


def read_texts(path: Path) -> list[str]:
    return list(map(str, DocBin().from_disk(path).get_docs(Vocab())))


def timed(work: Callable, *arguments: Any) -> tuple[float, Any]:
    """Return the CPU seconds that a call took, and its result."""
    start = process_time()
    result = work(*arguments)
    return process_time() - start, result


def measure(pipeline: str, texts: list[str], warm_up: list[str], single: list[str]) -> Figures:
    """Measure a pipeline in this process.

    texts (list[str]): Texts for `nlp.pipe`. They are read last.
    warm_up (list[str]): Texts that are read first, without measuring.
    single (list[str]): Texts that are read one at a time.
    """
    nlp = spacy.load(pipeline)
    list(nlp.pipe(warm_up))
    latency = median(timed(nlp, text)[0] for text in single)
    seconds, words = timed(lambda: sum(map(len, nlp.pipe(texts))))
    # `resource` may return the peak of the parent process, so it is not used.
    peak_kb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    # All modules have been imported now.
    loading_seconds, _ = timed(spacy.load, pipeline)
    return {
        "version": nlp.meta["version"],
        "words_per_second": words / seconds,
        "milliseconds": latency * 1000,
        "peak_mb": peak_kb / 1e3,
        "loading_seconds": loading_seconds,
    }


def measure_in_process(arguments: Figures) -> Figures:
    """Run `measure` in a new process with one thread."""
    process = subprocess.run(
        # -I: do not import the modules of this folder
        [sys.executable, "-I", __file__],
        input=json.dumps(arguments),
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(process.stdout.splitlines()[-1])


def make_table(figures: Figures) -> list[Figures]:
    """Make a table of medians and ratios.

    figures (dict[str, Any]): Part -> name of the pipeline -> the figures of each run.
    """
    rows = []
    for title, (part, figure) in ROWS.items():
        row: Figures = {"": title}
        for name, runs in figures[part].items():
            row[name] = median(map(itemgetter(figure), runs))
        _, ours, *other_names = row
        for name in other_names:
            row[f"ratio to {name}"] = row[ours] / row[name]
        rows.append(row)
    return rows


def main(corpus: str, out: str, *pipelines: str) -> None:
    load = os.getloadavg()[0]
    sentences = read_texts(Path(corpus, "test.spacy"))
    dev = read_texts(Path(corpus, "dev.spacy"))
    starts = range(0, len(sentences), SENTENCES_PER_DOC)
    documents = [" ".join(sentences[start : start + SENTENCES_PER_DOC]) for start in starts]
    texts = {"sentences": sentences, "documents": documents}
    arguments: Figures = {"warm_up": dev[:500], "single": dev[-1000:]}
    figures: Figures = {"sentences": {}, "documents": {}}
    for part, _, argument in tqdm(product(texts, range(RUNS), pipelines)):
        name, _, pipeline = argument.partition("=")
        arguments |= {"pipeline": pipeline, "texts": texts[part]}
        run = measure_in_process(arguments)
        figures[part].setdefault(f"{name} {run['version']}", []).append(run)
    result = {
        # Without the locations of pipelines, which are different on each machine
        "command": "python -m scripts.research.benchmark CORPUS OUT.json NAME=PIPELINE ...",
        "system": platform.platform(),
        "load": load,
        "table": make_table(figures),
        "figures": figures,
    }
    srsly.write_json(out, result)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    else:
        print(json.dumps(measure(**json.load(sys.stdin))))
