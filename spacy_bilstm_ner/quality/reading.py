"""Read any labelled file, and let any spaCy pipeline annotate it."""

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
from ..training.fingerprints import KEY, share_seen


def labelled_docs(nlp: Language, path: Path, options: Options | None = None) -> list[Doc]:
    """Read a labelled file into Docs with its tokens and entities. `doc.user_data["origin"]` says where each stands.

    nlp (Language): The pipeline whose tokenizer will read the texts, and whose vocabulary the Docs share.
    RAISES UserError: if the file is missing or unreadable, or holds no text or no entity.
    """
    docs = read_docs([path], nlp, options)
    if not any(doc.ents for doc in docs):
        raise UserError(f"{path} has no entity at all: nothing can be measured on it")
    return docs


def predict_docs(nlp: Language, docs: Sequence[Doc], *, gold_tokens: bool = False) -> list[Example]:
    """Let a pipeline predict labelled Docs, on the tokens of its own tokenizer or else on their gold tokens."""
    if gold_tokens:
        plain = [
            Doc(nlp.vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc])
            for doc in docs
        ]
    else:
        plain = [nlp.make_doc(doc.text) for doc in docs]
    return [Example(predicted, doc) for predicted, doc in zip(nlp.pipe(plain), docs, strict=True)]


def recognisers(nlp: Language) -> list[tuple[str, Any]]:
    """The pipes that have a threshold for each label, with their names."""
    return [(name, pipe) for name, pipe in nlp.pipeline if "thresholds" in getattr(pipe, "cfg", {})]


@contextmanager
def everything(nlp: Language) -> Iterator[None]:
    """Let a pipeline write all that may be an entity, however unsure; afterwards, its thresholds are as before."""
    before = [
        (pipe, {key: pipe.cfg[key] for key in ("threshold", "thresholds")})
        for _, pipe in recognisers(nlp)
    ]
    for pipe, _ in before:
        pipe.cfg |= {"threshold": 0.0, "thresholds": dict.fromkeys(pipe.labels, 0.0)}
    try:
        yield
    finally:
        for pipe, cfg in before:
            pipe.cfg |= cfg


def doubts(name: str, nlp: Language, examples: Sequence[Example]) -> list[str]:
    """What makes scores worth less, of a pipeline of this name and what it predicts for a file: labels of the file that
    it does not predict, and sentences that it was trained on."""
    found = []
    sides = [[eg.reference for eg in examples], [eg.predicted for eg in examples]]
    gold, predicted = ({ent.label_ for doc in side for ent in doc.ents} for side in sides)
    if not predicted:
        found.append(f"{name} predicts no entity at all: has it a recogniser, not disabled?")
    elif never := sorted(gold - predicted):
        others = "" if gold & predicted else f"; its own are {', '.join(sorted(predicted))}"
        found.append(
            f"{name} predicts no entity with these labels of the file: {', '.join(never)}{others}"
        )
    if share := share_seen((doc.text for doc in sides[0]), nlp.meta.get(KEY, "")):
        some = f"{share:.0%}" if share >= 0.01 else "less than 1%"
        found.append(f"{name} was trained on {some} of these sentences: it will do worse on others")
    return found
