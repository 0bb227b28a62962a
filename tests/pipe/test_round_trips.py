"""A pipe survives disk, bytes, pickle and copies, and moves between pipelines."""

import pickle
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language
from spacy.util import load_model_from_config
from thinc.api import Adam

from spacy_bilstm_ner.network.parts import parts
from tests.util import (
    LABELS,
    blank,
    confidences,
    entities,
    examples,
    logits,
    small_model,
    texts,
    train,
    trained,
    transitions,
)

TEXT = " ".join(texts())
NEW = "The [Ninth](art) of Beethoven rang in [Porto](geo)."


def assert_same(nlp: Language, copy: Language) -> None:
    ner, twin = nlp.get_pipe("ner"), copy.get_pipe("ner")
    assert (twin.cfg, twin.fingerprints) == (ner.cfg, ner.fingerprints)
    assert_allclose(logits(copy, TEXT), logits(nlp, TEXT), rtol=1e-6, atol=1e-5)
    doc, copied_doc = nlp(TEXT), copy(TEXT)
    assert len(doc.ents) > 10
    assert entities(copied_doc) == entities(doc)
    assert_allclose(confidences(copied_doc), confidences(doc), atol=1e-6)


def same_config(nlp: Language) -> Language:
    return load_model_from_config(nlp.config)


def by_disk(nlp: Language, folder: Path) -> Language:
    nlp.to_disk(folder)
    return spacy.load(folder)


def by_bytes(nlp: Language, folder: Path) -> Language:
    return same_config(nlp).from_bytes(nlp.to_bytes())


def by_pickle(nlp: Language, folder: Path) -> Language:
    return pickle.loads(pickle.dumps(nlp))


def by_deepcopy(nlp: Language, folder: Path) -> Language:
    return deepcopy(nlp)


def by_a_copy_of_the_model(nlp: Language, folder: Path) -> Language:
    copied = deepcopy(nlp)
    copied.get_pipe("ner").model = nlp.get_pipe("ner").model.copy()
    return copied


WAYS = [
    by_disk,
    by_bytes,
    by_pickle,
    by_deepcopy,
    by_a_copy_of_the_model,
]


@pytest.fixture(params=["plain", "fitted", "with a new label", "without transitions", "complete"])
def pipeline(request, complete) -> Language:
    nlp = deepcopy(complete) if request.param == "complete" else trained()
    ner = nlp.get_pipe("ner")
    if request.param == "fitted":
        ner.cfg |= {"calibration": [0.5, -0.25], "thresholds": {"geo": 0.25}, "threshold": 0.125}
        ner.fingerprints = b"12345678"
    if request.param == "with a new label":
        ner.add_label("art")
    if request.param == "without transitions":
        nlp = blank(model=small_model(transitions=False))
        nlp.initialize(lambda: examples(nlp))
        train(nlp)
    return nlp


@pytest.mark.parametrize("way", WAYS)
def test_a_round_trip(way, pipeline, tmp_path):
    # What the pipe keeps of words is there to be copied.
    pipeline(TEXT)
    copied = way(pipeline, tmp_path)
    assert_same(pipeline, copied)
    # The copy is independent.
    before = logits(pipeline, TEXT)
    output = parts(copied.get_pipe("ner").model).output
    output.set_param("b", output.get_param("b") + 1.0)
    assert not np.allclose(logits(copied, TEXT), before)
    assert_array_equal(logits(pipeline, TEXT), before)


def test_sourced_into_a_pipeline_with_vectors(nlp, tmp_path):
    target = spacy.blank("en")
    target.add_pipe("ner", source=nlp)
    assert_same(nlp, target)
    target = spacy.blank("en")
    target.vocab.set_vector("Lisbon", np.ones(5, dtype="float32"))
    with pytest.warns(UserWarning, match="W113"):
        target.add_pipe("ner", source=nlp)
    loaded = by_disk(target, tmp_path)
    assert_same(nlp, loaded)
    assert loaded.vocab.vectors_length == 5


def test_sourced_through_the_config(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    config = {
        "nlp": {"lang": "en", "pipeline": ["ner"]},
        "components": {"ner": {"source": str(tmp_path)}},
    }
    assert_same(nlp, load_model_from_config(config, auto_fill=True))


def test_averages_reach_every_weight_and_are_saved():
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    optimizer = Adam(0.05, use_averages=True)
    train(nlp, steps=10, optimizer=optimizer)
    last, last_transitions = logits(nlp, TEXT), transitions(nlp).copy()
    with nlp.use_params(optimizer.averages):
        for node in nlp.get_pipe("ner").model.walk():
            for name in node.param_names:
                assert_array_equal(node.get_param(name), optimizer.averages[node.id, name])
        averaged = logits(nlp, TEXT)
        saved = nlp.to_bytes()
    assert not np.allclose(averaged, last)
    assert_array_equal(logits(nlp, TEXT), last)
    loaded = blank().from_bytes(saved)
    assert_allclose(logits(loaded, TEXT), averaged, atol=1e-6)
    assert not np.allclose(transitions(loaded), last_transitions, atol=1e-4)


def test_a_new_label_leaves_the_old_scores_and_entities(nlp, ner):
    before, doc = logits(nlp, TEXT), nlp(TEXT)
    assert [ner.add_label(label) for label in ("art", "art", "law")] == [1, 0, 1]
    assert ner.labels == (*LABELS, "art", "law")
    after = logits(nlp, TEXT)
    assert after.shape == (len(before), 13)
    assert_allclose(after[:, :9], before, atol=1e-6)
    assert entities(nlp(TEXT)) == entities(doc)
    assert_allclose(confidences(nlp(TEXT)), confidences(doc), atol=0.02)


def test_labels_added_before_initialize_come_first():
    nlp = blank()
    nlp.get_pipe("ner").add_label("zoo")
    nlp.initialize(lambda: examples(nlp))
    assert nlp.get_pipe("ner").labels == ("zoo", *LABELS)
    assert nlp.evaluate(examples(nlp))["ents_f"] is not None
