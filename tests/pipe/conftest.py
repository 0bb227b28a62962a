"""Pipelines that the tests of the pipe share."""

import pytest
from spacy.language import Language

from spacy_bilstm_ner.pipe.component import BiLSTMNER
from tests.util import (
    SENTENCES,
    blank,
    chance_vectors,
    examples,
    small_model,
    texts,
    train,
    trained,
    write_vectors,
)


@pytest.fixture(name="nlp")
def _nlp() -> Language:
    """A small pipeline that has learnt SENTENCES."""
    return trained()


@pytest.fixture(name="ner")
def _ner(nlp: Language) -> BiLSTMNER:
    """Its pipe."""
    return nlp.get_pipe("ner")


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Language:
    """A trained pipeline with all parts that a pipe can have: not to be changed."""
    model = small_model(ngrams=True)
    model["tok2vec"]["vector_width"] = 4
    nlp = blank(model=model)
    words = " ".join(texts()).replace(".", "").split()
    source = write_vectors(tmp_path_factory.mktemp("source"), chance_vectors(words))
    nlp.config["initialize"]["components"]["ner"] = {"vectors": source}
    # N-grams need three occurrences.
    nlp.initialize(lambda: examples(nlp, SENTENCES * 3))
    train(nlp, steps=30)
    return nlp
