"""The whole network: shapes, what reads what, gradients, and widening."""

import pickle

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose, assert_array_equal
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_bilstm_ner.network.embedding import WordEmbedding
from spacy_bilstm_ner.network.encoder import BiLSTMEncoder
from spacy_bilstm_ner.network.parts import parts
from spacy_bilstm_ner.network.tagger import BiLSTMTagger
from spacy_bilstm_ner.sequences.words import TagScores, sentence_segments
from tests.util import SENTENCES, blank, doc_of, examples, small_model, texts, train

NLP = spacy.blank("en")


def tagger(*, max_length: int | None = None, n_tags: int = 5) -> Model:
    """A network whose output layer is not the zeros that training begins with."""
    model = BiLSTMTagger(
        WordEmbedding(["form"], widths=[6], rows=[200]),
        BiLSTMEncoder(4, width=5),
        segment=None if max_length is None else sentence_segments(max_length),
        nO=n_tags,
    )
    model.initialize(X=[doc_of("a b")])
    rng = np.random.default_rng(0)
    linear = parts(model).output
    linear.set_param("W", rng.normal(size=(n_tags, 5)).astype("float32"))
    linear.set_param("b", rng.normal(size=n_tags).astype("float32"))
    return model


def predict(model: Model, docs: list[Doc]) -> np.ndarray:
    """The logits of the Docs' words, n_words × n_tags."""
    return model.predict(docs).scores


@pytest.mark.parametrize("texts", [[""], ["", ""], [" "], ["", "\n", "  "]])
def test_batches_without_words(texts):
    model = tagger(max_length=9)
    docs = [NLP.make_doc(text) for text in texts]
    assert predict(model, docs).shape == (0, 5)
    output, backprop = model.begin_update(docs)
    assert output.scores.shape == (0, 5)
    backprop(output)


def test_white_space_has_no_scores_and_changes_none():
    model = tagger(max_length=9)
    docs = [NLP.make_doc("one  two\nthree"), NLP.make_doc(" \n ")]
    output = model.predict(docs)
    assert output.words.tokens.tolist() == [0, 2, 4]
    assert_allclose(output.scores, predict(model, [NLP.make_doc("one two three")]), atol=1e-6)


def test_a_segment_reads_nothing_beyond_itself():
    before, after = NLP.make_doc("It rained. She left."), NLP.make_doc("We slept. She left.")
    cut, uncut = tagger(max_length=9), tagger(max_length=None)
    assert_allclose(predict(cut, [before])[3:], predict(cut, [after])[3:], atol=1e-6)
    assert not np.allclose(predict(uncut, [before])[3:], predict(uncut, [after])[3:], atol=1e-4)


def test_training_and_prediction_score_alike_without_dropout():
    model = tagger(max_length=3)
    docs = [NLP.make_doc("It rained. She left the old house."), NLP.make_doc("Why?")]
    assert_allclose(model.begin_update(docs)[0].scores, predict(model, docs), atol=1e-6)


def test_gradients_of_every_parameter_equal_finite_differences():
    model = tagger(max_length=3)
    docs = [NLP.make_doc("It rained. She left\n the old house."), Doc(Vocab()), NLP.make_doc("Why")]
    output, backprop = model.begin_update(docs)
    rng = np.random.default_rng(1)
    d_scores = rng.normal(size=output.scores.shape).astype("float32")
    backprop(TagScores(output.words, d_scores, None))

    def value() -> float:
        return float((model.begin_update(docs)[0].scores.astype("float64") * d_scores).sum())

    checked = set()
    eps = 1e-2
    for node in model.walk():
        for name in node.param_names:
            weights, gradient = node.get_param(name), node.get_grad(name)
            for index in np.argsort(-np.abs(gradient).ravel())[:3]:
                expected = gradient.flat[index]
                before = weights.flat[index]
                weights.flat[index] = before + eps
                up = value()
                weights.flat[index] = before - eps
                down = value()
                weights.flat[index] = before
                assert (up - down) / (2 * eps) == pytest.approx(expected, rel=0.02, abs=2e-3)
                checked.add((node.name, name))
    assert {name for name, _ in checked} == {"hashembed", "bilstm", "lstm", "tag_scores"}


def test_a_network_without_tags_yet_learns_their_number_later():
    model = BiLSTMTagger(WordEmbedding(["form"], widths=[6], rows=[200]), BiLSTMEncoder(4, width=5))
    model.set_dim("nO", 3)
    model.initialize(X=[doc_of("a")])
    assert predict(model, [doc_of("a b")]).shape == (2, 3)


def test_new_tags_leave_the_old_scores():
    model = tagger(max_length=9)
    docs = [NLP.make_doc("It rained. She left the house."), NLP.make_doc("Why")]
    before = predict(model, docs)
    model.attrs["resize_output"](model, 7)
    after = predict(model, docs)
    assert after.shape == (len(before), 7)
    assert_allclose(after[:, :5], before, atol=1e-6)
    assert model.get_dim("nO") == 7


def test_transitions_are_the_output_layers_and_change_no_score():
    plain, chained = (
        BiLSTMTagger(
            WordEmbedding(["form"], widths=[6], rows=[200]),
            BiLSTMEncoder(4, width=5),
            nO=3,
            **options,
        )
        for options in ({}, {"transitions": True})
    )
    plain.initialize(X=[doc_of("a")])
    assert plain.predict([doc_of("a b")]).transitions is None
    chained.initialize(X=[doc_of("a")])
    before = chained.predict([doc_of("a b")])
    assert_array_equal(before.transitions, np.zeros((3, 3)))
    parts(chained).output.set_param("transitions", np.ones((3, 3), dtype="float32"))
    after = chained.predict([doc_of("a b")])
    assert_array_equal(after.scores, before.scores)
    assert_array_equal(after.transitions, np.ones((3, 3)))
    chained.attrs["resize_output"](chained, 5)
    assert chained.predict([doc_of("a b")]).transitions.shape == (5, 5)


def test_a_gradient_of_transitions_reaches_them():
    model = BiLSTMTagger(
        WordEmbedding(["form"], widths=[6], rows=[200]),
        BiLSTMEncoder(4, width=5),
        nO=3,
        transitions=True,
    )
    model.initialize(X=[doc_of("a")])
    output, backprop = model.begin_update([doc_of("a b")])
    backprop(TagScores(output.words, output.scores, np.full((3, 3), 2.0, dtype="float32")))
    assert_array_equal(parts(model).output.get_grad("transitions"), np.full((3, 3), 2.0))


def test_a_copy_is_independent():
    model = tagger()
    docs = [doc_of("a b c")]
    before = predict(model, docs)
    copy = model.copy()
    assert_array_equal(predict(copy, docs), before)
    linear = parts(model).output
    linear.set_param("b", linear.get_param("b") + 1)
    assert_array_equal(predict(copy, docs), before)
    assert not np.allclose(predict(model, docs), before)


def test_a_copy_keeps_transitions_and_n_grams():
    nlp = blank(model=small_model(ngrams=True))
    nlp.initialize(lambda: examples(nlp, SENTENCES * 3))
    train(nlp, steps=5)
    model = nlp.get_pipe("ner").model
    docs = [nlp.make_doc(text) for text in texts()]
    for copy in (model.copy(), pickle.loads(pickle.dumps(model))):
        output, expected = copy.predict(docs), model.predict(docs)
        assert_array_equal(output.scores, expected.scores)
        assert_array_equal(output.transitions, expected.transitions)
    assert np.abs(expected.scores - model.begin_update(docs)[0].scores).max() > 0.1
