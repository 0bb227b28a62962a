"""The pipe survives disk, bytes, pickle and copies, and moves between pipelines."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import spacy
import srsly
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language
from thinc.api import Adam

from tests.util import (
    LABELS,
    SENTENCES,
    blank,
    confidences,
    entities,
    examples,
    logits,
    marked_doc,
    plain_logits,
    texts,
    train,
    trained,
)

TEXT = " ".join(texts())


def assert_same(one: Language, other: Language) -> None:
    assert one.get_pipe("ner").labels == other.get_pipe("ner").labels
    assert_allclose(logits(one, TEXT), logits(other, TEXT), rtol=1e-6, atol=1e-5)
    doc, twin = one(TEXT), other(TEXT)
    assert len(doc.ents) > 10
    assert entities(doc) == entities(twin)
    assert_allclose(confidences(doc), confidences(twin), atol=1e-6)


def test_disk(tmp_path):
    nlp = trained()
    nlp.to_disk(tmp_path)
    assert_same(nlp, spacy.load(tmp_path))
    assert spacy.load(tmp_path).meta["labels"]["ner"] == list(LABELS)


def test_bytes():
    nlp = trained()
    assert_same(nlp, blank().from_bytes(nlp.to_bytes()))


def test_the_pipe_alone(tmp_path):
    nlp = trained()
    ner = nlp.get_pipe("ner")
    other = blank()
    assert other.get_pipe("ner").from_bytes(ner.to_bytes()) is other.get_pipe("ner")
    assert_same(nlp, other)
    ner.to_disk(tmp_path / "ner")
    other = blank()
    assert other.get_pipe("ner").from_disk(tmp_path / "ner") is other.get_pipe("ner")
    assert_same(nlp, other)


def test_fields_may_be_excluded():
    nlp = trained()
    ner = nlp.get_pipe("ner")
    msg = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
    assert set(msg) == {"cfg", "model"}
    other = blank().get_pipe("ner")
    other.from_bytes(ner.to_bytes(), exclude=["model"])
    assert other.labels == ner.labels
    assert not other.model.has_dim("nO")


@pytest.mark.parametrize(
    "copy",
    [
        deepcopy,
        lambda nlp: pickle.loads(pickle.dumps(nlp)),
        lambda nlp: srsly.pickle_loads(srsly.pickle_dumps(nlp)),
    ],
    ids=["deepcopy", "pickle", "cloudpickle"],
)
def test_copies_of_the_pipeline(copy):
    nlp = trained()
    nlp(TEXT)  # so that what is kept of words is there to be copied
    other = copy(nlp)
    assert_same(nlp, other)
    before = logits(nlp, TEXT)
    train(other, SENTENCES[:2], steps=2)
    assert not np.allclose(logits(other, TEXT), before)
    assert_array_equal(logits(nlp, TEXT), before)


def test_a_copy_of_the_pipe():
    nlp = trained()
    other = pickle.loads(pickle.dumps(nlp.get_pipe("ner")))
    doc = nlp.make_doc(TEXT)
    assert entities(other(doc)) == entities(nlp(TEXT))


def test_select_pipes():
    nlp = trained()
    with nlp.select_pipes(disable="ner"):
        assert not nlp(TEXT).has_annotation("ENT_IOB")
    with nlp.select_pipes(enable="ner"):
        assert len(nlp(TEXT).ents) > 10


def test_renamed():
    nlp = trained()
    nlp.rename_pipe("ner", "names")
    assert len(nlp(TEXT).ents) > 10
    assert set(train(nlp, steps=1)) == {"names"}


def test_two_recognisers_in_one_pipeline():
    nlp = trained()
    nlp.add_pipe("ner", name="second", source=trained())
    nlp.get_pipe("second").cfg["threshold"] = 1.0
    assert entities(nlp(TEXT)) == entities(trained()(TEXT))


@pytest.mark.parametrize("with_vectors", [False, True])
def test_sourced_into_another_pipeline(with_vectors, tmp_path, recwarn):
    source = trained()
    nlp = spacy.blank("en")
    if with_vectors:
        nlp.vocab.set_vector("Lisbon", np.ones(5, dtype="float32"))
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("ner", source=source)
    for text in texts():
        assert entities(nlp(text)) == entities(source(text))
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert [entities(loaded(text)) for text in texts()] == [entities(nlp(t)) for t in texts()]
    assert loaded.vocab.vectors_length == (5 if with_vectors else 0)


def test_sourced_through_the_config(tmp_path):
    trained().to_disk(tmp_path / "source")
    config = {
        "nlp": {"lang": "en", "pipeline": ["ner"]},
        "components": {"ner": {"source": str(tmp_path / "source")}},
    }
    assert_same(spacy.util.load_model_from_config(config, auto_fill=True), trained())


def test_use_params_is_for_a_while():
    nlp = trained()
    ner = nlp.get_pipe("ner")
    before = logits(nlp, TEXT)
    zeros = {
        (node.id, name): node.get_param(name) * 0
        for node in ner.model.walk()
        for name in node.param_names
        if node.has_param(name)
    }
    with nlp.use_params(zeros):
        assert not logits(nlp, TEXT).any()
        assert len(nlp(TEXT).ents) == 0
    assert_array_equal(logits(nlp, TEXT), before)
    with nlp.use_params({}):
        assert_array_equal(logits(nlp, TEXT), before)


def test_averages_reach_every_weight_and_go_again():
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    ner = nlp.get_pipe("ner")
    optimizer = Adam(0.05, use_averages=True)
    train(nlp, steps=10, optimizer=optimizer)
    nodes = [(node, name) for node in ner.model.walk() for name in node.param_names]
    own = [node.get_param(name).copy() for node, name in nodes]
    names = {node.name for node, _ in nodes}
    assert {"hashembed", "bilstm", "lstm", "tag_scores"} <= names
    before = logits(nlp, TEXT)
    with nlp.use_params(optimizer.averages):
        for (node, name), mine in zip(nodes, own, strict=True):
            average = node.get_param(name)
            assert_array_equal(average, optimizer.averages[node.id, name])
            assert not np.allclose(average, mine), (node.name, name)
        averaged = logits(nlp, TEXT)
        assert not np.allclose(averaged, before)
        saved = nlp.to_bytes()
    for (node, name), mine in zip(nodes, own, strict=True):
        assert_array_equal(node.get_param(name), mine)
    assert_array_equal(logits(nlp, TEXT), before)
    assert_allclose(logits(blank().from_bytes(saved), TEXT), averaged, atol=1e-6)


def test_resume_training_goes_on_from_the_trained_model():
    nlp = trained()
    before = logits(nlp, TEXT)
    optimizer = nlp.resume_training()
    assert_array_equal(logits(nlp, TEXT), before)
    optimizer.learn_rate = 0.01
    data = examples(nlp)
    losses: dict[str, float] = {}
    nlp.update(data, sgd=optimizer, losses=losses)
    assert losses["ner"] < 0.2
    assert nlp.evaluate(data)["ents_f"] == 1.0


NEW = "The [Ninth](art) of Beethoven rang in [Porto](geo)."


def test_a_new_label_leaves_the_old_scores_bit_equal():
    nlp = trained()
    before = [logits(nlp, text) for text in (*texts(), TEXT, "Lisbon")]
    plain = [plain_logits(nlp, text) for text in (*texts(), TEXT, "Lisbon")]
    assert nlp.get_pipe("ner").add_label("art") == 1
    assert nlp.get_pipe("ner").add_label("art") == 0
    after = [logits(nlp, text) for text in (*texts(), TEXT, "Lisbon")]
    for old, new in zip(before, after, strict=True):
        assert new.shape == (len(old), 11)
        assert_array_equal(new[:, :9], old)
    for old, text in zip(plain, (*texts(), TEXT, "Lisbon"), strict=True):
        assert_array_equal(plain_logits(nlp, text)[:, :9], old)
    assert nlp.get_pipe("ner").labels == (*LABELS, "art")


def test_a_new_label_takes_nothing_from_the_old_ones():
    nlp = trained()
    before = nlp(TEXT)
    for i in range(5):
        nlp.get_pipe("ner").add_label(f"new{i}")
    after = nlp(TEXT)
    assert entities(after) == entities(before)
    assert_allclose(confidences(after), confidences(before), atol=0.02)


def test_a_new_label_is_learnt_and_survives(tmp_path):
    nlp = trained()
    nlp.get_pipe("ner").add_label("art")
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    train(nlp, [*SENTENCES, NEW], steps=40, optimizer=optimizer)
    gold = entities(marked_doc(nlp, NEW))
    assert entities(nlp(texts([NEW])[0])) == gold
    assert nlp.evaluate(examples(nlp))["ents_f"] == 1.0
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert_same(nlp, loaded)
    assert entities(loaded(texts([NEW])[0])) == gold
    loaded.get_pipe("ner").add_label("another")
    assert entities(loaded(texts([NEW])[0])) == gold
    assert_same(loaded, pickle.loads(pickle.dumps(loaded)))


def test_labels_added_before_initialize_come_first():
    nlp = blank()
    nlp.get_pipe("ner").add_label("zoo")
    nlp.initialize(lambda: examples(nlp))
    assert nlp.get_pipe("ner").labels == ("zoo", *LABELS)
    assert nlp.evaluate(examples(nlp))["ents_f"] is not None


def test_initialized_again_it_begins_anew():
    nlp = trained()
    nlp.initialize(lambda: examples(nlp, ["[Ninth](art) symphony"]))
    assert nlp.get_pipe("ner").labels == (*LABELS, "art")
    train(nlp, [*SENTENCES, NEW], steps=60)
    assert entities(nlp(texts([NEW])[0])) == entities(marked_doc(nlp, NEW))


def test_another_optimizer_class_has_no_hold_on_old_weights():
    # Averages of an optimizer that never saw these weights change nothing.
    nlp = trained()
    before = logits(nlp, TEXT)
    with nlp.use_params(Adam(0.1, use_averages=True).averages):
        assert_array_equal(logits(nlp, TEXT), before)
