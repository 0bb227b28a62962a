"""Words → vectors: which words share one, which have their own, and what word dropout hides."""

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose, assert_array_equal
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Adam, Model, fix_random_seed, set_dropout_rate

from spacy_bilstm_ner.network.embedding import (
    WordEmbedding,
    fit_to_size,
    prepared,
    set_vectors,
    vector_table,
)
from spacy_bilstm_ner.network.features import feature_ids
from tests.util import chance_vectors, doc_of, write_vectors

FORM, SUFFIX, VECTOR = slice(0, 4), slice(4, 7), slice(7, 12)


def new_embedding(feature_dropout: float = 0.0) -> Model:
    model = WordEmbedding(
        ["form", "suffix2"], widths=[4, 3], rows=[300, 100], feature_dropout=feature_dropout
    )
    model.initialize()
    return model


@pytest.mark.parametrize("n_docs", [1, 2])
def test_batches_without_tokens(n_docs):
    model = new_embedding()
    vectors, backprop = model([Doc(Vocab())] * n_docs, True)
    assert [x.shape for x in vectors] == [(0, 7)] * n_docs
    backprop(vectors)


def test_a_vector_depends_on_the_features_and_on_nothing_else():
    (vectors,) = new_embedding().predict([doc_of("walking talking talking walker")])
    walking, talking, again, walker = vectors
    assert_array_equal(talking, again)
    assert_array_equal(walking[SUFFIX], talking[SUFFIX])
    assert not np.allclose(walking[FORM], talking[FORM])
    assert not np.allclose(walking[SUFFIX], walker[SUFFIX])
    assert not np.allclose(walking[FORM], walker[FORM])


def test_typographic_marks_change_nothing():
    model = new_embedding()
    vocab = Vocab()
    curly, straight = (
        Doc(vocab, words=words) for words in (["“", "d’Este", "–"], ['"', "d'Este", "-"])
    )
    assert np.array_equal(model.predict([curly])[0], model.predict([straight])[0])


def test_a_word_that_first_occurs_in_the_thousandth_example_has_its_own_vector():
    common = "the cat sat on a mat and saw nothing else at all"
    docs = [doc_of(common) for _ in range(999)]
    docs.append(doc_of("Zyzzyva"))
    model = WordEmbedding(["form"], widths=[8], rows=[1000])
    model.initialize(X=docs)
    (rare,) = model.predict(docs[-1:])[0]
    (other_vectors,) = model.predict([doc_of(f"{common} Never Seen")])
    assert (np.abs(other_vectors - rare).max(axis=1) > 1e-3).all()


def test_gradients_add_up_where_values_are_shared():
    model = new_embedding()
    docs = [doc_of("walking talking"), doc_of("talking")]
    vectors, backprop = model(docs, True)
    rng = np.random.default_rng(0)
    d_vectors = [rng.normal(size=x.shape).astype("float32") for x in vectors]
    backprop(d_vectors)

    def value() -> float:
        pairs = zip(model.predict(docs), d_vectors, strict=True)
        return sum(float((x.astype("float64") * dx).sum()) for x, dx in pairs)

    tables = [node for node in model.walk() if node.has_param("E")]
    assert len(tables) == 2
    for table in tables:
        weights, gradient = table.get_param("E"), table.get_grad("E")
        touched = np.flatnonzero(gradient.any(axis=1))
        assert 0 < len(touched) <= 12
        for row in touched:
            weights[row, 1] += 0.5
            up = value()
            weights[row, 1] -= 1.0
            down = value()
            weights[row, 1] += 0.5
            assert up - down == pytest.approx(gradient[row, 1], abs=1e-4)


def test_each_feature_of_each_token_is_hidden_by_itself():
    model = new_embedding(feature_dropout=0.3)
    doc = Doc(Vocab(), words=["talking"] * 2000)
    (plain,), (noisy,) = model.predict([doc]), model([doc], True)[0]
    forms, suffixes = ((noisy[:, part] != plain[:, part]).any(axis=1) for part in (FORM, SUFFIX))
    assert [forms.mean(), suffixes.mean()] == pytest.approx([0.3, 0.3], abs=0.04)
    assert (forms & suffixes).mean() == pytest.approx(0.09, abs=0.03)
    # All that is hidden looks alike.
    assert len(np.unique(noisy[:, FORM], axis=0)) == len(np.unique(noisy[:, SUFFIX], axis=0)) == 2


@pytest.mark.parametrize(
    ("n_words", "rate"), [(10, 0.4), (1000, 0.4), (2000, 0.2), (100_000, 0.004)]
)
def test_fewer_features_are_hidden_in_a_large_corpus(n_words, rate):
    model = WordEmbedding(
        ["form"], widths=[4], rows=[300], feature_dropout=0.4, full_dropout_words=1000
    )
    fit_to_size(model, n_words)
    assert model.attrs["feature_dropout"] == pytest.approx(rate)


def test_words_themselves_are_hidden_in_a_small_corpus_also_in_prediction():
    docs = [doc_of("talking walking")]
    for n_words, are_hidden in ((999, True), (1000, False)):
        model = WordEmbedding(["form", "suffix3"], widths=[4, 3], rows=[300, 100], min_words=1000)
        fit_to_size(model, n_words)
        model.initialize()
        assert [len(node.get_param("E")) for node in model.walk() if node.name == "hashembed"] == [
            1 if are_hidden else 300,
            100,
        ]
        loaded = WordEmbedding(["form", "suffix3"], widths=[4, 3], rows=[300, 100], min_words=1000)
        loaded.from_bytes(model.to_bytes())
        for (vectors,) in (model.predict(docs), model(docs, True)[0], loaded.predict(docs)):
            assert (vectors[0, FORM] == vectors[1, FORM]).all() == are_hidden
            assert_array_equal(vectors[0, SUFFIX], vectors[1, SUFFIX])


def test_feature_dropout_is_its_own_setting():
    model = new_embedding(feature_dropout=0.3)
    doc = Doc(Vocab(), words=["talking"] * 2000)
    (plain,) = model.predict([doc])
    set_dropout_rate(model, 0.8)
    (vectors,) = model([doc], True)[0]
    assert (vectors[:, FORM] != plain[:, FORM]).any(axis=1).mean() == pytest.approx(0.3, abs=0.04)
    none = new_embedding(feature_dropout=0.0)
    set_dropout_rate(none, 0.8)
    assert_allclose(none([doc], True)[0][0], none.predict([doc])[0])


def test_as_embed_of_spacys_tok2vec():
    nlp = spacy.blank("en")
    config = {
        "model": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {
                "@architectures": "spacy_bilstm_ner.WordEmbedding.v1",
                "features": ["form", "shape"],
                "widths": [10, 6],
                "rows": [100, 50],
            },
            "encode": {
                "@architectures": "spacy.MaxoutWindowEncoder.v2",
                "width": 16,
                "depth": 1,
                "window_size": 1,
                "maxout_pieces": 2,
            },
        }
    }
    nlp.add_pipe("tok2vec", config=config)
    nlp.initialize()
    assert nlp("two words").tensor.shape == (2, 16)


def with_vectors(path, feature_dropout: float = 0.0) -> Model:
    model = WordEmbedding(
        ["form", "suffix2"],
        widths=[4, 3],
        rows=[300, 100],
        feature_dropout=feature_dropout,
        vector_width=5,
    )
    set_vectors(
        model, write_vectors(path, chance_vectors(["talking", "tea", "law", "ship", "Oslo", "us"]))
    )
    model.initialize()
    return model


def test_static_vectors_are_columns_of_their_own(tmp_path):
    fix_random_seed(0)
    plain_model = new_embedding()
    fix_random_seed(0)
    model = with_vectors(tmp_path)
    assert model.get_dim("nO") == 12
    (plain,) = plain_model.predict([doc_of("tea Tea qwfp tea")])
    (tea, upper_tea, unknown, again) = model.predict([doc_of("tea Tea qwfp tea")])[0]
    assert_array_equal([tea[:7], upper_tea[:7], unknown[:7]], plain[:3])
    assert_array_equal(tea, again)
    assert_array_equal(tea[VECTOR], upper_tea[VECTOR])
    assert tea[VECTOR].any()
    assert not unknown[VECTOR].any()


def test_static_vectors_are_frozen_and_words_without_learn_one(tmp_path):
    model = with_vectors(tmp_path)
    docs = [doc_of("tea qwfp"), doc_of("zxcv")]
    before = model.predict(docs)
    vectors, backprop = model(docs, True)
    for doc_vectors, expected in zip(vectors, before, strict=True):
        assert_allclose(doc_vectors, expected)
    backprop([np.ones_like(x) for x in vectors])
    model.finish_update(Adam(0.1))
    after = model.predict(docs)
    assert_array_equal(after[0][0, VECTOR], before[0][0, VECTOR])
    assert (after[0][1, VECTOR] < 0).all()
    assert_array_equal(after[0][1, VECTOR], after[1][0, VECTOR])
    assert (after[0][0, FORM] != before[0][0, FORM]).all()


def test_vectors_for_an_embedding_without_a_vector_width(tmp_path):
    with pytest.raises(ValueError, match=r"somewhere.*vector_width"):
        set_vectors(new_embedding(), "somewhere")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vector_width": -1}, "vector_width and max_vectors must be at least 0, but is -1"),
        ({"max_vectors": -5}, "vector_width and max_vectors must be at least 0, but is -5"),
        ({"features": ["sufix2"]}, "features must be among form, shape, .* but got sufix2"),
        ({"widths": []}, "must be equally long"),
        ({"feature_dropout": 1.1}, "at least 0 and at most 1, but is 1.1"),
    ],
    ids=str,
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        WordEmbedding(**{"features": ["form"], "widths": [4], "rows": [10], **settings})


@pytest.mark.parametrize("n_words", [10, 1000])
def test_prediction_computes_what_the_layers_compute(n_words, tmp_path):
    """With and without words that are hidden, and with vectors and characters."""
    model = WordEmbedding(
        ["lower", "suffix2"],
        widths=[4, 3],
        rows=[300, 100],
        min_words=100,
        character_width=6,
        vector_width=5,
    )
    set_vectors(
        model, write_vectors(tmp_path, chance_vectors(["tea", "law", "ship", "Oslo", "us"]))
    )
    fit_to_size(model, n_words)
    model.initialize()
    static = next(node for node in model.walk() if node.name == "static_vectors")
    static.set_param("unknown", np.arange(5, dtype="float32"))
    doc = doc_of("tea Oslo qwfp lawyer Donaudampfschifffahrtsgesellschaft")
    words = [token.text for token in doc]
    ids = feature_ids(words)
    vectors = prepared(model)(words, ids, vector_table(model).find(ids))
    assert vectors.shape == (5, 18)
    for is_train in (False, True):
        assert_allclose(vectors, model([doc], is_train)[0][0], atol=1e-6)
