"""Entities that are set before the recogniser runs are kept."""

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_bilstm_ner.sequences.words import sentence_segments
from tests.util import confidences, entities, spans_of, trained

TEXT = "Anna Smith flew to Lisbon on Monday."
FOUND = [(0, 2, "per"), (4, 5, "geo"), (6, 7, "tim")]


def with_ruler(*patterns: dict) -> Language:
    nlp = trained()
    nlp.add_pipe("entity_ruler", before="ner").add_patterns(list(patterns))
    return nlp


@pytest.mark.parametrize("label", ["org", "flight"])
def test_an_entity_of_a_ruler_is_kept_whether_its_label_is_known_or_not(label):
    nlp = with_ruler({"label": label, "pattern": "Smith flew"})
    doc = nlp(TEXT)
    assert (1, 3, label) in entities(doc)
    assert entities(doc)[-2:] == FOUND[1:]
    assert nlp.get_pipe("ner").labels == trained().get_pipe("ner").labels


def test_the_ids_of_a_ruler_are_kept():
    nlp = with_ruler({"label": "geo", "pattern": "Lisbon", "id": "PT-11"})
    lisbon = nlp(TEXT).ents[1]
    assert (lisbon.text, lisbon.label_, lisbon.ent_id_) == ("Lisbon", "geo", "PT-11")


def test_predictions_never_overlap_earlier_entities(nlp, ner):
    for start in range(7):
        for end in range(start + 1, 8):
            doc = nlp.make_doc(TEXT)
            doc.ents = spans_of(doc, (start, end, "art"))
            ner(doc)
            assert (start, end, "art") in entities(doc)
            expected = [ent for ent in FOUND if ent[1] <= start or end <= ent[0]]
            assert set(expected) <= set(entities(doc))


def test_blocked_tokens_stay_blocked(nlp, ner):
    doc = nlp.make_doc(TEXT)
    doc.set_ents([], blocked=[doc[4:5]], default="missing")
    ner(doc)
    assert entities(doc) == [FOUND[0], FOUND[2]]
    assert (doc[4].ent_iob_, doc[4].ent_type_) == ("B", "")
    ner(doc)
    assert entities(doc) == [FOUND[0], FOUND[2]]
    assert (doc[4].ent_iob_, doc[4].ent_type_) == ("B", "")
    assert all(token.ent_iob != 0 for token in doc)


@pytest.mark.parametrize("blocked", [False, True])
def test_a_second_run_changes_nothing(blocked):
    nlp = with_ruler({"label": "flight", "pattern": "flew"})
    doc = nlp.make_doc(TEXT)
    if blocked:
        doc.set_ents([], blocked=[doc[6:7]], default="missing")
    for _, pipe in nlp.pipeline:
        pipe(doc)
    before = entities(doc), confidences(doc), doc.to_array(["ENT_IOB", "ENT_TYPE"]).tolist()
    nlp.get_pipe("ner")(doc)
    after = entities(doc), confidences(doc), doc.to_array(["ENT_IOB", "ENT_TYPE"]).tolist()
    assert after == before


def test_presets_of_one_doc_of_a_batch_concern_no_other(nlp, ner):
    docs = [nlp.make_doc(TEXT) for _ in range(3)]
    docs[1].ents = spans_of(docs[1], (0, 7, "art"))
    docs = [Doc(nlp.vocab), docs[0], docs[1], Doc(nlp.vocab), docs[2]]
    assert [entities(doc) for doc in ner.pipe(docs)] == [
        [],
        FOUND,
        [(0, 7, "art")],
        [],
        FOUND,
    ]


@pytest.mark.parametrize("is_set_before", [False, True])
def test_no_entity_extends_over_a_line_break(is_set_before, nlp, ner):
    segment = sentence_segments(50, line_breaks=True)
    ner.model.attrs["segment"] = segment
    doc = nlp.make_doc("Monday:\nAnna Smith\nPeter Jones\nMaria Silva")
    if is_set_before:
        doc.set_ents([Span(doc, 0, 1, label="tim")], default="missing")
    persons = [ent.text for ent in nlp(doc).ents if ent.label_ == "per"]
    assert persons == ["Anna Smith", "Peter Jones", "Maria Silva"]
