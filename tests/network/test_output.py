"""The output layer: its arithmetic, its gradients, and room for more tags."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import Model

from spacy_bilstm_ner.network.output import NEW_TAG_SCORE, output_layer, resized


def layer(n_tags: int, width: int = 8) -> Model:
    model = output_layer(n_tags)
    model.initialize(X=np.zeros((1, width), dtype="float32"))
    rng = np.random.default_rng(0)
    model.set_param("W", rng.normal(size=(n_tags, width)).astype("float32"))
    model.set_param("b", rng.normal(size=n_tags).astype("float32"))
    return model


def words(n_words: int, width: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n_words, width)).astype("float32")


@pytest.mark.parametrize("n_tags", [1, 3, 15, 16, 17, 40])
@pytest.mark.parametrize("n_words", [0, 1, 5])
def test_the_layer_is_linear(n_tags, n_words):
    model, X = layer(n_tags), words(n_words)
    expected = X @ model.get_param("W").T + model.get_param("b")
    assert_allclose(model.predict(X), expected, atol=1e-5)


def test_gradients():
    model, X = layer(17), words(5)
    _, backprop = model(X, True)
    dY = np.random.default_rng(2).normal(size=(5, 17)).astype("float32")
    dX = backprop(dY)
    assert_allclose(dX, dY @ model.get_param("W"), atol=1e-5)
    assert_allclose(model.get_grad("W"), dY.T @ X, atol=1e-5)
    assert_allclose(model.get_grad("b"), dY.sum(axis=0), atol=1e-5)


def test_all_tags_start_equal():
    model = output_layer(5)
    model.initialize(X=words(2))
    assert not model.predict(words(2)).any()


@pytest.mark.parametrize("n_words", [1, 64])
def test_old_scores_stay_when_tags_are_added(n_words):
    X = words(n_words, 64)
    model = layer(3, 64)
    before = model.predict(X)
    for n_tags in (5, 17):
        model = resized(model, n_tags)
        after = model.predict(X)
        assert after.shape == (n_words, n_tags)
        assert_allclose(after[:, :3], before, atol=1e-6)
        assert_array_equal(after[:, 3:], np.full((n_words, n_tags - 3), NEW_TAG_SCORE))


def with_transitions(n_tags: int) -> Model:
    model = output_layer(n_tags, transitions=True)
    model.initialize(X=words(1))
    return model


def test_transitions_start_at_0_and_do_not_change_scores():
    model = with_transitions(3)
    assert_array_equal(model.get_param("transitions"), np.zeros((3, 3)))
    model.set_param("transitions", np.ones((3, 3), dtype="float32"))
    assert not model.predict(words(2)).any()


def test_transitions_of_old_tags_stay_when_tags_are_added():
    model = with_transitions(3)
    before = np.arange(9, dtype="float32").reshape(3, 3)
    model.set_param("transitions", before)
    model = resized(model, 5)
    after = model.get_param("transitions")
    assert_array_equal(after[:3, :3], before)
    assert_array_equal(after[3:], np.zeros((2, 5)))
    assert_array_equal(after[:, 3:], np.zeros((5, 2)))
    loaded = output_layer(transitions=True)
    loaded.from_bytes(model.to_bytes())
    assert_array_equal(loaded.get_param("transitions"), after)


def test_tags_are_added_before_there_are_weights():
    model = output_layer(3, transitions=True)
    assert resized(model, 5) is model
    model.initialize(X=words(1))
    assert model.predict(words(2)).shape == (2, 5)
    assert model.get_param("transitions").shape == (5, 5)


def test_a_widened_layer_is_another_one_for_the_optimizer():
    model = layer(3)
    assert resized(model, 3) is model
    assert resized(model, 5).id != model.id


def test_a_widened_layer_survives_bytes():
    model = resized(layer(3), 7)
    loaded = output_layer()
    loaded.from_bytes(model.to_bytes())
    assert_array_equal(loaded.predict(words(4)), model.predict(words(4)))
