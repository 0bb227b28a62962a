"""Vectors from words' characters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import Model

from spacy_bilstm_ner.network.characters import CODE_WIDTH, MAX_LENGTH, Characters, prepared

WORDS = ["Oslo", "won't", "", "ß", "Donaudampfschifffahrtsgesellschaft", "cba", "abc"]


def layer(width: int = 7) -> Model:
    model = Characters(width)
    model.initialize()
    return model


def test_characters_that_are_not_ascii_share_codes():
    model = layer()
    e_acute, other, ascii_e = model.predict(["é", chr(ord("é") + 128), "e"])
    assert_array_equal(e_acute, other)
    assert (e_acute != ascii_e).any()


def test_a_long_word_is_its_first_and_its_last_half():
    half = MAX_LENGTH // 2
    long, short = layer().predict(["a" * 30 + "xyz" + "g" * 30, "a" * half + "g" * half])
    assert_array_equal(long, short)


def test_two_filters_by_hand():
    model = layer(2)
    E = np.zeros((256, CODE_WIDTH), dtype="float32")
    E[ord("a"), 0], E[ord("b"), 0] = 1.0, 2.0
    W = np.zeros((2, 3, CODE_WIDTH), dtype="float32")
    # The left and the middle character; the right one
    W[0, :2, 0], W[1, 2, 0] = [10.0, 1.0], -1.0
    values = {"E": E, "W": W.reshape(2, -1), "b": np.array([0.5, 0.0], dtype="float32")}
    for name, value in values.items():
        model.set_param(name, value)
    # "ab": (1, 10 + 2) and (-2, 0), and the bias; "": a window of padding
    assert_allclose(model.predict(["ab", ""]), [[12.5, 0.0], [0.5, 0.0]])


def test_a_word_has_the_same_vector_alone_and_with_other_words():
    model = layer()
    vectors = model.predict(WORDS)
    assert_array_equal(prepared(model)(WORDS), vectors)
    assert len(np.unique(vectors.round(6), axis=0)) == len(WORDS)
    for word, vector in zip(WORDS, vectors, strict=True):
        assert_allclose(model.predict([word])[0], vector, atol=1e-6)


@pytest.mark.parametrize("name", ["E", "W", "b"])
def test_gradients_equal_finite_differences(name):
    model = layer()
    vectors, backprop = model(WORDS, True)
    d_vectors = np.random.default_rng(0).normal(size=vectors.shape).astype("float32")
    backprop(d_vectors)
    gradient = model.get_grad(name)
    param = model.get_param(name).copy()
    for index in np.argsort(-np.abs(gradient.ravel()))[:8]:
        values = []
        for step in (1e-3, -1e-3):
            moved = param.copy()
            moved.flat[index] += step
            model.set_param(name, moved)
            values.append(float((model.predict(WORDS) * d_vectors).sum()))
        model.set_param(name, param)
        assert (values[0] - values[1]) / 2e-3 == pytest.approx(
            gradient.flat[index], rel=2e-2, abs=5e-3
        )
