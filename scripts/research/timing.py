"""Run one task of the benchmark, and print its figures as JSON.

    PYTHON scripts/research/timing.py TASK < {"pipeline": ..., "texts": [...], "warm_up": [...]}

This file does not import this project, so it runs with any Python and any pipeline.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import spacy


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Return the CPU seconds that a call took, and its result."""
    start = process_time()
    result = work(*arguments)
    return process_time() - start, result


def throughput(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Measure a first pass over texts, after the warm-up."""
    nlp = spacy.load(pipeline)
    list(nlp.pipe(warm_up))
    seconds, words = timed(lambda: sum(map(len, nlp.pipe(texts))))
    # `resource` may return the peak of the parent process, so it is not used.
    peak_kb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    return {"words": words, "words_per_second": words / seconds, "peak_mb": peak_kb / 1e3}


def latency(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Measure texts one at a time. Return the median in milliseconds."""
    nlp = spacy.load(pipeline)
    list(map(nlp, warm_up))
    return {"milliseconds": median(timed(nlp, text)[0] for text in texts) * 1000}


def loading(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Measure loading after all modules were imported. Also return the version."""
    spacy.load(pipeline)
    seconds, nlp = timed(spacy.load, pipeline)
    return {"seconds": seconds, "version": nlp.meta["version"]}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](**json.load(sys.stdin))))
