"""What `annotate` costs beside bare `nlp.pipe`: CPU seconds of all processes for each million words more (the slope
over one, two and four copies of the texts), start-up apart; and how a worker's memory grows over ever new words.
Two workers have two processes of bare `nlp.pipe` beside them, each with half of the texts: where two share a
processor's units or its cache, each takes more seconds for the same work.
With one thread: OMP_NUM_THREADS=1 python -m scripts.research.bulk PIPELINE TEXTS.parquet FIGURES.json
"""

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

from spacy_bilstm_ner.bulk import Annotator
from spacy_bilstm_ner.bulk.parts import Part, annotate_part

# From the first text given, so many steps on: 0 1 for all
BARE = """import sys, spacy, pyarrow.parquet as pq
first, step, file, *_, model = sys.argv[1:]
texts = pq.read_table(file)["text"].to_pylist()[int(first) :: int(step)]
list(map(len, spacy.load(model).pipe(texts, batch_size=1000)))"""
TWICE = f"""import subprocess, sys
both = [subprocess.Popen([sys.executable, "-c", {BARE!r}, first, "2", *sys.argv[1:]]) for first in "01"]
sys.exit(max(process.wait() for process in both))"""
OURS = ["-m", "spacy_bilstm_ner", "annotate"]
WAYS = {"nlp.pipe": ["-c", BARE, "0", "1"], "1 worker": [*OURS, "--workers=1"]}
WAYS |= {"nlp.pipe, twice": ["-c", TWICE], "2 workers": [*OURS, "--workers=2"]}
WAYS["Ray, 2 workers"] = [*OURS, "--ray", "--workers=2"]


def cpu_seconds(command: list[str]) -> float:
    """RETURNS (float): CPU seconds of a command and of all processes below it, by their last sign of life."""
    process, seconds = subprocess.Popen(command, stdout=subprocess.DEVNULL), dict[int, float]()
    while process.poll() is None:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                seconds[child.pid] = sum(child.cpu_times()[:2])
        time.sleep(0.1)
    return sum(seconds.values()) if process.returncode == 0 else sys.exit(f"Failed: {command}")


def memory(model: str, folder: Path) -> list[int]:
    """RETURNS (list[int]): MB of a worker after each of ten parts of a million words that were not there before."""
    annotator, sizes = Annotator(model), list[int]()
    for first in range(0, 10_000_000, 1_000_000):
        sentences = (range(start, start + 20) for start in range(first, first + 1_000_000, 20))
        rows = tuple((" ".join(f"w{n:x}" for n in sentence) + ".", None) for sentence in sentences)
        annotate_part(Part("part", "", 0, 0, rows=rows), annotator, folder, "parquet", None)
        sizes.append(psutil.Process().memory_info().rss // 1_000_000)
    return sizes


def main(model: str, source: str, out: str) -> None:
    texts = pq.read_table(source)["text"].to_pylist()
    millions = [copies * sum(map(len, spacy.blank("en").pipe(texts))) / 1e6 for copies in (1, 2, 4)]
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for copies in (1, 2, 4):
            file = f"{folder}/{copies}.parquet"
            pq.write_table(pa.table({"text": texts * copies}), file, row_group_size=len(texts) // 4)
            for way, command in WAYS.items():
                seconds[way].append(
                    cpu_seconds([sys.executable, *command, file, file + way, "--model", model])
                )
        figures: dict[str, object] = {
            "MB after each million new words": memory(model, Path(folder))
        }
    for way, values in seconds.items():
        slope, start = np.polyfit(millions, values, 1)
        figures[way] = {
            "CPU s": values,
            "start-up": start,
            "per million": slope,
            "core-hours per billion": slope / 3.6,
        }
    srsly.write_json(out, figures | {"millions of words": millions})


if __name__ == "__main__":
    main(*sys.argv[1:])
