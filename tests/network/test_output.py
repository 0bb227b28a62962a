"""The output layer: its arithmetic, its gradients, and room for more tags."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import Linear, Model

from spacy_bilstm_ner.network.output import NEW_TAG_SCORE, output_layer, resize, transitions_layer


def layer(n_tags: int, width: int = 8) -> Model:
    model = output_layer(n_tags)
    model.initialize(X=np.zeros((1, width), dtype="float32"))
    rng = np.random.default_rng(0)
    (linear,) = model.layers
    linear.set_param("W", rng.normal(size=(n_tags, width)).astype("float32"))
    linear.set_param("b", rng.normal(size=n_tags).astype("float32"))
    return model


def words(n_words: int, width: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n_words, width)).astype("float32")


@pytest.mark.parametrize("n_tags", [1, 3, 15, 16, 17, 40])
@pytest.mark.parametrize("n_words", [0, 1, 5])
def test_it_is_linear(n_tags, n_words):
    model, X = layer(n_tags), words(n_words)
    (linear,) = model.layers
    expected = X @ linear.get_param("W").T + linear.get_param("b")
    assert_allclose(model.predict(X), expected, atol=1e-5)


def test_gradients():
    model, X = layer(17), words(5)
    _, backprop = model(X, True)
    dY = np.random.default_rng(2).normal(size=(5, 17)).astype("float32")
    dX = backprop(dY)
    (linear,) = model.layers
    assert_allclose(dX, dY @ linear.get_param("W"), atol=1e-5)
    assert_allclose(linear.get_grad("W"), dY.T @ X, atol=1e-5)
    assert_allclose(linear.get_grad("b"), dY.sum(axis=0), atol=1e-5)


def test_all_tags_start_equal():
    model = output_layer(5)
    model.initialize(X=words(2))
    assert not model.predict(words(2)).any()


@pytest.mark.parametrize("n_words", [1, 2, 3, 7, 64, 500])
def test_old_scores_are_equal_to_the_bit_however_many_tags_are_added(n_words):
    X = words(n_words, 64)
    model = layer(3, 64)
    before = model.predict(X)
    for n_tags in (5, 9, 15, 17, 33, 65):
        resize(model, n_tags)
        after = model.predict(X)
        assert after.shape == (n_words, n_tags)
        assert_array_equal(after[:, :3], before)
        assert_array_equal(after[:, 3:], np.full((n_words, n_tags - 3), NEW_TAG_SCORE))


def with_transitions(n_tags: int) -> Model:
    model = output_layer(n_tags, transitions=True)
    model.initialize(X=words(1))
    return model


def test_transitions_start_at_0_and_have_nothing_to_do_with_the_scores():
    model = with_transitions(3)
    (linear,) = model.layers
    assert_array_equal(linear.get_param("transitions"), np.zeros((3, 3)))
    linear.set_param("transitions", np.ones((3, 3), dtype="float32"))
    assert not model.predict(words(2)).any()


def test_transitions_of_old_tags_stay_when_tags_are_added():
    model = with_transitions(3)
    before = np.arange(9, dtype="float32").reshape(3, 3)
    model.layers[0].set_param("transitions", before)
    resize(model, 5)
    after = model.layers[0].get_param("transitions")
    assert_array_equal(after[:3, :3], before)
    assert_array_equal(after[3:], np.zeros((2, 5)))
    assert_array_equal(after[:, 3:], np.zeros((5, 2)))
    other = output_layer(transitions=True)
    other.from_bytes(model.to_bytes())
    assert_array_equal(other.layers[0].get_param("transitions"), after)


def test_tags_are_added_before_there_are_weights():
    model = output_layer(3, transitions=True)
    resize(model, 5)
    model.initialize(X=words(1))
    assert model.predict(words(2)).shape == (2, 5)
    assert model.layers[0].get_param("transitions").shape == (5, 5)


def test_bytes_from_before_there_were_transitions():
    old, model = layer(3), output_layer(transitions=True)
    model.from_bytes(old.to_bytes())
    for n_tags in (3, 5):
        resize(model, n_tags)
        resize(old, n_tags)
        assert_array_equal(model.predict(words(4)), old.predict(words(4)))
        assert not model.layers[0].has_param("transitions")


def test_which_layer_holds_transitions():
    tagger: Model = Model("tagger", lambda model, X, is_train: (X, lambda dY: dY))
    assert transitions_layer(tagger) is None
    for output in (layer(3), output_layer(3, transitions=True), Linear(3)):
        tagger.set_ref("output_layer", None)
        tagger.layers[:] = [output]
        tagger.set_ref("output_layer", output)
        assert transitions_layer(tagger) is None
    output = with_transitions(3)
    tagger.layers[:] = [output]
    tagger.set_ref("output_layer", output)
    assert transitions_layer(tagger) is output.layers[0]


def test_a_widened_layer_survives_bytes():
    model = layer(3)
    resize(model, 7)
    other = output_layer()
    other.from_bytes(model.to_bytes())
    assert_array_equal(other.predict(words(4)), model.predict(words(4)))
