"""What `annotate` costs beside bare `nlp.pipe`: CPU seconds of all processes for each million words more (the slope
over several sizes, with the start-up apart), and how the memory of a worker grows over texts of ever new words."""

import argparse
import ctypes
import json
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
from spacy.tokens import DocBin

BARE = """
import sys, spacy, pyarrow.parquet as pq
nlp = spacy.load(sys.argv[1])
for _ in nlp.pipe(pq.read_table(sys.argv[2])["text"].to_pylist(), batch_size=1000):
    pass
"""
WAYS = {"nlp.pipe": "", "1 worker": "--workers 1", "2 workers": "--workers 2", "Ray, 2 workers": "--workers 2 --ray"}


def watch(command: list[str], done: Path = Path("/none")) -> tuple[float, list[int]]:
    """RETURNS (tuple[float, list[int]]): CPU seconds of a command and all processes below it, by their last sign of
    life; and MB of the largest one so far whenever a parquet file was added to the folder `done`."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
    cpu: dict[int, float] = {}
    peak, peaks = 0.0, list[int]()
    while process.poll() is None or psutil.Process().children():
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                cpu[child.pid] = sum(child.cpu_times()[:2])
                peak = max(peak, child.memory_info().rss / 1e6)
        peaks += [round(peak)] * (len(list(done.glob("*.parquet"))) - len(peaks))
        time.sleep(0.1)
        with suppress(ChildProcessError):
            while process.returncode is not None and os.waitpid(-1, os.WNOHANG)[0]:
                pass
    if process.returncode:
        sys.exit(f"Failed: {' '.join(command)}")
    return sum(cpu.values()), peaks


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("corpus", type=Path, help="a folder of .spacy files, whose sentences are repeated")
    parser.add_argument("out", type=Path, help="a .json file")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 2, 4], help="millions of words")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--grow", type=int, default=10, help="millions of new words")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: Ray's daemons become our children
    docs = [
        d for file in args.corpus.glob("*.spacy") for d in DocBin().from_disk(file).get_docs(spacy.blank("en").vocab)
    ]
    annotate = [sys.executable, "-m", "spacy_bilstm_ner", "annotate", "--model", args.model]
    seconds: dict[str, list[float]] = {way: [] for way in args.ways}
    loads, n_words = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in args.sizes:
            chosen = [docs[i % len(docs)] for i in range(round(size * 1e6 * len(docs) / sum(map(len, docs))))]
            n_words.append(sum(map(len, chosen)) / 1e6)
            file = folder / f"{size}.parquet"
            pq.write_table(pa.table({"text": [d.text for d in chosen]}), file, row_group_size=len(chosen) // 4 + 1)
            for way in args.ways:
                loads.append(os.getloadavg()[0])
                out = [str(file), str(folder / f"{size} {way}"), *WAYS[way].split()]
                bare = [sys.executable, "-c", BARE, args.model, str(file)]
                seconds[way].append(round(watch(bare if way == "nlp.pipe" else annotate + out)[0], 2))
        rng, letters, file, into = random.Random(0), "abcdefghijklmnopqrstuvwxyz", folder / "new.txt", folder / "new"
        new = (
            " ".join("".join(rng.choices(letters, k=7)) for _ in range(20)) + ".\n" for _ in range(args.grow * 50_000)
        )
        file.write_text("".join(new), encoding="utf8")
        grown = watch([*annotate, str(file), str(into), "--workers", "1"], into)[1] if args.grow else []
    lines = {way: np.polyfit(n_words, values, 1) for way, values in seconds.items()}
    slopes = {way: round(float(slope), 2) for way, (slope, _) in lines.items()}
    figures = {
        "measured: millions of words": n_words,
        "measured: CPU seconds": seconds,
        "measured: load of the machine": [min(loads), max(loads)],
        "measured: most MB of a process, after each part of about a million new words": grown,
        "fitted: CPU seconds of start-up": {way: round(float(start), 1) for way, (_, start) in lines.items()},
        "fitted: CPU seconds per million words": slopes,
        "fitted: over nlp.pipe": {way: round(slope / slopes[args.ways[0]], 3) for way, slope in slopes.items()},
        "arithmetic: core-hours for a billion words": {way: round(slope / 3.6, 2) for way, slope in slopes.items()},
    }
    args.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
