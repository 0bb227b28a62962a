"""Vectors from words' characters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import Model

from spacy_bilstm_ner.network.characters import (
    CODE_WIDTH,
    MAX_LENGTH,
    Characters,
    character_codes,
    embed_characters,
    window_scores,
)

WORDS = ["Oslo", "won't", "", "ß", "Donaudampfschifffahrtsgesellschaft", "cba", "abc"]


def layer(width: int = 7) -> Model:
    model = Characters(width)
    model.initialize()
    return model


def test_character_codes():
    a, e_acute, long = character_codes(["ab", "é", "a" * 30 + "g" * 30])
    assert_array_equal(a[:3], [97, 98, 0])
    assert e_acute[0] == 128 + ord("é") % 128
    # The first and the last half of a long word
    assert_array_equal(long, [97] * (MAX_LENGTH // 2) + [103] * (MAX_LENGTH // 2))


def test_two_filters_by_hand():
    model = layer(2)
    E = np.zeros((256, CODE_WIDTH), dtype="float32")
    E[ord("a"), 0], E[ord("b"), 0] = 1.0, 2.0
    W = np.zeros((2, 3, CODE_WIDTH), dtype="float32")
    # The left and the middle character; the right one
    W[0, :2, 0], W[1, 2, 0] = [10.0, 1.0], -1.0
    model.set_param("E", E)
    model.set_param("W", W.reshape(2, -1))
    model.set_param("b", np.array([0.5, 0.0], dtype="float32"))
    # "ab": (1, 10 + 2) and (-2, 0), and the bias; "": a window of padding
    assert_allclose(model.predict(character_codes(["ab", ""])), [[12.5, 0.0], [0.5, 0.0]])


def test_prediction_is_what_the_layer_computes_alone_and_with_other_words():
    model = layer()
    scores = window_scores(model)
    vectors = embed_characters(scores, character_codes(WORDS))
    assert_allclose(vectors, model.predict(character_codes(WORDS)), atol=1e-6)
    assert len(np.unique(vectors.round(6), axis=0)) == len(WORDS)
    for word, vector in zip(WORDS, vectors, strict=True):
        assert_allclose(embed_characters(scores, character_codes([word]))[0], vector, atol=1e-6)


@pytest.mark.parametrize("name", ["E", "W", "b"])
def test_gradients_equal_finite_differences(name):
    model, codes = layer(), character_codes(WORDS)
    vectors, backprop = model(codes, True)
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
            values.append(float((model.predict(codes) * d_vectors).sum()))
        model.set_param(name, param)
        assert (values[0] - values[1]) / 2e-3 == pytest.approx(
            gradient.flat[index], rel=2e-2, abs=5e-3
        )
