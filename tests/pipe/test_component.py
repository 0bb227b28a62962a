"""The pipe: labels, initialization, learning, predicting, its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam

from spacy_bilstm_ner.network.parts import parts
from spacy_bilstm_ner.sequences import tags
from spacy_bilstm_ner.sequences.crf import crf_loss
from spacy_bilstm_ner.sequences.forward_backward import legal_steps
from tests.util import (
    ANY,
    LABELS,
    SENTENCES,
    allow,
    blank,
    confidences,
    doc_of,
    entities,
    examples,
    logits,
    marked_doc,
    small_model,
    tag_scores,
    texts,
    train,
    trained,
    transitions,
)


def test_labels_come_from_the_examples_sorted():
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    ner = nlp.get_pipe("ner")
    assert ner.labels == LABELS
    assert ner.label_data == list(LABELS)
    assert nlp.pipe_labels["ner"] == list(LABELS)


def test_initialize_without_examples_if_labels_are_given():
    nlp = blank()
    nlp.config["initialize"]["components"]["ner"] = {"labels": list(LABELS)}
    nlp.initialize()
    assert nlp.get_pipe("ner").labels == LABELS
    train(nlp)
    assert entities(nlp(texts()[0])) == entities(marked_doc(nlp, SENTENCES[0]))


def test_initialize_without_examples_if_labels_were_added():
    nlp = blank()
    nlp.get_pipe("ner").add_label("geo")
    nlp.initialize()
    assert nlp.get_pipe("ner").labels == ("geo",)
    assert logits(nlp, "two words").shape == (2, 3)


def test_initialize_without_labels_is_an_error():
    nlp = blank()
    with pytest.raises(ValueError, match="E143"):
        nlp.initialize()
    with pytest.raises(ValueError, match="E143"):
        nlp.initialize(lambda: examples(nlp, ["It rained."]))


def test_it_overfits_a_handful_of_sentences():
    nlp = blank()
    data = examples(nlp)
    nlp.initialize(lambda: data)
    losses = train(nlp, steps=60)
    assert losses["ner"] < 0.01
    scores = nlp.evaluate(data)
    assert scores["ents_f"] == scores["ents_p"] == scores["ents_r"] == 1.0
    assert set(scores["ents_per_type"]) == set(LABELS)


def test_updates_with_docs_without_words(nlp):
    empty = [Example(nlp.make_doc(text), nlp.make_doc(text)) for text in ("", " ", "\n\n")]
    losses: dict[str, float] = {}
    nlp.update([*empty, *examples(nlp)], sgd=Adam(0.001), losses=losses)
    assert np.isfinite(losses["ner"])
    nlp.update(empty, sgd=Adam(0.001), losses=losses)
    nlp.update(empty[:1], sgd=Adam(0.001), losses=losses)
    assert np.isfinite(losses["ner"])


def test_a_sentence_is_the_same_alone_and_in_any_batch(nlp, ner):
    sentence = "Anna Smith of Acme Corp flew from Lisbon to Qwfp"
    long = " ".join(texts() * 10)
    (alone,) = nlp.pipe([sentence])
    assert len(alone.ents) >= 3
    for batch in ([long, sentence], [sentence, "", long], ["x", " ", sentence, *texts()]):
        for size in (1, 2, 100):
            docs = list(nlp.pipe(batch, batch_size=size))
            doc = docs[batch.index(sentence)]
            assert entities(doc) == entities(alone)
            assert_allclose(confidences(doc), confidences(alone), atol=1e-5)
    together = ner.model.predict([nlp.make_doc(long), nlp.make_doc(sentence)]).scores
    assert_allclose(together[-len(alone) :], logits(nlp, sentence), atol=1e-5)


def test_white_space_tokens_change_no_entity(nlp):
    plain = nlp("Anna Smith flew to Lisbon on Monday.")
    spaced = nlp("\n Anna  Smith flew\nto   Lisbon \n on Monday. \n")

    def texts_and_labels(doc: Doc) -> list[tuple[str, str]]:
        return [(" ".join(ent.text.split()), ent.label_) for ent in doc.ents]

    assert texts_and_labels(plain) == texts_and_labels(spaced)
    assert len(plain.ents) == 3
    assert_allclose(confidences(plain), confidences(spaced), atol=1e-5)
    assert not any(ent[0].is_space or ent[-1].is_space for ent in spaced.ents)


def test_predict_modifies_no_doc(nlp, ner):
    doc = nlp.make_doc(texts()[0])
    ner.predict([doc])
    assert not doc.has_annotation("ENT_IOB")
    assert not doc.user_data
    assert not doc.has_annotation("SENT_START")


def test_the_docs_own_sentence_starts_are_used():
    # In one whole sequence, what stands before matters; cut off, it does not.
    nlp = trained()
    ner = nlp.get_pipe("ner")
    words = "Anna Smith flew to Lisbon with Acme Corp"
    uncut = doc_of(words, vocab=nlp.vocab)
    cut = doc_of(words, vocab=nlp.vocab, sent_starts=[1, -1, -1, -1, -1, 1, -1, -1])
    tail = doc_of("with Acme Corp", vocab=nlp.vocab)
    scores = ner.model.predict([uncut, cut, tail]).scores
    assert_allclose(scores[13:16], scores[16:], atol=1e-5)
    assert not np.allclose(scores[5:8], scores[16:], atol=1e-3)


def test_an_update_without_annotation(nlp):
    unlabelled = Example(nlp.make_doc("Beethoven left"), nlp.make_doc("Beethoven left"))
    before = logits(nlp, "Beethoven left")
    losses: dict[str, float] = {}
    nlp.update([unlabelled], sgd=Adam(0.1), losses=losses)
    assert losses["ner"] == 0.0
    assert_allclose(logits(nlp, "Beethoven left"), before, atol=1e-6)


def test_the_loss_by_hand():
    nlp = blank(model=small_model(transitions=False))
    ner = nlp.get_pipe("ner")
    ner.add_label("geo")
    (example,) = examples(nlp, ["in [Oslo](geo)"])
    scores = np.log(np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1]], dtype="float32"))
    loss, d_scores = ner.get_loss([example], tag_scores(nlp, [example.predicted], scores))
    assert loss == pytest.approx(-(np.log(0.5) + np.log(0.7)) / 2)
    assert_allclose(d_scores.scores, [[-0.25, 0.15, 0.1], [0.1, -0.15, 0.05]], atol=1e-6)


def test_the_loss_with_transitions_is_that_of_the_chain_without_white_space():
    nlp = blank()
    nlp.initialize(lambda: examples(nlp))
    train(nlp, steps=3)
    ner = nlp.get_pipe("ner")
    data = examples(
        nlp, ["[Anna Smith](per)  flew\nto [Lisbon](geo)", "[Beethoven](composer) left \n"]
    )
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(7, 9)).astype("float32")
    assert sum(token.is_space for eg in data for token in eg.predicted) == 3
    loss, d_scores = ner.get_loss(data, tag_scores(nlp, [eg.predicted for eg in data], scores))
    geo, per = tags.begin(0), tags.begin(2)
    allowed = allow([per, per + 1, 0, 0, geo, ANY, 0], 9)
    expected, d_words, d_steps = crf_loss(scores, transitions(nlp), allowed, np.array([5, 2]))
    assert loss == pytest.approx(expected)
    assert_allclose(d_scores.scores, d_words, atol=1e-7)
    assert_allclose(d_scores.transitions, d_steps, atol=1e-7)


def test_an_update_learns_transitions_and_asking_for_the_loss_does_not():
    nlp = blank()
    data = examples(nlp)
    nlp.initialize(lambda: data)
    ner = nlp.get_pipe("ner")
    scores, _ = ner.model.begin_update([eg.predicted for eg in data])
    ner.get_loss(data, scores)
    ner.finish_update(Adam(0.01))
    assert not transitions(nlp).any()
    # An update without an optimizer leaves its gradients for later.
    nlp.update(data, sgd=False)
    assert not transitions(nlp).any()
    ner.finish_update(Adam(0.01))
    assert transitions(nlp)[legal_steps(9)].any()
    assert not transitions(nlp)[~legal_steps(9)].any()


def test_predictions_follow_the_transitions(nlp):
    assert entities(nlp(texts()[0])) == [(0, 2, "per"), (4, 5, "geo"), (6, 7, "tim")]
    # From O to where a person begins: not any more.
    scores = transitions(nlp).copy()
    scores[tags.OUTSIDE, tags.begin(2)] = -100.0
    parts(nlp.get_pipe("ner").model).output.set_param("transitions", scores)
    assert (6, 7, "tim") in entities(nlp(texts()[0]))
    assert (0, 2, "per") not in entities(nlp(texts()[0]))


def test_a_label_must_be_a_string():
    with pytest.raises(ValueError, match="E187"):
        blank().get_pipe("ner").add_label(7)


def test_an_update_takes_examples(nlp, ner):
    with pytest.raises(TypeError, match="E978"):
        ner.update([(nlp.make_doc("Anna flew."), {"entities": []})])


def test_an_update_with_no_example_changes_nothing():
    for nlp in (blank(), trained()):
        ner = nlp.get_pipe("ner")
        assert ner.update([]) == {}


def test_initialize_undoes_the_fit(nlp, ner):
    before = {**ner.cfg}
    ner.set_fitted((2.0, 1.0), {"per": 0.9})
    nlp.initialize(lambda: examples(nlp))
    assert ner.cfg == before


def test_initialize_of_a_loaded_pipe_undoes_the_fit(nlp, ner):
    before = {**ner.cfg}
    ner.set_fitted((2.0, 1.0), {"per": 0.9})
    loaded = blank().from_bytes(nlp.to_bytes())
    loaded.initialize(lambda: examples(loaded))
    assert loaded.get_pipe("ner").cfg == before


def test_weight_decay_does_not_keep_a_tag_from_its_first_weights(nlp, ner):
    # The first sentence has only the B- tag of the new label, the second one also the I- tag.
    nlp.initialize(lambda: examples(nlp))
    optimizer = Adam(0.001, L2=0.01, L2_is_weight_decay=True)
    for sentence in ("I like [mango](fruit).", "I like [dragon fruit](fruit)."):
        nlp.update(examples(nlp, [sentence]), sgd=optimizer)
    assert parts(ner.model).output.get_param("b").min() > -100
