"""Choose the texts from which a pipeline would learn most, and write them for labelling with its own guesses.

A text counts by how unsure the pipeline is of its entities, in sum: the total entropy of Settles & Craven 2008, "An
Analysis of Active Learning Strategies for Sequence Labeling Tasks". Of the most unsure ones, each is taken for that and
for how little it is like those taken before (maximal marginal relevance, Carbonell & Goldstein 1998).
"""

import argparse
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import LOWER
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import UserError
from ..files.encoding import decode
from ..files.reading import read_docs, show_warnings
from ..files.sentences import Data
from ..files.unpack import read_contents
from ..pipe.entities import Entity, entities
from ..pipe.loading import load_pipeline
from ..system.whole import make_writable_folder, save, save_json
from .pages import drawn, present, section
from .reading import everything

TEXTS = (
    '.txt with a text a line, .jsonl with {"text": "…"} on each, or a labelled file of any format'
)
# So many times as many texts as are wanted, the most unsure ones, are looked at for being unlike one another.
POOL = 5
# Words are hashed to so many places to tell how alike texts are.
PLACES = 2048


def _label_studio(text: str, found: list[Entity]) -> dict[str, Any]:
    values = [
        {"start": e.start, "end": e.end, "text": text[e.start : e.end], "labels": [e.label]}
        for e in found
    ]
    result = [
        {"from_name": "label", "to_name": "text", "type": "labels", "value": value}
        for value in values
    ]
    return {
        "data": {"text": text},
        "predictions": [{"model_version": "bilstm_ner", "result": result}],
    }


# What each tool imports: a record for each text.
FORMATS: dict[str, Callable[[str, list[Entity]], dict[str, Any]]] = {
    "prodigy": lambda text, found: {"text": text, "spans": [ent._asdict() for ent in found]},
    "doccano": lambda text, found: {"text": text, "label": [ent.key for ent in found]},
    "label-studio": _label_studio,
    "jsonl": lambda text, found: {"text": text, "entities": [ent._asdict() for ent in found]},
}


def execute(args: argparse.Namespace) -> None:
    """Run `suggest`: choose the texts, and write OUT/suggested.jsonl (.json for Label Studio) and a page."""
    if args.number < 1:
        raise UserError(f"--number must be at least 1, but is {args.number}")
    nlp = load_pipeline(args.pipeline)
    texts = read_texts(args.texts, nlp)
    make_writable_folder(args.out)
    docs = list(nlp.pipe(texts))
    with everything(nlp):
        unsure = np.array([unsureness(doc) for doc in nlp.pipe(texts)])
    if not unsure.any():
        raise UserError(
            f"{args.pipeline} gives no confidences for {args.texts}, or is sure of all: nothing tells texts apart"
        )
    chosen = choose(docs, unsure, number=args.number)
    guesses = [(docs[i].text, entities(docs[i])) for i in chosen]
    records = [FORMATS[args.format](*guess) for guess in guesses]
    if args.format == "label-studio":
        save_json(path := args.out / "suggested.json", records)
    else:
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        save(path := args.out / "suggested.jsonl", "".join(lines))
    rows = [
        [
            name,
            f"{len(which):,}",
            f"{np.mean([len(docs[i]) for i in which]):.1f}",
            f"{unsure[which].mean():.2f}",
        ]
        for name, which in (("all", list(range(len(docs)))), ("chosen", chosen))
    ]
    present(
        "What to label next",
        [f"The texts from which {args.pipeline} would learn most, with its guesses: {path}"],
        ["", "texts", "words", "bits unsure"],
        rows,
        {
            "pipeline": args.pipeline,
            "texts": str(args.texts),
            "unsure": {i: float(unsure[i]) for i in chosen},
        },
        parts=[
            section(
                "The texts", *(f'<div class="sentence">{drawn(*guess)}</div>' for guess in guesses)
            )
        ],
        out=args.out / "suggested-why.json",
        report=args.out / "suggested.html",
    )


def read_texts(path: Path, nlp: Language) -> list[str]:
    """Read distinct texts, in their order; a UserError if the file is missing, is something else or has none."""
    # Also packed: texts.txt.gz
    kind = next((each for each in path.suffixes if each in (".txt", ".jsonl")), None)
    if kind is None:
        return list(dict.fromkeys(doc.text for doc in read_docs([path], nlp)))
    (content,) = read_contents([path])
    doubts = Data(content.name)
    lines = decode(content.data, doubts, nlp.lang)[0].split("\n")
    show_warnings(doubts)
    if kind == ".jsonl":
        lines = [
            _text(line, f"{path}, line {number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
    texts = [text for text in dict.fromkeys(lines) if text.strip()]
    if not texts:
        raise UserError(f"{path} holds no texts")
    return texts


def _text(line: str, where: str) -> str:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        if isinstance(text := json.loads(line)["text"], str):
            return text
    raise UserError(f'{where}: expected {{"text": "…"}}, but it is {line[:60]}')


def unsureness(doc: Doc) -> float:
    """The sum of the entropies, in bits, of whether each span that may be an entity is one; nothing for a span without
    a confidence."""
    sure = np.array(
        [entity.confidence for entity in entities(doc) if entity.confidence is not None]
    )
    sure = np.clip(sure, 1e-6, 1 - 1e-6)
    return float(-(sure * np.log2(sure) + (1 - sure) * np.log2(1 - sure)).sum())


def choose(docs: list[Doc], unsure: NDArray[np.float64], *, number: int) -> list[int]:
    """Take at most `number` texts one by one, by how unsure each is times how unlike its nearest among those taken;
    none that the pipeline is sure of. Their indices are returned."""
    pool = np.argsort(-unsure, kind="stable")[: POOL * number]
    pool = pool[unsure[pool] > 0]
    words = np.zeros((len(pool), PLACES), dtype="float32")
    for row, i in zip(words, pool, strict=True):
        row[np.unique(docs[i].to_array([LOWER]) % PLACES)] = 1
    # What many texts have says little of any.
    words *= np.log(len(pool) / words.sum(axis=0).clip(1)) + 0.01
    words /= np.linalg.norm(words, axis=1, keepdims=True).clip(1e-9)
    unlike = np.ones(len(pool))
    chosen: list[int] = []
    while len(chosen) < min(number, len(pool)):
        best = int(np.argmax(unsure[pool] * unlike))
        chosen.append(best)
        unlike = np.minimum(unlike, 1 - words @ words[best])
        unlike[best] = -np.inf
    return [int(i) for i in pool[chosen]]
