"""Measure speed, memory and loading of pipelines beside each other, on this machine.

Each figure comes from a fresh process (see timing.py). Pipelines take turns, so that whatever else the machine does
meets all of them. Seconds depend on the machine; the ratios of the medians are what counts.
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tqdm import tqdm

from scripts.research.tables import benchmark_table
from spacy_bilstm_ner.errors import UserError, run
from spacy_bilstm_ner.quality.evaluate import versions
from spacy_bilstm_ner.quality.pages import save

TIMING = Path(__file__).with_name("timing.py")
SENTENCES_PER_DOC = 40
WARM_UP_TEXTS = 500
LATENCY_TEXTS = 1000
# A load of the machine above which figures are not worth quoting.
BUSY = 0.5
# What is measured → its task, the texts that it runs on, and further options.
PARTS: dict[str, tuple[str, str | None, dict[str, int]]] = {
    "sentences": ("throughput", "sentences", {}),
    "documents": ("throughput", "documents", {}),
    "one": ("latency", "one", {}),
    "processes": ("throughput", "many", {"n_process": 2}),
    "loading": ("loading", None, {}),
}

Figures = dict[str, Any]


def read_texts(path: Path, *, limit: int | None = None) -> list[str]:
    """Read the texts of a .spacy file, at most `limit` of them."""
    if not path.is_file():
        raise UserError(f"{path} is missing: run `spacy project run convert` first")
    return [doc.text for doc in islice(DocBin().from_disk(path).get_docs(Vocab()), limit)]


def write_texts(corpus: Path, folder: Path, *, many: int) -> None:
    """Write a json file for each list of texts that the tasks read; `many` is the number for two processes."""
    sentences = read_texts(corpus / "test.spacy")
    firsts = range(0, len(sentences), SENTENCES_PER_DOC)
    texts = {
        "sentences": sentences,
        "documents": [" ".join(sentences[first : first + SENTENCES_PER_DOC]) for first in firsts],
        "one": sentences[:LATENCY_TEXTS],
        "many": read_texts(corpus / "train.spacy", limit=many),
        "warm_up": read_texts(corpus / "dev.spacy", limit=WARM_UP_TEXTS),
    }
    for name, found in texts.items():
        (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


def time_task(python: str, task: str, options: Figures, *, threads: int) -> Figures:
    """Run a task of timing.py in a fresh process of a Python; with 0 threads, each library takes what it likes."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if threads:
        environment |= {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    # -I: nothing of the folder that this is called from is imported by chance.
    command = [python, "-I", str(TIMING), task, json.dumps(options)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"{shlex.join(command)} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def benchmark(
    pipelines: dict[str, tuple[str, str]], corpus: Path, *, parts: list[str], runs: int, many: int, threads: int
) -> dict[str, dict[str, list[Figures]]]:
    """Measure pipelines in turns.

    pipelines (dict[str, tuple[str, str]]): By its name, each one's Python, and its folder or package.
    RETURNS (dict): For each of the parts and each pipeline, the figures of so many runs.
    """
    found: dict[str, dict[str, list[Figures]]] = {part: {name: [] for name in pipelines} for part in parts}
    with tempfile.TemporaryDirectory() as folder:
        write_texts(corpus, Path(folder), many=many)
        for part, name in tqdm([(part, name) for part in parts for _ in range(runs) for name in pipelines]):
            (task, texts, more), (python, pipeline) = PARTS[part], pipelines[name]
            files = {"texts": f"{folder}/{texts}.json", "warm_up": f"{folder}/warm_up.json"} if texts else {}
            options = {"pipeline": pipeline, **files, **more}
            found[part][name].append(time_task(python, task, options, threads=threads))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipeline", help="our pipeline: its folder, or the name of an installed one")
    parser.add_argument("spacy_ner", help="the same of spaCy's own ner")
    parser.add_argument("corpus", type=Path, help="the folder of train.spacy, dev.spacy and test.spacy")
    parser.add_argument("out", type=Path, help="the json to write")
    parser.add_argument("--other", action="append", default=[], help="NAME=PYTHON:PIPELINE, one more; several times")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure (default: all)")
    parser.add_argument("--runs", type=int, choices=range(1, 100), default=5, metavar="N", help="fresh processes each")
    parser.add_argument("--many", type=int, default=20_000, help="sentences for two processes (default: 20000)")
    parser.add_argument("--threads", type=int, default=1, help="0: as many as each library takes (default: 1)")
    args = parser.parse_args()
    pipelines = {"bilstm": (sys.executable, args.pipeline), "spacy_ner": (sys.executable, args.spacy_ner)}
    for text in args.other:
        if not (other := re.fullmatch(r"(\w+)=([^:]+):(.+)", text)):
            raise UserError(f"--other takes NAME=PYTHON:PIPELINE, such as old=old/bin/python:en_old, not {text}")
        pipelines[other[1]] = other[2], other[3]
    load, info = os.getloadavg()[0], Path("/proc/cpuinfo").read_text(encoding="utf-8")
    cpu = re.findall(r"model name\s*: (.*)", info)[:1]
    told = {name: time_task(each[0], "loading", {"pipeline": each[1]}, threads=1) for name, each in pipelines.items()}
    pipelines["tokenizer"] = sys.executable, f"blank:{told['bilstm']['meta']['lang']}"
    figures = benchmark(pipelines, args.corpus, parts=args.only, runs=args.runs, many=args.many, threads=args.threads)
    result = {
        "command": shlex.join(["python", "-m", "scripts.research.benchmark", *sys.argv[1:]]),
        **{key: told["bilstm"]["meta"][key] for key in ("version", "data")},
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform(), "load": load},
        "versions": versions(),
        "settings": {"runs": args.runs, "many": args.many, "threads": args.threads},
        "pipelines": {name: each["meta"] for name, each in told.items()},
        "figures": figures,
    }
    save(args.out, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(benchmark_table(result))
    print(f"The machine's load when this began was {load:.2f}: {'do not quote these' if load > BUSY else 'quiet'}.")


if __name__ == "__main__":
    run(main)
