"""What `annotate` costs beside bare `nlp.pipe`: CPU seconds of all processes for each million words more (the slope
over several sizes, with the start-up apart), and how a worker's memory grows over texts of ever new words."""

import argparse
import ctypes
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import spacy
import srsly
from spacy.tokens import DocBin

from spacy_bilstm_ner.bulk import Annotator
from spacy_bilstm_ner.bulk.engines import Job, annotate_part
from spacy_bilstm_ner.bulk.parts import Part

BARE = """import sys, spacy, pyarrow.parquet as pq
for _ in spacy.load(sys.argv[1]).pipe(pq.read_table(sys.argv[2])["text"].to_pylist(), batch_size=1000):
    pass"""
WAYS = {"nlp.pipe": "", "1 worker": "--workers 1", "2 workers": "--workers 2", "Ray, 2 workers": "--workers 2 --ray"}


def cpu_seconds(command: list[str]) -> float:
    """RETURNS (float): CPU seconds of a command and of all processes below it, by their last sign of life."""
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
    seconds: dict[int, float] = {}
    while process.poll() is None:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                seconds[child.pid] = sum(child.cpu_times()[:2])
        time.sleep(0.1)
    for child in psutil.Process().children():  # Ray's daemons, which are ours when their parent has ended
        child.wait()
    if process.returncode:
        sys.exit(f"Failed: {' '.join(command)}")
    return round(sum(seconds.values()), 2)


def growth(model: str, millions: int) -> list[int]:
    """RETURNS (list[int]): MB of a worker after each part of a million words, none of which was there before."""
    rng, process, sizes = random.Random(0), psutil.Process(), list[int]()
    with tempfile.TemporaryDirectory() as out:
        job = Job(Annotator(model), out, "parquet", None, pa.string())
        for number in range(millions):
            words = ("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(1_000_000))
            rows = tuple((" ".join(sentence) + ".", None) for sentence in zip(*[words] * 20, strict=True))
            annotate_part(Part(f"{number}", "new words", 0, 0, rows=rows), job)
            sizes.append(process.memory_info().rss // 1_000_000)
    return sizes


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("corpus", type=Path, help="a .spacy file, whose sentences are repeated")
    parser.add_argument("out", type=Path, help="a .json file")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 2, 4], help="millions of words")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--grow", type=int, default=10, help="millions of new words")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: Ray's daemons become our children
    docs = [(len(doc), doc.text) for doc in DocBin().from_disk(args.corpus).get_docs(spacy.blank("en").vocab)]
    annotate = [sys.executable, "-m", "spacy_bilstm_ner", "annotate", "--model", args.model]
    seconds: dict[str, list[float]] = {way: [] for way in args.ways}
    loads, n_words = [], []
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes:
            chosen = [docs[i % len(docs)] for i in range(round(size * 1e6 * len(docs) / sum(n for n, _ in docs)))]
            n_words.append(sum(n for n, _ in chosen) / 1e6)
            file = f"{folder}/{size}.parquet"
            pq.write_table(pa.table({"text": [text for _, text in chosen]}), file, row_group_size=len(chosen) // 4 + 1)
            for way in args.ways:
                loads.append(os.getloadavg()[0])
                bare = [sys.executable, "-c", BARE, args.model, file]
                command = bare if way == "nlp.pipe" else [*annotate, file, f"{folder}/{size} {way}", *WAYS[way].split()]
                seconds[way].append(cpu_seconds(command))
                print(n_words[-1], way, seconds[way][-1], "CPU s", flush=True)
    lines = {way: np.polyfit(n_words, values, 1) for way, values in seconds.items()}
    slopes = {way: round(float(slope), 2) for way, (slope, _) in lines.items()}
    figures = {
        "measured: millions of words": n_words,
        "measured: CPU seconds": seconds,
        "measured: load of the machine": [min(loads), max(loads)],
        "measured: MB of a worker after each million new words": growth(args.model, args.grow),
        "fitted: CPU seconds of start-up": {way: round(float(start), 1) for way, (_, start) in lines.items()},
        "fitted: CPU seconds per million words": slopes,
        "fitted: over nlp.pipe": {way: round(slope / slopes[args.ways[0]], 3) for way, slope in slopes.items()},
        "arithmetic: core-hours for a billion words": {way: round(slope / 3.6, 2) for way, slope in slopes.items()},
    }
    srsly.write_json(args.out, figures)


if __name__ == "__main__":
    main()
