"""Load any spaCy pipeline, read any labelled file, and let the one annotate the other."""

import sys
from importlib.util import find_spec
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from ..errors import UserError
from ..saved import why_not_loaded


def need(package: str) -> None:
    """Raise UserError if a package is missing that predicting does not need, and say how to install it."""
    if find_spec(package) is None:
        raise UserError(f'{package} is not installed: run `pip install "spacy-bilstm-ner[train]"`')


def load_pipeline(name: str | Path) -> Language:
    """Load a pipeline.

    name (str | Path): A folder with a pipeline, or the name of an installed one.
    RETURNS (Language): The pipeline. It takes texts of any length.
    RAISES UserError: if there is no such pipeline, or it needs a package that is not installed.
    """
    if not (Path(name) / "meta.json").is_file() and not spacy.util.is_package(str(name)):
        raise UserError(
            f"there is no pipeline {name}: give a folder that `spacy train` wrote (such as training/model-best), "
            "or the name of an installed pipeline (such as en_gmb_bilstm)"
        )
    try:
        nlp = spacy.load(name)
    except (ValueError, ImportError, OSError) as error:
        raise UserError(f"the pipeline {name} cannot be loaded: {why_not_loaded(name, error)}") from error
    nlp.max_length = sys.maxsize
    return nlp


def labelled_docs(nlp: Language, path: Path) -> list[Doc]:
    """Read a labelled file.

    nlp (Language): The pipeline whose tokenizer will read the texts, and whose vocabulary the Docs share.
    path (Path): A .spacy file, or any other labelled file that this project reads.
    RETURNS (list[Doc]): Docs with the gold tokens and entities, without empty ones.
    RAISES UserError: if the file is missing or unreadable, or holds no text or no entity.
    """
    if not path.is_file():
        raise UserError(f"there is no labelled file {path}: give a .spacy file, or a CSV with a tag for each word")
    if path.suffix == ".spacy":
        try:
            docs = list(DocBin().from_disk(path).get_docs(nlp.vocab))
        except Exception as error:  # zlib, msgpack and numpy each have their own errors for a damaged file
            raise UserError(
                f"{path} cannot be read as a .spacy file ({error}): make it again with `convert`"
            ) from error
    else:
        need("pandas")
        from ..files.reading import read_docs

        docs = read_docs([path], nlp)
    docs = [doc for doc in docs if len(doc)]
    if not docs:
        raise UserError(f"{path} is empty: it should hold labelled sentences")
    if not any(doc.ents for doc in docs):
        raise UserError(f"{path} has no entity at all: nothing can be measured on it")
    return docs


def annotate(nlp: Language, examples: list[Example]) -> list[Example]:
    """Let a pipeline predict examples whose predicted Docs have tokens only."""
    docs = nlp.pipe([example.predicted for example in examples])
    return [Example(doc, example.reference) for doc, example in zip(docs, examples, strict=True)]


def predict_docs(nlp: Language, docs: list[Doc], *, gold_tokens: bool) -> list[Example]:
    """Let a pipeline predict labelled Docs, on their gold tokens or else on those of its own tokenizer."""
    examples = []
    for doc in docs:
        # Without its spaces a text cannot be put together again; spaCy's own Corpus then takes gold tokens, too.
        if gold_tokens or doc.has_unknown_spaces:
            words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
            examples.append(Example(Doc(nlp.vocab, words=words, spaces=spaces), doc))
        else:
            examples.append(Example(nlp.make_doc(doc.text), doc))
    return annotate(nlp, examples)


def predict(nlp: Language, path: Path, *, gold_tokens: bool) -> list[Example]:
    """Read a labelled file and let a pipeline predict it, see `labelled_docs` and `predict_docs`."""
    return predict_docs(nlp, labelled_docs(nlp, path), gold_tokens=gold_tokens)
