"""Predict labelled Docs with a pipeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..training.fingerprints import share_seen

# No warning is given if a pipeline was trained on a smaller share of the sentences.
MIN_SHARE_SEEN = 0.001


def predict_examples(nlp: Language, docs: Sequence[Doc]) -> list[Example]:
    """Predict labelled Docs on raw text, as in production."""
    texts = [doc.text for doc in docs]
    return list(map(Example, nlp.pipe(texts), docs))


def find_recognisers(nlp: Language) -> dict[str, Any]:
    """Return the pipes that have a threshold for each label, by their names."""
    return {name: pipe for name, pipe in nlp.pipeline if "thresholds" in getattr(pipe, "cfg", {})}


def remove_thresholds(nlp: Language) -> None:
    """Set all thresholds of a pipeline to 0, so that it also writes improbable candidates.

    If candidates overlap, the pipeline still writes only the most probable one.
    """
    for pipe in find_recognisers(nlp).values():
        pipe.cfg |= {"threshold": 0.0, "thresholds": dict.fromkeys(pipe.labels, 0.0)}


def predict_candidates(nlp: Language, docs: Sequence[Doc]) -> list[Example]:
    """Predict labelled Docs on raw text, without thresholds.

    nlp (Language): A pipeline whose pipe `ner` is a `bilstm_ner`.
    RETURNS (list[Example]): The tensor of each predicted Doc, n_tokens, has the probability that an
        entity covers the token.
    """
    remove_thresholds(nlp)
    examples = predict_examples(nlp, docs)
    pipe = nlp.get_pipe("ner")
    for example in examples:
        doc = example.predicted
        spans = pipe.predict([nlp.make_doc(doc.text)])
        token = np.arange(len(doc))[:, None]
        is_covered = (spans.start <= token) & (token < spans.end)
        doc.tensor = is_covered @ spans.confidence
    return examples


def find_warnings(name: str, nlp: Language, examples: Sequence[Example]) -> list[str]:
    """Return reasons to doubt the scores of a pipeline on a file.

    name (str): The pipeline's name in messages.
    examples (Sequence[Example]): The sentences of the file, with the pipeline's predictions.
    RETURNS (list[str]): A warning if labels of the file are never predicted, and one if the
        pipeline was trained on some of the sentences.
    """
    warnings = []
    gold: set[str] = set()
    predicted: set[str] = set()
    for example in examples:
        gold.update(ent.label_ for ent in example.reference.ents)
        predicted.update(ent.label_ for ent in example.predicted.ents)
    if gold - predicted:
        warnings.append(
            f"{name} predicts no entity with these labels of the file: "
            f"{', '.join(sorted(gold - predicted))}. It predicts "
            f"{', '.join(sorted(predicted)) or 'no entity at all'}"
        )
    texts = [example.reference.text for example in examples]
    for _, pipe in nlp.pipeline:
        share = share_seen(texts, getattr(pipe, "fingerprints", b""))
        if share > MIN_SHARE_SEEN:
            warnings.append(
                f"{name} was trained on {share:.1%} of these sentences: its scores on new "
                "sentences will be lower"
            )
    return warnings
