"""One task of the benchmark, in the fresh process that this file is run in: it prints its figures as json.

    PYTHON scripts/research/timing.py TASK < {"pipeline": ..., "texts": [...], "warm_up": [...]}

It imports spaCy and nothing of this project, so that any Python with any pipeline can run it.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any


def load(pipeline: str) -> Any:
    import spacy

    return (
        spacy.blank(pipeline.removeprefix("blank:"))
        if pipeline.startswith("blank:")
        else spacy.load(pipeline)
    )


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """RETURNS (tuple[float, Any]): The seconds that a call took, and what it returned."""
    start = perf_counter()
    result = work(*arguments)
    return perf_counter() - start, result


def throughput(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Time a first pass over texts, after others."""
    nlp = load(pipeline)
    sum(map(len, nlp.pipe(warm_up)))
    seconds, words = timed(lambda: sum(map(len, nlp.pipe(texts))))
    # `resource` can tell the peak of the process that started this one. Linux knows better.
    peak_kb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    return {"words": words, "words_per_second": words / seconds, "peak_mb": peak_kb / 1e3}


def latency(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Time texts that come one at a time: the milliseconds of the median text."""
    nlp = load(pipeline)
    seconds = [timed(nlp, text)[0] for text in (*warm_up, *texts)]
    return {"milliseconds": median(seconds[len(warm_up) :]) * 1000}


def loading(pipeline: str) -> dict[str, Any]:
    """Time loading once more, when all is imported, and say what is loaded."""
    load(pipeline)
    seconds, nlp = timed(load, pipeline)
    return {
        "seconds": seconds,
        "meta": {key: nlp.meta.get(key) for key in ("lang", "name", "version", "data")},
    }


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](**json.load(sys.stdin))))
