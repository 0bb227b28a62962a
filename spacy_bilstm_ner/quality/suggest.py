"""Choose the texts from which a pipeline would learn most, for labelling.

The uncertainty of a text is the sum of the entropies of its candidate entities (see Settles &
Craven 2008, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks"). If texts
share most of their words, only the most uncertain one is chosen.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import UserError
from ..files.reading import read_docs
from ..files.texts import read_texts as read_plain_texts
from ..pipe.entities import entities
from ..pipe.loading import load_pipeline
from ..system.whole import save, save_json
from .examples import remove_thresholds

# Texts are similar if they have more than this share of their distinct words in common.
MAX_SHARED_WORDS = 0.5
TEXT_FORMATS = (".txt", ".jsonl")
TOOLS = ("prodigy", "doccano", "label-studio")


def write_texts(docs: Sequence[Doc], folder: Path, *, tool: str) -> Path:
    """Write texts with a pipeline's predictions, for labelling.

    tool (str): One of TOOLS.
    RETURNS (Path): The file: suggested.json for Label Studio, or else suggested.jsonl.
    """
    records = [make_record(doc, tool) for doc in docs]
    if tool == "label-studio":
        path = folder / "suggested.json"
        save_json(path, records)
    else:
        path = folder / "suggested.jsonl"
        lines = [f"{json.dumps(record, ensure_ascii=False)}\n" for record in records]
        save(path, "".join(lines))
    return path


def make_record(doc: Doc, tool: str) -> dict[str, Any]:
    """Return what a tool imports for a text and its entities.

    tool (str): One of TOOLS.
    """
    text = doc.text
    predictions = entities(doc)
    if tool == "prodigy":
        return {"text": text, "spans": [entity._asdict() for entity in predictions]}
    if tool == "doccano":
        return {"text": text, "label": [entity.key for entity in predictions]}
    annotations = []
    for start, end, label, _ in predictions:
        value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
        annotations.append(
            {"from_name": "label", "to_name": "text", "type": "labels", "value": value}
        )
    return {"data": {"text": text}, "predictions": [{"result": annotations}]}


def suggest_texts(pipeline: str, texts: Path, *, n_texts: int = 100) -> list[Doc]:
    """Choose the texts that are worth labelling.

    pipeline (str): The folder or name of a pipeline that gives confidences.
    texts (Path): A .txt file with one text per line, a .jsonl file with {"text": "…"} on each line,
        or a labelled file.
    RETURNS (list[Doc]): The chosen texts with the pipeline's predictions, the best first.
    RAISES UserError: If a file cannot be read, or the pipeline gives no confidences.
    """
    nlp = load_pipeline(pipeline)
    distinct_texts = read_texts(texts, nlp)
    docs = list(nlp.pipe(distinct_texts))
    remove_thresholds(nlp)
    uncertainty = np.array(list(map(compute_uncertainty, nlp.pipe(distinct_texts))))
    if not uncertainty.any():
        raise UserError(
            f"{pipeline} gives no confidences for {texts}, or is sure of all entities, so no text "
            "can be chosen"
        )
    return [docs[i] for i in choose_texts(docs, uncertainty, n_texts=n_texts)]


def read_texts(path: Path, nlp: Language) -> list[str]:
    """Read distinct texts in their order. The file may also be compressed, as in texts.txt.gz.

    RAISES UserError: If the file is missing or cannot be read.
    """
    if set(path.suffixes).intersection(TEXT_FORMATS):
        texts = list(read_plain_texts(path))
    else:
        texts = [doc.text for doc in read_docs([path], nlp)]
    return list(dict.fromkeys(texts))


def compute_uncertainty(doc: Doc) -> float:
    """Compute the sum of the entropies of all candidate entities, in bits.

    This is the entropy of the event that the candidate is an entity. Entities without a confidence
    add nothing.
    """
    confidences = pd.Series([entity.confidence for entity in entities(doc)], dtype="float64")
    p = confidences.clip(1e-6, 1 - 1e-6)
    return float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).sum())


def choose_texts(
    docs: Sequence[Doc], uncertainty: NDArray[np.float64], *, n_texts: int
) -> list[int]:
    """Choose the most uncertain texts. Skip texts that are similar to a chosen one.

    docs (Sequence[Doc]): n_docs
    uncertainty (NDArray[np.float64]): n_docs
    RETURNS (list[int]): At most `n_texts` indices. Texts without uncertainty are not chosen.
    """
    chosen: dict[int, set[str]] = {}
    for i in np.argsort(-uncertainty, kind="stable").tolist():
        if len(chosen) == n_texts or not uncertainty[i]:
            break
        words = {token.lower_ for token in docs[i]}
        if not any(_is_similar(words, chosen_words) for chosen_words in chosen.values()):
            chosen[i] = words
    return list(chosen)


def _is_similar(words: set[str], other_words: set[str]) -> bool:
    return len(words & other_words) > MAX_SHARED_WORDS * len(words | other_words)
