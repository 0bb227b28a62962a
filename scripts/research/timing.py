"""One task of the benchmark, in the fresh process that this file is run in: it prints its figures as json.

    PYTHON scripts/research/timing.py TASK '{"pipeline": ..., "texts": FILE, "warm_up": FILE}'

It imports spaCy and nothing of this project, so that any Python with any pipeline can run it.
"""

import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any


def load(pipeline: str) -> Any:
    import spacy

    return spacy.blank(pipeline.removeprefix("blank:")) if pipeline.startswith("blank:") else spacy.load(pipeline)


def throughput(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Time a first pass over texts, after others."""
    nlp = load(pipeline)
    sum(map(len, nlp.pipe(warm_up)))
    start = perf_counter()
    words = sum(map(len, nlp.pipe(texts)))
    seconds = perf_counter() - start
    # `resource` can tell the peak of the process that started this one. Linux knows better.
    peak_kb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    return {"words": words, "words_per_second": words / seconds, "peak_mb": peak_kb / 1e3}


def latency(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Time texts that come one at a time: the milliseconds of the median text."""
    nlp = load(pipeline)
    for text in warm_up:
        nlp(text)
    seconds = []
    for text in texts:
        start = perf_counter()
        nlp(text)
        seconds.append(perf_counter() - start)
    return {"milliseconds": median(seconds) * 1000}


def loading(pipeline: str) -> dict[str, Any]:
    """Time loading once more, when all is imported, and say what is loaded."""
    load(pipeline)
    start = perf_counter()
    nlp = load(pipeline)
    seconds = perf_counter() - start
    return {"seconds": seconds, "meta": {key: nlp.meta.get(key) for key in ("lang", "name", "version", "data")}}


if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    for name in {"texts", "warm_up"} & set(options):
        options[name] = json.loads(Path(options[name]).read_text(encoding="utf-8"))
    print(json.dumps({each.__name__: each for each in (throughput, latency, loading)}[sys.argv[1]](**options)))
