"""Example sentences, and tiny pipelines that are trained on them in a second."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import Adam, set_dropout_rate

from spacy_bilstm_ner.network.parts import parts
from spacy_bilstm_ner.sequences.words import TagScores

# Entities are marked as [text](label).
SENTENCES = (
    "[Anna Smith](per) flew to [Lisbon](geo) on [Monday](tim).",
    "The office of [Acme Corp](org) in [Oslo](geo) was closed.",
    "[Peter Jones](per) of [Acme Corp](org) met [Anna Smith](per).",
    "On [Monday](tim) the prices fell again.",
    "[Blue Harbour Group](org) sold its ships to [Peter Jones](per).",
    "Nobody in [Lisbon](geo) or [Oslo](geo) was told.",
    "They left [Porto](geo) on [Tuesday](tim) with [Maria Silva](per).",
    "It rained for three days.",
)
LABELS = ("geo", "org", "per", "tim")
# A word that may have any tag
ANY = -1

SMALL_MODEL: dict[str, Any] = {
    "@architectures": "spacy_bilstm_ner.BiLSTMTagger.v1",
    "tok2vec": {
        "@architectures": "spacy_bilstm_ner.WordEmbedding.v1",
        "features": ["form", "suffix3", "shape"],
        "widths": [32, 16, 16],
        "rows": [500, 300, 100],
        "feature_dropout": 0.0,
        "character_width": 8,
        "vector_width": 0,
    },
    "encode": {
        "@architectures": "spacy_bilstm_ner.BiLSTMEncoder.v1",
        "hidden_width": 32,
        "width": 32,
        "both_layers": True,
        "input_dropout": None,
        "hidden_dropout": None,
        "dropout": None,
    },
    "transitions": True,
    "words": True,
    "segment": {"@misc": "spacy_bilstm_ner.sentence_segments.v1", "max_length": 50},
}
# Width of its embedding
SMALL_WIDTH = 32 + 16 + 16 + 8


def small_model(**parts: Any) -> dict[str, Any]:
    """Return SMALL_MODEL with other values for some parts."""
    return {**deepcopy(SMALL_MODEL), **parts}


def blank(**config: Any) -> Language:
    """Make an English pipeline with a small untrained recogniser, always with the same weights."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_ner", name="ner", config={"model": small_model(), **config})
    return nlp


def marked_doc(nlp: Language, marked: str) -> Doc:
    """Make a Doc with the entities that are marked in the text as [text](label)."""
    text, found, end = "", [], 0
    for match in re.finditer(r"\[([^\]]*)\]\(([^)]*)\)", marked):
        text += marked[end : match.start()]
        found.append((len(text), len(text) + len(match[1]), match[2]))
        text, end = text + match[1], match.end()
    doc = nlp.make_doc(text + marked[end:])
    spans = [doc.char_span(first, last, label=label) for first, last, label in found]
    doc.set_ents(spans)
    return doc


def examples(nlp: Language, sentences: Iterable[str] = SENTENCES) -> list[Example]:
    """Make training examples from marked sentences."""
    docs = [marked_doc(nlp, marked) for marked in sentences]
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs]


def texts(sentences: Iterable[str] = SENTENCES) -> list[str]:
    """Return the sentences without their marks."""
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", marked) for marked in sentences]


def train(
    nlp: Language,
    sentences: Iterable[str] = SENTENCES,
    *,
    steps: int = 40,
    drop: float = 0.0,
    optimizer: Any = None,
) -> dict[str, float]:
    """Train an initialized pipeline. Return the losses of the last update."""
    optimizer = optimizer or Adam(0.05)
    data = examples(nlp, sentences)
    losses: dict[str, float] = {}
    for _ in range(steps):
        losses = {}
        nlp.update(data, sgd=optimizer, losses=losses, drop=drop)
    return losses


@cache
def _trained_bytes() -> bytes:
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    train(nlp)
    return nlp.get_pipe("ner").to_bytes()


def trained() -> Language:
    """Return a new pipeline that was trained on SENTENCES."""
    nlp = blank()
    nlp.get_pipe("ner").from_bytes(_trained_bytes())
    return nlp


def entities(doc: Doc) -> list[tuple[int, int, str]]:
    """Return start and end in tokens and the label of each entity."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def confidences(doc: Doc) -> list[Any]:
    return [ent._.confidence for ent in doc.ents]


def logits(nlp: Language, text: str) -> np.ndarray:
    """Return the tag scores of a text, n_words × n_tags."""
    ner = nlp.get_pipe("ner")
    return ner.model.ops.to_numpy(ner.model.predict([nlp.make_doc(text)]).scores)


def plain_logits(nlp: Language, text: str) -> np.ndarray:
    """Return the tag scores as training computes them, without dropout."""
    ner = nlp.get_pipe("ner")
    set_dropout_rate(ner.model, 0.0)
    return ner.model.ops.to_numpy(ner.model.begin_update([nlp.make_doc(text)])[0].scores)


def tag_scores(nlp: Language, docs: list[Doc], scores: np.ndarray) -> TagScores:
    """Return logits, n_words × n_tags, in the form of the model's output."""
    model = nlp.get_pipe("ner").model
    return TagScores(model.attrs["segment"](docs), scores, transitions(nlp))


def transitions(nlp: Language) -> np.ndarray | None:
    """Return the transition scores of a pipeline, or None."""
    output = parts(nlp.get_pipe("ner").model).output
    return output.get_param("transitions") if "transitions" in output.param_names else None


def allow(columns: Iterable[int], n_tags: int) -> np.ndarray:
    """Return the allowed tags, n_words × n_tags: one column per word, or all columns for ANY."""
    columns = np.array(list(columns), dtype=int)
    return (columns[:, None] == np.arange(n_tags)) | (columns == ANY)[:, None]


def doc_of(words: str, *, vocab: Vocab | None = None, **kwargs: Any) -> Doc:
    """Make a Doc from words that are separated by spaces."""
    return Doc(vocab or Vocab(), words=words.split(" "), **kwargs)


def spans_of(doc: Doc, *bounds: tuple[int, int, str]) -> list[Span]:
    return [Span(doc, start, end, label=label) for start, end, label in bounds]


def write_vectors(path: Path, vectors: dict[str, list[float]], *, lang: str = "en") -> str:
    """Write a pipeline with word vectors and no pipe. Return its folder as in a config."""
    nlp = spacy.blank(lang)
    data = np.asarray(list(vectors.values()), dtype="float32")
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=list(vectors))
    nlp.meta.update({"name": "tiny_vectors", "version": "1.2.3", "author": "Ann", "license": "CC0"})
    path.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(path)
    return str(path)


def chance_vectors(
    words: Iterable[str], *, seed: int = 0, width: int = 6
) -> dict[str, list[float]]:
    """Return a random vector for each word."""
    rng = np.random.default_rng(seed)
    return {word: rng.normal(size=width).tolist() for word in words}


def run_script(code: str, *arguments: str, folder: Path) -> None:
    """Run a script in a process of its own, so that a child that hangs does not hang the tests."""
    (folder / "script.py").write_text(code, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "script.py", *arguments],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        # A child that hangs would outlive its parent.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, errors


def install_wheel(wheel: Path, folder: Path) -> None:
    """Install a wheel into a folder."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(folder), str(wheel)], check=True)


class WorkersHere:
    """Like `Workers`, but runs tasks in this process, because processes take seconds to start."""

    n_slots = 1

    def __init__(self, work: Callable[[Any], Any], n_workers: int) -> None:
        self.work = work

    def submit(self, item: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(self.work(item))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        pass
