"""Static vectors: read when the pipeline is initialized, then a part of the recogniser."""

import pytest
import spacy
from numpy.testing import assert_array_equal
from spacy.language import Language
from spacy.util import load_model_from_config
from thinc.api import Config

from tests.pipe.test_component_pipelines import TOK2VEC
from tests.util import (
    blank,
    chance_vectors,
    entities,
    examples,
    logits,
    small_model,
    texts,
    train,
    write_vectors,
)

TEXT = " ".join(texts())


def with_width(width: int) -> dict:
    model = small_model()
    model["tok2vec"]["vector_width"] = width
    return model


@pytest.fixture(name="source")
def _source(tmp_path) -> str:
    return write_vectors(tmp_path / "vectors", chance_vectors(TEXT.split()))


@pytest.fixture(name="nlp")
def _nlp(source) -> Language:
    nlp = blank(model=with_width(6))
    nlp.get_pipe("ner").initialize(lambda: examples(nlp), vectors=source)
    train(nlp)
    return nlp


def test_a_model_with_vectors_learns(nlp):
    assert len(nlp(TEXT).ents) > 10


def test_the_pipeline_needs_no_source_once_it_is_made(nlp, source, tmp_path):
    nlp.to_disk(tmp_path / "model")
    for path in sorted((tmp_path / "vectors").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    loaded = spacy.load(tmp_path / "model")
    assert entities(loaded(TEXT)) == entities(nlp(TEXT))
    assert (logits(loaded, TEXT) == logits(nlp, TEXT)).all()


def test_through_the_config(source):
    config = Config(
        {
            "nlp": {"lang": "en", "pipeline": ["ner"]},
            "components": {"ner": {"factory": "bilstm_ner", "model": with_width(4)}},
            "initialize": {"vectors": None, "components": {"ner": {"vectors": source}}},
        }
    )
    nlp = load_model_from_config(config, auto_fill=True)
    nlp.initialize(lambda: examples(nlp))
    assert logits(nlp, TEXT).shape[0] == len(nlp.make_doc(TEXT))
    assert nlp.vocab.vectors_length == 0


def test_a_width_and_no_vectors():
    """A config with a place for vectors does without any."""
    losses = []
    for width in (6, 0):
        nlp = blank(model=with_width(width))
        nlp.initialize(lambda nlp=nlp: examples(nlp))
        losses.append(train(nlp)["ner"])
    assert losses[0] == losses[1]
    nlp = blank(model=with_width(6))
    nlp.initialize(lambda: examples(nlp))
    loaded = blank(model=with_width(6)).from_bytes(nlp.to_bytes())
    assert_array_equal(logits(loaded, TEXT), logits(nlp, TEXT))


def test_vectors_and_no_width(source):
    nlp = blank()
    with pytest.raises(ValueError, match="vector_width"):
        nlp.get_pipe("ner").initialize(lambda: examples(nlp), vectors=source)


def test_a_model_that_takes_no_vectors(source):
    nlp = blank(model=small_model(tok2vec=TOK2VEC))
    with pytest.raises(ValueError, match="vector_width"):
        nlp.get_pipe("ner").initialize(lambda: examples(nlp), vectors=source)
