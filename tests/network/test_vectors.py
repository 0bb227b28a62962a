"""Static vectors: what is read, how it is reduced and stored, and which word gets which."""

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose, assert_array_equal
from spacy.vectors import Vectors
from thinc.api import Model

from spacy_bilstm_ner.network.clusters import SIZES, find_clusters
from spacy_bilstm_ner.network.features import Ids, feature_ids
from spacy_bilstm_ner.network.stored import look_up
from spacy_bilstm_ner.network.vectors import (
    NO_VECTORS,
    VECTOR_STD,
    StaticVectors,
    VectorTable,
    read_vectors,
)
from tests.util import chance_vectors, write_vectors

# Paris and paris: one vector. US and us: two. Oslo: of the form alone.
WORDS = ["paris", "us", "US", "Oslo", "river", "bank", "tea", "ship", "law"]


def words(*forms: str) -> Ids:
    return feature_ids(forms)


def new_layer(table: VectorTable, width: int) -> Model:
    model = StaticVectors(width)
    model.attrs["table"] = table
    model.initialize()
    return model


@pytest.fixture(name="table")
def _table(tmp_path) -> VectorTable:
    return read_vectors(write_vectors(tmp_path, chance_vectors(WORDS)), 6)


def test_the_vectors_are_the_principal_components(tmp_path):
    vectors = chance_vectors(WORDS)
    table = read_vectors(write_vectors(tmp_path, vectors), 3)
    components = table.vectors(table.find(words(*WORDS)))
    data = np.array([vectors[word] for word in WORDS])
    u, s, _ = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)
    expected = (u * s)[:, :3]
    expected *= VECTOR_STD / expected.std()
    # Principal components have no sign
    assert_allclose(np.abs(components), np.abs(expected), atol=0.04)
    assert components.std() == pytest.approx(VECTOR_STD, abs=0.04)
    assert_allclose(components.mean(axis=0), 0, atol=0.02)


def test_the_form_is_preferred_to_the_lower_case_form(table):
    paris, upper_paris, us, upper_us, oslo, lower_oslo, unknown = table.find(
        words("paris", "PARIS", "us", "US", "Oslo", "oslo", "qwfp")
    ).tolist()
    assert paris == upper_paris > 0
    assert us > 0
    assert upper_us not in (0, us)
    assert oslo > 0
    assert lower_oslo == unknown == 0


def test_a_form_with_its_lower_case_forms_vector_needs_no_key(tmp_path):
    nlp = spacy.blank("en")
    data = np.eye(3, dtype="float32")
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=["tea", "ship", "law"])
    for word, row in (("Tea", 0), ("Ship", 2)):
        nlp.vocab.vectors.add(nlp.vocab.strings.add(word), row=row)
    nlp.to_disk(tmp_path)
    table = read_vectors(tmp_path, 2)
    assert len(table.keys) == 4
    assert table.find(words("Tea", "Ship", "LAW")).tolist() == [1, 3, 3]


def test_words_are_in_their_vectors_clusters(table):
    tea, upper_tea, ship, unknown = table.clusters[table.find(words("tea", "TEA", "ship", "qwfp"))]
    assert_array_equal(tea, upper_tea)
    assert (tea != ship).any()
    assert (tea > 0).all()
    assert_array_equal(unknown, [0] * len(SIZES))
    rows = NO_VECTORS.find(words("tea", "ship"))
    assert NO_VECTORS.clusters[rows].shape == (2, 0)


def test_similarities_are_the_largest_cosine(table):
    rows = table.find(words("tea", "unknown", "ship"))
    references = table.find(words("law", "tea", "missing"))
    vectors = table.vectors(table.find(words("tea", "law", "ship")))
    tea, law, ship = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [1.0, 0.0, max(0.0, ship @ law, ship @ tea)]
    assert_allclose(table.similarities(rows, references), expected, atol=1e-6)
    assert_allclose(NO_VECTORS.similarities(np.array([0]), np.array([0])), [0.0])


def test_keys_are_found():
    rng = np.random.default_rng(0)
    # Near each other and far, and both ends
    chosen = (rng.integers(0, 2**32, 5000), np.arange(7, 40), [0, 2**32 - 1])
    keys = np.unique(np.concatenate(chosen)).astype("uint32")
    shuffled = rng.permutation(keys)[:1000].reshape(50, 20)
    values = np.append(keys.astype("int64"), -1)
    assert_array_equal(look_up(keys, values, shuffled), shuffled)
    strange = np.setdiff1d(rng.integers(0, 2**32, 5000).astype("uint32"), keys)
    assert (look_up(keys, values, strange) == -1).all()
    assert_array_equal(look_up(keys[:0], values[-1:], keys[:3]), [-1] * 3)


def test_bytes(table):
    again = VectorTable.from_bytes(table.to_bytes())
    for name in ("keys", "rows", "values", "scale", "clusters"):
        assert_array_equal(getattr(again, name), getattr(table, name))
        assert getattr(again, name).dtype == getattr(table, name).dtype


def test_stored_vectors_are_small():
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, 2**32, size=50_000, dtype="uint32"))
    rows = rng.integers(0, 2_000, size=len(keys) + 1, dtype="uint32")
    values = np.clip(rng.normal(scale=30, size=(2_000, 80)), -127, 127).astype("int8")
    table = VectorTable(keys, rows, values, np.ones(80, dtype="float32"), find_clusters(values))
    stored = table.to_bytes()
    # 34 bits for the clusters of a vector
    assert len(stored) < 4.5 * len(keys) + values.size + 34 / 8 * len(values)
    assert_array_equal(VectorTable.from_bytes(stored).rows, rows)


def test_words_without_a_vector_share_one_that_is_learnt(table):
    model = new_layer(table, 6)
    rows = table.find(words("tea", "qwfp", "zxcv"))
    vectors, backprop = model(rows, True)
    assert_array_equal(vectors[1:], 0)
    before = table.values.copy()
    d_vectors = np.arange(18, dtype="float32").reshape(3, 6)
    backprop(d_vectors)
    assert_array_equal(model.get_grad("unknown"), d_vectors[1] + d_vectors[2])
    model.set_param("unknown", np.full(6, 0.5, dtype="float32"))
    (tea, *unknown) = model.predict(rows)
    assert_array_equal(tea, vectors[0])
    assert_array_equal(unknown, 0.5)
    assert_array_equal(table.values, before)


def test_a_layer_without_vectors_has_no_columns():
    layer = new_layer(NO_VECTORS, 6)
    rows = np.zeros(3, dtype="uint32")
    vectors, backprop = layer(rows, True)
    assert vectors.shape == (3, 0)
    backprop(vectors)
    loaded = StaticVectors(6)
    loaded.from_bytes(layer.to_bytes())
    assert loaded.predict(rows).shape == (3, 0)


def test_narrower_vectors_keep_their_width(tmp_path):
    table = read_vectors(write_vectors(tmp_path, chance_vectors(WORDS)), 7)
    assert table.values.shape == (1 + 9, 6)


def test_the_first_vectors_are_kept(tmp_path):
    table = read_vectors(write_vectors(tmp_path, chance_vectors(WORDS)), 3, max_rows=4)
    assert table.values.shape == (1 + 4, 3)
    assert (table.find(words(*WORDS)) > 0).sum() == 4


def test_a_pipeline_without_vectors(tmp_path):
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ValueError, match="no table of word vectors in"):
        read_vectors(tmp_path, 2)


def test_a_pipeline_that_does_not_exist():
    with pytest.raises(
        ValueError, match=r"no table of word vectors in no_such_pipeline: .*spacy download"
    ):
        read_vectors("no_such_pipeline", 2)
