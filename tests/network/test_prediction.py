"""Prediction finds what the network computes layer by layer, and nothing that it keeps outlives the
weights."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import SGD, Adam

from spacy_bilstm_ner.network import prediction
from spacy_bilstm_ner.network.embedding import set_vectors
from tests.pipe.test_component_pipelines import TOK2VEC
from tests.util import (
    SENTENCES,
    SMALL_WIDTH,
    blank,
    chance_vectors,
    entities,
    examples,
    logits,
    plain_logits,
    small_model,
    texts,
    train,
    trained,
    write_vectors,
)

TEXT = " ".join(texts())
MIXED = ["", *texts(), " ", "Qwfp Zxcvar!", "\n\n", TEXT, "a", f"{TEXT}\n\n{TEXT} Qwfp"]


def test_the_default_model_uses_fast_prediction(monkeypatch):
    def refuse(*_):
        raise AssertionError("this was taken")

    nlp = trained()
    monkeypatch.setattr(prediction, "predict", refuse)
    with pytest.raises(AssertionError, match="this was taken"):
        nlp(TEXT)


def test_the_same_entities_layer_by_layer(monkeypatch):
    nlp = trained()
    predicted = [entities(doc) for doc in nlp.pipe(MIXED)]
    assert sum(map(len, predicted)) > 50
    monkeypatch.setattr(prediction, "supports", lambda model: False)
    assert [entities(doc) for doc in nlp.pipe(MIXED)] == predicted


def test_scores_of_weights_that_were_never_trained():
    # Trained scores may agree because they are far apart; those of chance are not.
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    rng = np.random.default_rng(0)
    for node in nlp.get_pipe("ner").model.walk():
        for name in node.param_names:
            shape = node.get_param(name).shape
            node.set_param(name, rng.normal(scale=0.5, size=shape).astype("float32"))
    for text in MIXED:
        assert_allclose(logits(nlp, text), plain_logits(nlp, text), atol=1e-4)


@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize("bound", ["MAX_GROUP_WORDS", "MAX_GROUP_SEQUENCES"])
def test_small_groups_change_nothing(monkeypatch, bound, size):
    nlp = trained()
    expected = logits(nlp, TEXT)
    monkeypatch.setattr(prediction, bound, size)
    assert_allclose(logits(nlp, TEXT), expected, atol=1e-5)


def test_the_cache_is_bounded_and_scores_stay_correct(monkeypatch):
    monkeypatch.setattr(prediction, "MAX_KNOWN_WORDS", 10)
    nlp, reference = trained(), trained()
    for i in range(30):
        text = f"Anna Smith saw w{i} and v{i} in Lisbon"
        assert_allclose(logits(nlp, text), plain_logits(reference, text), atol=1e-4)
        assert len(nlp.get_pipe("ner").model.attrs["word_cache"]._table.row_by_hash) <= 10
    # More distinct words at once than are kept.
    assert_allclose(logits(nlp, TEXT), plain_logits(reference, TEXT), atol=1e-4)


@pytest.mark.parametrize("part", ["tok2vec", "encode"])
def test_replaced_parts_are_computed_layer_by_layer(part, monkeypatch):
    replaced = {"tok2vec": TOK2VEC, "encode": {**TOK2VEC["encode"], "width": SMALL_WIDTH}}
    nlp = blank(model=small_model(**{part: replaced[part]}))
    nlp.initialize(lambda: examples(nlp))
    train(nlp, steps=3)
    assert not prediction.supports(nlp.get_pipe("ner").model)
    monkeypatch.setattr(prediction, "predict", None)
    assert_allclose(logits(nlp, TEXT), plain_logits(nlp, TEXT), atol=1e-5)


def update(nlp: Language) -> Language:
    train(nlp, steps=1)
    return nlp


def small_update(nlp: Language) -> Language:
    train(nlp, SENTENCES[:1], steps=1, optimizer=Adam(1e-4))
    return nlp


def update_in_place(nlp: Language) -> Language:
    train(nlp, steps=1, optimizer=SGD(0.1))
    return nlp


def initialize(nlp: Language) -> Language:
    nlp.initialize(lambda: examples(nlp))
    return update(update(nlp))


def load(nlp: Language) -> Language:
    updated = update(trained())
    return nlp.from_bytes(updated.to_bytes())


def load_the_pipe(nlp: Language) -> Language:
    nlp.get_pipe("ner").from_bytes(update(trained()).get_pipe("ner").to_bytes())
    return nlp


def add_a_label(nlp: Language) -> Language:
    nlp.get_pipe("ner").add_label("art")
    return update(nlp)


def pickle_and_update(nlp: Language) -> Language:
    return update(pickle.loads(pickle.dumps(nlp)))


def copy_and_update(nlp: Language) -> Language:
    return update(deepcopy(nlp))


def resume(nlp: Language) -> Language:
    train(nlp, steps=1, optimizer=nlp.resume_training())
    return nlp


def set_one_row(nlp: Language) -> Language:
    table = next(n for n in nlp.get_pipe("ner").model.walk() if n.has_param("E"))
    weights = table.get_param("E").copy()
    weights[1::2] += 1.0
    table.set_param("E", weights)
    return nlp


@pytest.mark.parametrize("how", ["load", "give"])
def test_the_cache_is_emptied_when_vectors_change(how, tmp_path):
    """All else stays as it is: only the vectors are others."""
    model = small_model()
    model["tok2vec"]["vector_width"] = 6
    nlp, reference = blank(model=model), blank(model=model)
    source = write_vectors(tmp_path / "one", chance_vectors(TEXT.split(), seed=1))
    nlp.get_pipe("ner").initialize(lambda: examples(nlp), vectors=source)
    train(nlp, steps=2)
    before = logits(nlp, TEXT)
    reference.from_bytes(nlp.to_bytes())
    new_source = write_vectors(tmp_path / "two", chance_vectors(TEXT.split(), seed=2))
    set_vectors(reference.get_pipe("ner").model.layers[0], new_source)
    expected = logits(reference, TEXT)
    assert not np.allclose(expected, before, atol=1e-3)
    if how == "load":
        nlp.from_bytes(reference.to_bytes())
    else:
        set_vectors(nlp.get_pipe("ner").model.layers[0], new_source)
    assert_array_equal(logits(nlp, TEXT), expected)
    assert_allclose(plain_logits(nlp, TEXT), expected, atol=1e-4)


def test_a_vector_width_without_a_source_of_vectors():
    model = small_model()
    model["tok2vec"]["vector_width"] = 6
    nlp = blank(model=model)
    nlp.initialize(lambda: examples(nlp))
    train(nlp)
    predicted = [entities(doc) for doc in nlp.pipe(texts())]
    assert predicted == [entities(eg.reference) for eg in examples(nlp)]
    loaded = blank(model=model).from_bytes(nlp.to_bytes())
    for text in MIXED:
        assert_allclose(logits(nlp, text), plain_logits(nlp, text), atol=1e-4)
        assert_allclose(logits(loaded, text), logits(nlp, text), atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        update,
        small_update,
        update_in_place,
        initialize,
        load,
        load_the_pipe,
        add_a_label,
        pickle_and_update,
        copy_and_update,
        resume,
        set_one_row,
    ],
)
def test_the_cache_is_emptied_when_weights_change(change: Callable[[Language], Language]):
    nlp = trained()
    before = logits(nlp, TEXT)
    nlp = change(nlp)
    after = logits(nlp, TEXT)
    assert not np.array_equal(after[:, :9], before)
    # A pipeline that has predicted nothing yet has nothing to be wrong with.
    fresh = blank().from_bytes(nlp.to_bytes())
    assert_allclose(after, logits(fresh, TEXT), atol=1e-5)
    assert_allclose(after, plain_logits(fresh, TEXT), atol=1e-4)


PARAMETERS = [
    (node.name, name)
    for node in trained().get_pipe("ner").model.walk()
    if node.name in ("bilstm", "lstm", "tag_scores", "hashembed")
    for name in node.param_names
    if node.has_param(name) and name != "transitions"
]


@pytest.mark.parametrize(("layer", "name"), sorted(set(PARAMETERS)))
def test_any_parameter_that_is_replaced_is_noticed(layer, name):
    nlp = trained()
    before = logits(nlp, TEXT)
    for node in nlp.get_pipe("ner").model.walk():
        if node.name == layer:
            node.set_param(name, node.get_param(name) + 0.1)
    after = logits(nlp, TEXT)
    assert not np.allclose(after, before, atol=1e-3)
    assert_allclose(after, plain_logits(nlp, TEXT), atol=1e-4)


def test_four_threads_share_the_cache(monkeypatch):
    monkeypatch.setattr(prediction, "MAX_KNOWN_WORDS", 20)
    nlp = trained()
    expected = [entities(nlp(text)) for text in MIXED]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: [entities(nlp(text)) for text in MIXED], range(12)))
    assert all(result == expected for result in results)


def test_use_params():
    nlp = trained()
    optimizer = Adam(0.01, use_averages=True)
    train(nlp, steps=3, optimizer=optimizer)
    before = logits(nlp, TEXT)
    with nlp.use_params(optimizer.averages):
        inside = logits(nlp, TEXT)
        assert_allclose(inside, plain_logits(nlp, TEXT), atol=1e-4)
        assert not np.allclose(inside, before, atol=1e-3)
    assert_allclose(logits(nlp, TEXT), before, atol=1e-6)


def test_memory_zones():
    nlp, reference = trained(), trained()
    for i in range(3):
        with nlp.memory_zone():
            text = f"Zork{i} met Anna Smith, zork{i - 1} and Qwfp"
            predicted = entities(nlp(text))
        assert predicted == entities(reference(text))
    assert_array_equal(logits(nlp, "Zork0 met Qwfp"), logits(nlp, "Zork0 met Qwfp"))


def test_docs_of_other_vocabularies():
    nlp = trained()
    known_doc = nlp.make_doc("Zork0 met Lisbon")
    foreign_doc = Doc(blank().vocab, words=["Grault", "left", "Oslo"])
    scores = nlp.get_pipe("ner").model.predict([known_doc, foreign_doc]).scores
    again = nlp.get_pipe("ner").model.predict([foreign_doc]).scores
    assert_allclose(scores[3:], again, atol=1e-5)
