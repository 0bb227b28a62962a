"""A tiny pipeline of rules and a labelled file, which need no training."""

import json
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.pipe.loading import load_pipeline
from spacy_bilstm_ner.quality.evaluate import measure
from spacy_bilstm_ner.quality.reading import labelled_docs, predict_docs

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
SHA256 = "0" * 64


def make_pipeline(path: Path, *, kind: str | None = "own") -> Language:
    """Write a pipeline of rules whose meta says it was trained; with kind None, it says nothing."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler", name="ner").add_patterns(PATTERNS)
    nlp.meta["name"] = "tiny"
    nlp.meta["version"] = "0.0.0+sample" if kind == "sample" else "0.1.0"
    nlp.to_disk(path)
    if kind:
        meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        meta["data"] = {"kind": kind, "name": "tiny.csv", "sha256": SHA256}
        meta["training"] = {"config": "rules", "seed": 3, "vectors": None}
        (path / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return nlp


def make_test_set(path: Path) -> None:
    """Write the labelled file that goes with it."""
    vocab = spacy.blank("en").vocab
    docs = []
    for words, tags in SENTENCES:
        spaces = [i < len(words) - 2 for i in range(len(words))]
        docs.append(Doc(vocab, words=words, spaces=spaces, ents=tags))
    DocBin(docs=docs).to_disk(path)


def make_csv(path: Path) -> None:
    """Write the same sentences as a CSV."""
    rows = ["Sentence #,Word,Tag"]
    for i, (words, tags) in enumerate(SENTENCES):
        rows += [f"{i},{word},{tag}" for word, tag in zip(words, tags, strict=True)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def predict(nlp: Language, path: Path, *, gold_tokens: bool) -> list[Example]:
    """Let a pipeline predict a labelled file."""
    return predict_docs(nlp, labelled_docs(nlp, path), gold_tokens=gold_tokens)


def evaluate(pipeline: str | Path, path: Path) -> dict[str, Any]:
    """The scores of a pipeline on a labelled file."""
    return measure(load_pipeline(pipeline), path)[0]


def command(*arguments: str | Path) -> None:
    """Run a command as from the command line."""
    main([str(argument) for argument in arguments])
