"""The rates that hold in a pipeline while it trains."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spacy.language import Language
from thinc.api import Adam

from tests.util import blank, doc_of, examples, logits, small_model, texts

PLACES = ("input_dropout", "hidden_dropout", "dropout")


def pipeline(feature_dropout: float = 0.0, **rates: float | None) -> Language:
    model = small_model()
    model["encode"].update(rates)
    model["tok2vec"]["feature_dropout"] = feature_dropout
    nlp = blank(model=model)
    nlp.initialize(lambda: examples(nlp))
    return nlp


def test_initializing_fits_the_embedding_to_the_size_of_the_corpus():
    model = small_model()
    model["tok2vec"] |= {"feature_dropout": 0.5, "full_dropout_words": 10, "min_words": 1000}
    nlp = blank(model=model)
    nlp.initialize(lambda: examples(nlp))
    attrs = nlp.get_pipe("ner").model.get_ref("tok2vec").attrs
    n_words = sum(len(eg.predicted) for eg in examples(nlp))
    assert attrs["feature_dropout"] == pytest.approx(0.5 * 10 / n_words)
    assert attrs["hides_words"] is True
    doc = nlp("Anna saw Oslo")
    loaded = blank(model=model).from_bytes(nlp.to_bytes())("Anna saw Oslo")
    assert [(ent.text, ent._.confidence) for ent in loaded.ents] == [
        (ent.text, ent._.confidence) for ent in doc.ents
    ]


@pytest.mark.parametrize("words", [True, False])
def test_the_words_that_the_tag_scores_read_are_dropped_too(words):
    model = small_model(words=words)
    model["encode"].update(dict.fromkeys(PLACES, 0.0))
    nlp = blank(model=model)
    nlp.initialize(lambda: examples(nlp))
    nlp.update(examples(nlp), sgd=Adam(0.01), drop=0.5)
    docs = [doc_of(text) for text in texts()]
    tagger = nlp.get_pipe("ner").model
    first, again = tagger(docs, True)[0].scores, tagger(docs, True)[0].scores
    assert np.array_equal(first, again) is not words


def test_all_are_off_in_prediction():
    nlp = pipeline(feature_dropout=0.5, input_dropout=0.5, hidden_dropout=0.5)
    nlp.update(examples(nlp), sgd=Adam(0.01), drop=0.5)
    ner = nlp.get_pipe("ner")
    text = " ".join(texts())
    first = logits(nlp, text)
    assert first.any()
    assert_array_equal(logits(nlp, text), first)
    # And nothing random is left: the same weights without any dropout give the same.
    plain = blank()
    plain.get_pipe("ner").model.set_dim("nO", ner.model.get_dim("nO"))
    plain.initialize(lambda: examples(plain))
    for node, twin in zip(ner.model.walk(), plain.get_pipe("ner").model.walk(), strict=True):
        for name in node.param_names:
            twin.set_param(name, node.get_param(name))
    assert_array_equal(logits(plain, text), first)
