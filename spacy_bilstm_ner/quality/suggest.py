"""Choose the texts from which a pipeline would learn most, for labelling.

The uncertainty of a text is the sum of the entropies of its entities, predicted without thresholds
(see Settles & Craven 2008, "An Analysis of Active Learning Strategies for Sequence Labeling
Tasks"). If texts share most of their words, only the most uncertain one is chosen.
"""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..errors import UserError
from ..files.texts import TextOptions, find_files, read_rows, text_error
from ..pipe.confidence import get_confidence
from ..pipe.entities import list_entities
from ..pipe.loading import load_pipeline
from ..system.atomic import save_text
from .examples import remove_thresholds

# Texts are similar if they have more than this share of their distinct words in common.
MAX_SHARED_WORDS = 0.5


def write_texts(docs: Sequence[Doc], path: Path) -> None:
    """Write texts with a pipeline's predictions as JSON Lines, for labelling.

    Prodigy reads the key "spans", and doccano reads "label".
    """
    lines = []
    for doc in docs:
        spans = list_entities(doc)
        label = [(span["start"], span["end"], span["label"]) for span in spans]
        record = {"text": doc.text, "spans": spans, "label": label}
        lines.append(f"{json.dumps(record, ensure_ascii=False)}\n")
    save_text(path, "".join(lines))


def suggest_texts(
    pipeline: str, texts: Path, *, n_texts: int = 100, options: TextOptions | None = None
) -> list[Doc]:
    """Choose the texts that are worth labelling.

    pipeline (str): The folder or name of a pipeline that gives confidences.
    texts (Path): A file or folder of texts, as `annotate` reads them.
    options (TextOptions | None): How to read the texts.
    RETURNS (list[Doc]): The chosen texts with the pipeline's predictions, the best first.
    RAISES UserError: If a file cannot be read, or the pipeline gives no confidences.
    """
    nlp = load_pipeline(pipeline)
    distinct_texts = read_texts(texts, options or TextOptions())
    docs = list(nlp.pipe(distinct_texts))
    remove_thresholds(nlp)
    uncertainty = list(map(compute_uncertainty, nlp.pipe(distinct_texts)))
    if not any(uncertainty):
        raise UserError(
            f"{pipeline} gives no confidences for {texts}, or is sure of all entities: give other "
            "texts, or a pipeline with a pipe bilstm_ner"
        )
    return [docs[i] for i in choose_texts(docs, uncertainty, n_texts=n_texts)]


def read_texts(path: Path, options: TextOptions) -> list[str]:
    """Read distinct texts in their order, without empty ones.

    RAISES UserError: If a file is missing or cannot be read, or a row has no text.
    """
    texts: dict[str, None] = {}
    for file in find_files([str(path)]):
        for row in read_rows(file, options):
            problem = text_error(row.text, sys.maxsize)
            if problem:
                raise UserError(f"{file}, row {row.number} (the first is 0): {problem}")
            if row.text.strip():
                texts[row.text] = None
    return list(texts)


def compute_uncertainty(doc: Doc) -> float:
    """Compute the sum of the entropies of the entities of a Doc, in bits.

    The entropy of an entity is that of the event that it is correct. Entities without a confidence
    add nothing.

    doc (Doc): A Doc that was predicted without thresholds, see `remove_thresholds`.
    """
    entropy = 0.0
    for ent in doc.ents:
        p = get_confidence(ent)
        if p and p < 1:
            entropy -= p * math.log2(p) + (1 - p) * math.log2(1 - p)
    return entropy


def choose_texts(docs: Sequence[Doc], uncertainty: Sequence[float], *, n_texts: int) -> list[int]:
    """Choose the most uncertain texts. Skip texts that are similar to a chosen one.

    uncertainty (Sequence[float]): The result of `compute_uncertainty` for each Doc.
    RETURNS (list[int]): At most `n_texts` indices. Texts without uncertainty are not chosen.
    """
    chosen: dict[int, set[str]] = {}
    for i in sorted(range(len(docs)), key=uncertainty.__getitem__, reverse=True):
        if len(chosen) == n_texts or not uncertainty[i]:
            break
        words = {token.lower_ for token in docs[i]}
        shares = [len(words & others) / len(words | others) for others in chosen.values()]
        if max(shares, default=0) <= MAX_SHARED_WORDS:
            chosen[i] = words
    return list(chosen)
