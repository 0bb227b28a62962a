"""`threshold`: what is below it is not written."""

import numpy as np
import pytest
import spacy
from spacy.language import Language

from tests.util import blank, confidences, entities, examples, texts, train, trained


@pytest.fixture(scope="module")
def unsure_bytes() -> bytes:
    """A recogniser that has learnt a little: its confidences are spread."""
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    train(nlp, steps=7)
    return nlp.to_bytes()


TEXT = " ".join(texts())


def hesitant() -> Language:
    """Trained, but no confidence is rounded to 1."""
    nlp = trained()
    nlp.get_pipe("ner").cfg["calibration"] = [0.5, 0.0]
    return nlp


def test_entities_below_are_not_written_and_nothing_else_changes(unsure_bytes):
    nlp = blank().from_bytes(unsure_bytes)
    ner = nlp.get_pipe("ner")
    doc = nlp(TEXT)
    everything = dict(zip(entities(doc), confidences(doc), strict=True))
    assert len(everything) > 5
    assert len(set(everything.values())) > 5
    before = everything
    # Each of these lets fewer pass than the one before.
    for threshold in [0.0, *np.quantile(list(everything.values()), np.linspace(0, 1, 11)), 1.0]:
        ner.cfg["threshold"] = float(threshold)
        doc = nlp(TEXT)
        chosen = dict(zip(entities(doc), confidences(doc), strict=True))
        assert chosen == {ent: p for ent, p in everything.items() if p >= threshold}
        # Raising it never adds an entity.
        assert set(chosen) <= set(before)
        before = chosen
    ner.cfg["threshold"] = 0.0
    doc = nlp(TEXT)
    assert dict(zip(entities(doc), confidences(doc), strict=True)) == everything


def test_entities_of_others_have_no_confidence_and_stay():
    nlp = hesitant()
    nlp.add_pipe("entity_ruler", before="ner").add_patterns([{"label": "art", "pattern": "and"}])
    nlp.get_pipe("ner").cfg["threshold"] = 1.0
    assert entities(nlp("Lisbon and Oslo")) == [(1, 2, "art")]


def test_the_threshold_can_be_set_at_load(tmp_path):
    nlp = hesitant()
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path, config={"components.ner.threshold": 0.75})
    assert loaded.get_pipe("ner").cfg["threshold"] == 0.75
    nested = spacy.load(tmp_path, config={"components": {"ner": {"threshold": 1.0}}})
    assert nested("Anna Smith flew to Lisbon").ents == ()
    assert spacy.load(tmp_path).get_pipe("ner").cfg["threshold"] == 0.0
    assert len(spacy.load(tmp_path)("Anna Smith flew to Lisbon").ents) == 2


def test_a_threshold_set_at_run_time_survives_disk_and_bytes(tmp_path, nlp, ner):
    ner.cfg["threshold"] = 0.6
    nlp.to_disk(tmp_path)
    # JSON as srsly writes it keeps all but the last digits.
    expected = pytest.approx(0.6, abs=1e-9)
    assert spacy.load(tmp_path).get_pipe("ner").cfg["threshold"] == expected
    assert blank().from_bytes(nlp.to_bytes()).get_pipe("ner").cfg["threshold"] == expected
    loaded = spacy.load(tmp_path, config={"components.ner.threshold": 0.3})
    assert loaded.get_pipe("ner").cfg["threshold"] == 0.3


def test_without_a_threshold_of_its_label_an_entity_needs_a_confidence_of_0_5(unsure_bytes):
    nlp = blank().from_bytes(unsure_bytes)
    ner = nlp.get_pipe("ner")
    # As if it were in doubt about half of them.
    sure = np.clip(confidences(nlp(TEXT)), 0, 1 - 1e-6)
    ner.cfg["calibration"] = [0.2, -0.2 * float(np.median(np.log(sure / (1 - sure))))]
    assert min(confidences(nlp(TEXT))) >= 0.5
    ner.cfg["thresholds"] = dict.fromkeys(ner.labels, 0.2)
    assert 0.2 <= min(confidences(nlp(TEXT))) < 0.5
    # The pipe's threshold counts as well.
    threshold = ner.cfg["threshold"] = max(confidences(nlp(TEXT)))
    assert set(confidences(nlp(TEXT))) == {threshold}
