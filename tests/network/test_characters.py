"""Vectors from words' characters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thinc.api import Model

from spacy_bilstm_ner.network.characters import MAX_LENGTH, Characters, character_ids

WORDS = ["Oslo", "won't", "", "ß", "Donaudampfschifffahrtsgesellschaft", "Oslo"]


def layer(width: int = 7) -> Model:
    model = Characters(width, column=1)
    model.initialize()
    return model


def ids_of(words: list[str]) -> np.ndarray:
    return np.array([[9, *character_ids(word)] for word in words], dtype="uint64")


def test_equal_words_have_equal_vectors_and_others_do_not():
    vectors = layer().predict(ids_of(WORDS))
    assert vectors.shape == (6, 7)
    assert_array_equal(vectors[0], vectors[5])
    assert len(np.unique(vectors.round(6), axis=0)) == 5


def test_a_vector_does_not_depend_on_the_other_words():
    model = layer()
    together = model.predict(ids_of(WORDS))
    for word, vector in zip(WORDS, together, strict=True):
        assert_allclose(model.predict(ids_of([word]))[0], vector, atol=1e-6)


def test_the_order_of_characters_counts():
    model = layer()
    a, b = model.predict(ids_of(["abc", "cba"]))
    assert not np.allclose(a, b)


def test_of_a_long_word_both_ends_are_read():
    long = "a" * MAX_LENGTH + "bcdef" + "g" * MAX_LENGTH
    assert character_ids(long) == character_ids("a" * (MAX_LENGTH // 2) + "g" * (MAX_LENGTH // 2))
    assert character_ids(long) != character_ids(long[:MAX_LENGTH])


def test_characters_beyond_ascii_are_not_ascii_ones():
    assert character_ids("é") != character_ids("e")
    assert all(byte >= 128 for byte in np.array(character_ids("éß"), dtype="<u8").view("uint8")[:2])


@pytest.mark.parametrize("name", ["E", "W", "b"])
def test_gradients_are_those_that_differences_give(name):
    model, ids = layer(), ids_of(WORDS)
    vectors, backprop = model(ids, True)
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
            values.append(float((model.predict(ids) * d_vectors).sum()))
        model.set_param(name, param)
        assert (values[0] - values[1]) / 2e-3 == pytest.approx(
            gradient.flat[index], rel=2e-2, abs=5e-3
        )
