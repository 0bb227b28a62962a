"""shim"""
import json, os, inspect
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from spacy_bilstm_ner.files.docs import blank_pipeline
from spacy_bilstm_ner.files.options import Options
from spacy_bilstm_ner.files.reading import read_sentences
HEADER = "Sentence #,Word,Tag\n"
@cache
def tokenizing(lang="en"):
    return blank_pipeline(lang)
LOG = Path("/tmp/f1/calls.jsonl")
def read_one(folder, content, *, name="x", lang="en", **options):
    path = folder / name
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(raw)
    test = os.environ.get("PYTEST_CURRENT_TEST","")
    with LOG.open("a") as f:
        f.write(json.dumps({"test":test,"raw":raw.hex(),"name":name,"lang":lang,"options":{k:v for k,v in options.items()}},default=str)+"\n")
    s, r = read_sentences([path], tokenizing(lang), Options(**options))
    return SimpleNamespace(sentences=s, warnings={"all":" ".join(r.warnings)} if r.warnings else {}, notes=[r.guesses.get("tags","")], report=r, doubtful=r.lines(), rows=r.rows_written, source=r.guesses)
def shown(data):
    return [" ".join(w if t=="O" else f"{w}/{t}" for w,t in zip(s.words,s.tags)) for s in data.sentences]
