"""Pipelines and labelled files that tests share. Who changes one takes a copy."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example

from spacy_bilstm_ner.pipe.loading import load_pipeline
from spacy_bilstm_ner.quality.reading import labelled_docs, predict_docs
from tests import util

from .helpers import make_pipeline, make_test_set


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pipeline of rules, and a labelled file."""
    folder = tmp_path_factory.mktemp("tiny")
    make_pipeline(folder / "model")
    make_test_set(folder / "test.spacy")
    return folder / "model", folder / "test.spacy"


@pytest.fixture(scope="session")
def _rules(tiny: tuple[Path, Path]) -> spacy.language.Language:
    return load_pipeline(tiny[0])


@pytest.fixture
def examples(_rules: spacy.language.Language, tiny: tuple[Path, Path]) -> list[Example]:
    """What the rules find in the labelled file."""
    return predict_docs(_rules, labelled_docs(_rules, tiny[1]))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pipeline of ours, and what it has learnt from, as a labelled file."""
    folder, nlp = tmp_path_factory.mktemp("trained"), util.trained()
    nlp.to_disk(folder / "model")
    DocBin(docs=[example.reference for example in util.examples(nlp)]).to_disk(
        folder / "test.spacy"
    )
    return folder / "model", folder / "test.spacy"
