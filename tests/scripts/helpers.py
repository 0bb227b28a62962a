"""A tiny pipeline and test set, which needs no training."""

from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from scripts.meta import training_meta, update_meta
from scripts.source import Source, WordVectors

PATTERNS = [
    {"label": "geo", "pattern": "Vienna"},
    {"label": "per", "pattern": "Lima"},
    {"label": "org", "pattern": "Bank"},
    {"label": "tim", "pattern": "Monday"},
]
# With the rules above: right, wrong label, wrong boundary, missed, spurious. "can't" is one gold
# token here and two of spaCy's.
SENTENCES = [
    (["Vienna", "can't", "see", "Lima", "."], ["B-geo", "O", "O", "B-geo", "O"]),
    (["World", "Bank", "lent", "Peru", "money", "."], ["B-org", "I-org", "O", "B-geo", "O", "O"]),
    (["Monday", "blues", "&", "Vienna", "."], ["O", "O", "O", "B-geo", "O"]),
]


def make_pipeline(path: Path, *, kind: str = "own") -> Language:
    """Write a pipeline of rules that says it was trained."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler", name="ner").add_patterns(PATTERNS)
    path.mkdir(parents=True)
    nlp.to_disk(path)
    source = Source(kind=kind, name="tiny.csv", path="tiny.csv", sha256="0" * 64)
    run = {"config": "rules", "seed": 3}
    update_meta(path, training_meta(source, WordVectors(), name="tiny", version="0.2.0", run=run))
    return nlp


def make_test_set(path: Path) -> None:
    """Write the test set that goes with it."""
    vocab = spacy.blank("en").vocab
    docs = []
    for words, tags in SENTENCES:
        spaces = [i < len(words) - 2 for i in range(len(words))]
        docs.append(Doc(vocab, words=words, spaces=spaces, ents=tags))
    DocBin(docs=docs).to_disk(path)
