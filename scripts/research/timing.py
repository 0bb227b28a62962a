"""One task of the benchmark, in the fresh process that this file is run in: it prints its figures as json.

    PYTHON scripts/research/timing.py TASK '{"pipeline": ..., "texts": FILE, "warm_up": FILE}'

It imports spaCy and nothing of this project, so that any Python with any pipeline can run it.
"""

import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

BLANK = "blank:"


def load(pipeline: str) -> Any:
    """Load a folder or an installed pipeline, or with "blank:en" a tokenizer alone."""
    import spacy

    return spacy.blank(pipeline.removeprefix(BLANK)) if pipeline.startswith(BLANK) else spacy.load(pipeline)


def throughput(pipeline: str, texts: list[str], warm_up: list[str], n_process: int = 1) -> dict[str, Any]:
    """Time a first pass over texts, after others. With more processes, their start counts, too."""
    nlp = load(pipeline)
    sum(map(len, nlp.pipe(warm_up)))
    start, cpu_start = perf_counter(), process_time()
    words = sum(map(len, nlp.pipe(texts, n_process=n_process)))
    seconds, cpu_seconds = perf_counter() - start, process_time() - cpu_start
    found = {"words": words, "words_per_second": words / seconds}
    if n_process == 1:
        # `resource` can tell the peak of the process that started this one. Linux knows better.
        peak_kb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
        found |= {"words_per_cpu_second": words / cpu_seconds, "peak_mb": peak_kb / 1e3}
    return found


def latency(pipeline: str, texts: list[str], warm_up: list[str]) -> dict[str, Any]:
    """Time texts that come one at a time: words per second, and the milliseconds of the median text."""
    nlp = load(pipeline)
    for text in warm_up:
        nlp(text)
    words, seconds, cpu_start = 0, [], process_time()
    for text in texts:
        start = perf_counter()
        words += len(nlp(text))
        seconds.append(perf_counter() - start)
    return {
        "words": words,
        "words_per_second": words / sum(seconds),
        "words_per_cpu_second": words / (process_time() - cpu_start),
        "milliseconds": median(seconds) * 1000,
    }


def loading(pipeline: str) -> dict[str, Any]:
    """Time `import spacy` with loading, and loading once more, when all is imported."""
    start = perf_counter()
    load(pipeline)
    middle = perf_counter()
    nlp = load(pipeline)
    end = perf_counter()
    meta = {key: nlp.meta.get(key) for key in ("lang", "name", "version", "data", "spacy_version")}
    return {"first_seconds": middle - start, "seconds": end - middle, "meta": meta}


TASKS = {task.__name__: task for task in (throughput, latency, loading)}

if __name__ == "__main__":
    task, options = sys.argv[1], json.loads(sys.argv[2])
    for name in {"texts", "warm_up"} & set(options):
        options[name] = json.loads(Path(options[name]).read_text(encoding="utf-8"))
    print(json.dumps(TASKS[task](**options)))
