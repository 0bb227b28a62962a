"""`span._.confidence`: a probability for what the recogniser predicted, None for all else."""

import json
import pickle
import subprocess
import sys

import pytest
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from spacy_bilstm_ner.network.parts import parts
from tests.sequences.test_decoding import brute_force
from tests.util import confidences, entities, logits, spans_of

TEXT = "Anna Smith flew to Lisbon on Monday"


@pytest.fixture(name="doc")
def _doc(nlp: Language) -> Doc:
    doc = nlp(TEXT)
    assert entities(doc) == [(0, 2, "per"), (4, 5, "geo"), (6, 7, "tim")]
    return doc


def test_confidences_equal_brute_force(nlp, ner):
    # One label: few enough sequences to count. And scores that are not all certain.
    output = parts(ner.model).output
    output.set_param("W", output.get_param("W") * 0.2)
    text = "met Zork in Oslo"
    probable = brute_force(logits(nlp, text), output.get_param("transitions"))
    expected = {span: share for span, share in probable.items() if share >= 0.5}
    doc = nlp(text)
    assert len(doc.ents) == len(expected) > 0
    assert_allclose(confidences(doc), list(expected.values()), atol=1e-4)
    assert min(confidences(doc)) < 0.99


def test_spans_that_are_no_entities_have_no_confidence(doc):
    for start in range(len(doc)):
        for end in range(start + 1, len(doc) + 1):
            for label in ("per", "geo", "tim", "art", ""):
                confidence = Span(doc, start, end, label=label)._.confidence
                assert (confidence is not None) == ((start, end, label) in entities(doc))


@pytest.mark.parametrize("bounds", [(0, 1), (1, 2), (0, 3), (3, 5), (4, 6)])
@pytest.mark.parametrize("label", ["per", "geo"])
def test_an_entity_whose_boundary_was_changed_has_none(doc, bounds, label):
    doc.ents = spans_of(doc, (*bounds, label))
    assert confidences(doc) == [None]


def test_an_entity_whose_label_was_changed_has_none(doc):
    doc.ents = spans_of(doc, (0, 2, "org"), (4, 5, "geo"))
    assert [value is None for value in confidences(doc)] == [True, False]
    for token in doc[4:5]:
        token.ent_type_ = "org"
    assert confidences(doc) == [None, None]


def test_another_run_keeps_entities_of_the_user_and_their_confidences(doc, ner):
    before = confidences(doc)
    doc.ents = spans_of(doc, (0, 2, "org"), (4, 5, "geo"))
    ner(doc)
    assert entities(doc) == [(0, 2, "org"), (4, 5, "geo"), (6, 7, "tim")]
    after = confidences(doc)
    assert after[0] is None
    assert after[1] == before[1]
    assert after[2] == pytest.approx(before[2], abs=0.05)


def test_split_tokens(doc):
    before = confidences(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[2], ["fl", "ew"], heads=[doc[2], doc[2]])
    assert entities(doc)[1:] == [(5, 6, "geo"), (7, 8, "tim")]
    assert confidences(doc) == before


@pytest.mark.parametrize("start", range(7))
def test_as_doc_keeps_confidences(doc, start):
    before = dict(zip([ent.text for ent in doc.ents], confidences(doc), strict=True))
    for end in range(start + 1, len(doc) + 1):
        part = doc[start:end].as_doc(copy_user_data=True)
        for ent in part.ents:
            assert ent._.confidence == before.get(ent.text)
        assert confidences(doc[start:end].as_doc()) == [None] * len(part.ents)


def by_doc_bin(doc: Doc) -> Doc:
    docs = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    return next(DocBin().from_bytes(docs).get_docs(doc.vocab))


@pytest.mark.parametrize(
    "way",
    [
        lambda doc: Doc(doc.vocab).from_bytes(doc.to_bytes()),
        lambda doc: pickle.loads(pickle.dumps(doc)),
        lambda doc: doc.copy(),
        by_doc_bin,
    ],
)
def test_a_doc_that_is_stored(way, doc, ner):
    loaded = way(doc)
    assert entities(loaded) == entities(doc)
    assert confidences(loaded) == confidences(doc)
    # Each has values of its own, and they still belong to a label.
    ner(loaded)
    assert confidences(loaded) == confidences(doc)
    loaded.ents = spans_of(loaded, (0, 2, "org"), (4, 5, "geo"))
    assert [value is None for value in confidences(loaded)] == [True, False]
    assert None not in confidences(doc)


def test_confidences_in_json_are_numbers(doc, nlp):
    data = doc.to_json(underscore=["confidence"])
    assert [row["value"] for row in data["underscore_span"]["confidence"]] == confidences(doc)
    assert nlp("It rained.").to_json(underscore=["confidence"])
    loaded = Doc(doc.vocab).from_json(json.loads(json.dumps(data)))
    assert confidences(loaded) == confidences(doc)


def test_values_of_the_user_stay(nlp, ner):
    doc = nlp.make_doc(TEXT)
    flight, person = spans_of(doc, (2, 3, "flight"), (0, 2, "name"))
    doc.spans["mine"] = [flight, person]
    flight._.confidence, person._.confidence = 0.25, 0.5
    for _ in range(2):
        ner(doc)
    assert [span._.confidence for span in doc.spans["mine"]] == [0.25, 0.5]
    assert len(doc.ents) == 3
    assert doc.ents[1]._.confidence not in (0.25, 0.5, None)


def test_a_user_may_have_registered_the_name_and_one_import_registers_it():
    code = """
import spacy
from spacy.tokens import Doc, Span

Doc.set_extension("confidence", default=7)
nlp = spacy.blank("en")
nlp.add_pipe("bilstm_ner", name="ner").add_label("per")
nlp.initialize()
assert nlp("Anna")._.confidence == 7
assert Span.has_extension("confidence")
Span.remove_extension("confidence")
import importlib, spacy_bilstm_ner.pipe
importlib.reload(spacy_bilstm_ner.pipe)
assert nlp("Anna")[:1]._.confidence is None
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_value_of_the_user_replaces_that_of_the_pipe_and_stays(doc, ner):
    (person,) = spans_of(doc, (0, 2, "org"))
    person._.confidence = 0.25
    doc.ents = [person]
    assert confidences(doc) == [0.25]
    doc.ents = []
    ner(doc)
    assert entities(doc)[0] == (0, 2, "per")
    assert confidences(doc)[0] == 0.25
