"""Read labelled Docs, and predict them with a pipeline."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..errors import UserError
from ..files.options import Options
from ..files.reading import read_docs
from ..training.fingerprints import share_seen


def read_labelled_docs(nlp: Language, path: Path, options: Options | None = None) -> list[Doc]:
    """Read a labelled file into Docs with the file's tokens and entities.

    nlp (Language): The pipeline whose vocabulary the Docs share.
    RETURNS (list[Doc]): `doc.user_data["origin"]` is the place of each Doc in the file.
    RAISES UserError: If the file is missing or unreadable, or has no entity.
    """
    docs = read_docs([path], nlp, options)
    if not any(doc.ents for doc in docs):
        raise UserError(f"{path} has no entity: no score can be computed")
    return docs


def predict_examples(
    nlp: Language, docs: Sequence[Doc], *, gold_tokens: bool = False
) -> list[Example]:
    """Predict labelled Docs.

    gold_tokens (bool): Predict on the tokens of the file, not on those of the pipeline's tokenizer.
    """
    plain_docs = []
    for doc in docs:
        if gold_tokens:
            words = [token.text for token in doc]
            spaces = [bool(token.whitespace_) for token in doc]
            plain_docs.append(Doc(nlp.vocab, words, spaces))
        else:
            plain_docs.append(nlp.make_doc(doc.text))
    return list(map(Example, nlp.pipe(plain_docs), docs))


def find_recognisers(nlp: Language) -> dict[str, Any]:
    """Return the pipes that have a threshold for each label, by their names."""
    return {name: pipe for name, pipe in nlp.pipeline if "thresholds" in getattr(pipe, "cfg", {})}


@contextmanager
def without_thresholds(nlp: Language) -> Iterator[None]:
    """Set all thresholds of a pipeline to 0 inside a block, so that it writes all candidates."""
    recognisers = list(find_recognisers(nlp).values())
    previous_settings = [dict(pipe.cfg) for pipe in recognisers]
    for pipe in recognisers:
        pipe.cfg |= {"threshold": 0.0, "thresholds": dict.fromkeys(pipe.labels, 0.0)}
    try:
        yield
    finally:
        for pipe, settings in zip(recognisers, previous_settings, strict=True):
            pipe.cfg |= settings


def find_doubts(name: str, nlp: Language, examples: Sequence[Example]) -> list[str]:
    """Return reasons to doubt the scores of a pipeline on a file.

    name (str): The pipeline's name in messages.
    examples (Sequence[Example]): The sentences of the file, with the pipeline's predictions.
    RETURNS (list[str]): A warning if labels of the file are never predicted, and one if the
        pipeline was trained on some of the sentences.
    """
    doubts = []
    gold_labels: set[str] = set()
    predicted_labels: set[str] = set()
    for example in examples:
        gold_labels.update(ent.label_ for ent in example.reference.ents)
        predicted_labels.update(ent.label_ for ent in example.predicted.ents)
    if not predicted_labels:
        doubts.append(f"{name} predicts no entity at all: does it have an entity recogniser?")
    elif missing := sorted(gold_labels - predicted_labels):
        message = f"{name} predicts no entity with these labels of the file: {', '.join(missing)}"
        if not gold_labels & predicted_labels:
            message += f"; it predicts {', '.join(sorted(predicted_labels))}"
        doubts.append(message)
    texts = [example.reference.text for example in examples]
    for _, pipe in nlp.pipeline:
        share = share_seen(texts, getattr(pipe, "fingerprints", b""))
        if share:
            percentage = f"{share:.0%}" if share >= 0.01 else "less than 1%"
            doubts.append(
                f"{name} was trained on {percentage} of these sentences: its scores on new "
                "sentences will be lower"
            )
    return doubts
