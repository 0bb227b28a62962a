"""Pipelines and labelled files that tests share. Tests that change one make a copy."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example

from spacy_bilstm_ner.files.reading import read_docs
from spacy_bilstm_ner.quality.examples import predict_examples
from tests import util

from .helpers import make_pipeline, make_test_set


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pipeline of rules, and a labelled file."""
    folder = tmp_path_factory.mktemp("tiny")
    make_pipeline(folder / "model")
    make_test_set(folder / "test.spacy")
    return folder / "model", folder / "test.spacy"


@pytest.fixture
def examples(tiny: tuple[Path, Path]) -> list[Example]:
    """The labelled file, as the rules predict it."""
    nlp = spacy.load(tiny[0])
    return predict_examples(nlp, read_docs(tiny[1], nlp))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A trained pipeline, and its training data as a labelled file."""
    folder = tmp_path_factory.mktemp("trained")
    nlp = util.trained()
    nlp.to_disk(folder / "model")
    docs = [example.reference for example in util.examples(nlp)]
    DocBin(docs=docs).to_disk(folder / "test.spacy")
    return folder / "model", folder / "test.spacy"
