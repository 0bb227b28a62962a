"""What the benchmark runs in a fresh process: one task, whose figures are printed as json.

`python -m scripts.research.timing TASK OPTIONS`, with the options as json: those of the task's function, files of
texts for its lists of texts, and "threads", the number of threads for torch, or 0 for its default.
"""

import json
import multiprocessing
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import spacy
import srsly
import torch
from spacy.language import Language
from spacy.tokens import Doc

Figures = dict[str, Any]
Entities = list[list[tuple[int, int, str, float | None]]]

BLANK = "blank:"
# How many texts of a stream are run inside one memory zone, or between two looks at the memory
EVERY_TEXTS = 1_000


def load(pipeline: str) -> Language:
    """Load a pipeline.

    pipeline (str): Its folder, or "blank:" and a language for its tokenizer alone.
    RETURNS (Language): The pipeline.
    """
    if pipeline.startswith(BLANK):
        return spacy.blank(pipeline.removeprefix(BLANK))
    return spacy.load(pipeline)


def ready(pipeline: str, warm_up: list[str]) -> Language:
    """Load a pipeline and warm it up.

    pipeline (str): See `load`.
    warm_up (list[str]): Texts other than those to be timed.
    RETURNS (Language): The pipeline.
    """
    nlp = load(pipeline)
    count_words(nlp.pipe(warm_up))
    return nlp


def count_words(docs: Iterable[Doc]) -> int:
    """Run through documents, and keep none.

    docs (Iterable[Doc]): The documents.
    RETURNS (int): How many tokens they have in all.
    """
    return sum(len(doc) for doc in docs)


def throughput(*, pipeline: str, texts: list[str], warm_up: list[str], wait: bool = False) -> Figures:
    """Time one first pass.

    pipeline (str): See `load`.
    texts (list[str]): What to time.
    warm_up (list[str]): Other texts.
    wait (bool): Say "ready" when warm, and wait for a line before starting.
    RETURNS (Figures): Words, their number per second of the clock and of the processor, and the peak of memory in MB.
    """
    nlp = ready(pipeline, warm_up)
    if wait:
        print("ready", flush=True)
        sys.stdin.readline()
    start, cpu_start = perf_counter(), process_time()
    words = count_words(nlp.pipe(texts))
    seconds, cpu_seconds = perf_counter() - start, process_time() - cpu_start
    return {
        "words": words,
        "words_per_second": words / seconds,
        "words_per_cpu_second": words / cpu_seconds,
        "peak_mb": peak_mb(),
    }


def latency(*, pipeline: str, texts: list[str], warm_up: list[str]) -> Figures:
    """Time single texts.

    pipeline (str): See `load`.
    texts (list[str]): The texts, run one by one.
    warm_up (list[str]): Other texts, run the same way first.
    RETURNS (Figures): Milliseconds of the median text, and of the one that 95 % are faster than.
    """
    nlp = load(pipeline)
    for text in warm_up:
        nlp(text)
    seconds = []
    for text in texts:
        start = perf_counter()
        nlp(text)
        seconds.append(perf_counter() - start)
    return {
        "milliseconds": median(seconds) * 1000,
        "milliseconds_95": float(np.percentile(seconds, 95)) * 1000,
    }


def processes(*, pipeline: str, texts: list[str], warm_up: list[str], method: str) -> Figures:
    """Time two processes of `nlp.pipe` after a forward pass in the parent, and compare what they find with one.

    pipeline (str): See `load`.
    texts (list[str]): What to time.
    warm_up (list[str]): Other texts, for the parent.
    method (str): How processes start: "fork" or "spawn".
    RETURNS (Figures): Words per second, over all and since the first document came (which leaves out what it takes to
        start the processes); the number of entities, of texts whose entities differ from those of one process, and the
        largest difference of a confidence.
    """
    multiprocessing.set_start_method(method)
    nlp = ready(pipeline, warm_up)
    start = perf_counter()
    stream = nlp.pipe(texts, n_process=2)
    docs = [next(stream)]
    first = perf_counter()
    docs += stream
    end = perf_counter()
    words = count_words(docs)
    found = [entities(doc) for doc in docs]
    # No longer timed: on a busy machine, more threads can take many times as long
    torch.set_num_threads(1)
    expected = [entities(doc) for doc in nlp.pipe(texts)]
    return {
        "words_per_second": words / (end - start),
        "words_per_second_running": (words - len(docs[0])) / (end - first),
        "entities": sum(map(len, expected)),
        **differences(found, expected),
    }


def entities(doc: Doc) -> list[tuple[int, int, str, float | None]]:
    """Read a document's entities.

    doc (Doc): The document.
    RETURNS (list[tuple]): First token, one past the last, label and confidence of each.
    """
    ents = doc.ents
    if not ents or not ents[0].has_extension("confidence"):
        return [(ent.start, ent.end, ent.label_, None) for ent in ents]
    return [(ent.start, ent.end, ent.label_, ent._.confidence) for ent in ents]


def differences(found: Entities, expected: Entities) -> Figures:
    """Compare what was found in texts in two ways.

    found (Entities): For each text its entities.
    expected (Entities): The same, found in another way.
    RETURNS (Figures): The number of texts whose entities differ, and the largest difference of a confidence in others.
    """
    differing = 0
    largest = 0.0
    for some, others in zip(found, expected, strict=True):
        if [ent[:3] for ent in some] != [ent[:3] for ent in others]:
            differing += 1
            continue
        for (*_, one), (*_, other) in zip(some, others, strict=True):
            if one is None or other is None:
                differing += one is not other
            else:
                largest = max(largest, abs(one - other))
    return {"differing_texts": differing, "largest_difference": largest}


def loading(*, pipeline: str) -> Figures:
    """Time loading, all that has to be imported having been imported by loading once before.

    pipeline (str): See `load`.
    RETURNS (Figures): Seconds.
    """
    load(pipeline)
    start = perf_counter()
    load(pipeline)
    return {"seconds": perf_counter() - start}


def stream(*, pipeline: str, texts: list[str], length: int, zones: bool) -> Figures:
    """Run a long stream of texts, in each of which a word occurs that occurs in no other.

    pipeline (str): See `load`.
    texts (list[str]): Texts to repeat.
    length (int): How many to run.
    zones (bool): Run them inside memory zones, of a thousand texts each.
    RETURNS (Figures): The peak of memory in MB in the first half of the stream; how much higher it is in the second.
    """
    nlp = load(pipeline)
    numbered = (f"{text} {number}" for number, text in enumerate(islice(cycle(texts), length)))
    held = memory_held(nlp, numbered, zones=zones)
    half = len(held) // 2
    first, second = max(held[:half], default=0.0), max(held[half:], default=0.0)
    return {"first_half_mb": first, "growth_mb": second - first}


def memory_held(nlp: Language, texts: Iterator[str], *, zones: bool) -> list[float]:
    """Run texts, and look at the memory now and then.

    nlp (Language): The pipeline.
    texts (Iterator[str]): The texts.
    zones (bool): Run them inside memory zones.
    RETURNS (list[float]): The memory that this process held after each thousand texts, in MB.
    """
    held = []
    if zones:
        while part := list(islice(texts, EVERY_TEXTS)):
            with nlp.memory_zone():
                count_words(nlp.pipe(part))
            held.append(memory_mb())
        return held
    docs = nlp.pipe(texts)
    while count_words(islice(docs, EVERY_TEXTS)):
        held.append(memory_mb())
    return held


def agreement(*, pipeline: str, texts: list[str]) -> Figures:
    """Compare the recogniser's fast path with its plain one.

    pipeline (str): See `load`.
    texts (list[str]): The texts.
    RETURNS (Figures): The number of entities, of texts whose entities differ, the largest differences of a confidence
        and of a logit. Empty for a pipeline that has no fast path.
    """
    from spacy_bilstm_ner.network import fast

    nlp = load(pipeline)
    pipe = nlp.get_pipe("ner") if nlp.has_pipe("ner") else None
    model = getattr(pipe, "model", None)
    if pipe is None or model is None or model.name != "bilstm_tagger" or not fast.fits(model):
        return {}
    fits = fast.fits
    found: dict[str, Entities] = {}
    logits: dict[str, list[Any]] = {}
    for path, takes_fast in (("fast", fits), ("plain", lambda model: False)):
        fast.fits = takes_fast
        found[path], logits[path] = [], []
        for first in range(0, len(texts), nlp.batch_size):
            docs = [nlp.make_doc(text) for text in texts[first : first + nlp.batch_size]]
            logits[path].append(model.predict(docs))
            pipe.set_annotations(docs, pipe.predict(docs))
            found[path] += [entities(doc) for doc in docs]
    pairs = zip(logits["fast"], logits["plain"], strict=True)
    return {
        "entities": sum(map(len, found["plain"])),
        "largest_logit_difference": max(float(np.abs(one - other).max(initial=0)) for one, other in pairs),
        **differences(found["fast"], found["plain"]),
    }


def peak_mb() -> float:
    """RETURNS (float): The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # On Linux, what `resource` tells can be the peak of the process that started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on a Mac, kB elsewhere
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def memory_mb() -> float:
    """RETURNS (float): The memory that this process holds, in MB; its peak where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.is_file():
        return peak_mb()
    return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6


TASKS: dict[str, Callable[..., Figures]] = {
    task.__name__: task for task in (throughput, latency, processes, loading, stream, agreement)
}


def main() -> None:
    task, options = sys.argv[1], json.loads(sys.argv[2])
    # Texts come as files that hold them
    for name in ("texts", "warm_up"):
        if name in options:
            options[name] = srsly.read_json(options[name])
    threads = options.pop("threads")
    if threads:
        torch.set_num_threads(threads)
    print(json.dumps(TASKS[task](**options)))


if __name__ == "__main__":
    main()
