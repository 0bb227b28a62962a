"""Measure the CPU time of `annotate`, compared with that of `nlp.pipe` on the same texts.

    OMP_NUM_THREADS=1 python -m scripts.research.annotate PIPELINE CORPUS.spacy OUT.json

Each command reads the texts once, and then four times. The difference of the two times excludes the
start-up. CPU seconds are summed over all processes.
"""

import subprocess
import sys
import tempfile
from resource import RUSAGE_CHILDREN, getrusage

import srsly
from spacy.tokens import DocBin
from spacy.vocab import Vocab

NLP_PIPE_PROGRAM = """import sys, spacy, srsly
texts = [line["text"] for line in srsly.read_jsonl(sys.argv[1])]
n_words = sum(map(len, spacy.load(sys.argv[-1]).pipe(texts, batch_size=1000)))"""
ANNOTATE = ["-m", "spacy_bilstm_ner", "annotate"]
WAYS = {
    "nlp.pipe": ["-c", NLP_PIPE_PROGRAM],
    "annotate, 1 worker": [*ANNOTATE, "--workers=1"],
    "annotate, 2 workers": [*ANNOTATE, "--workers=2"],
}


def cpu_seconds(command: list[str]) -> float:
    """Run Python with these arguments. Return the CPU seconds of the process and its children."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(pipeline: str, source: str, out: str) -> None:
    docs = list(DocBin().from_disk(source).get_docs(Vocab()))
    texts = [{"text": doc.text} for doc in docs]
    millions = 3 * sum(map(len, docs)) / 1e6
    per_million = {}
    with tempfile.TemporaryDirectory() as folder:
        srsly.write_jsonl(f"{folder}/once.jsonl", texts)
        srsly.write_jsonl(f"{folder}/four.jsonl", texts * 4)
        for way, command in WAYS.items():
            seconds = []
            for name in ("once", "four"):
                paths = [f"{folder}/{name}.jsonl", f"{folder}/{name} {way}"]
                seconds.append(cpu_seconds([*command, *paths, "--model", pipeline]))
            once, four = seconds
            per_million[way] = (four - once) / millions
    command_line = "python -m scripts.research.annotate PIPELINE CORPUS.spacy OUT.json"
    srsly.write_json(out, {"command": command_line, "cpu_seconds_per_million_words": per_million})


if __name__ == "__main__":
    main(*sys.argv[1:])
