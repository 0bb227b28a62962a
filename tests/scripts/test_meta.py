from typing import Any

import pytest

from scripts.meta import release_meta, training_meta
from scripts.source import Source, WordVectors

from .conftest import METRICS

NO_VECTORS = WordVectors()


def make(kind: str, vectors: WordVectors = NO_VECTORS) -> dict[str, Any]:
    source = Source(kind=kind, name="shop.csv", path="secret/place/shop.csv", sha256="0" * 64)
    run = {"config": "bilstm", "seed": 7}
    return training_meta(source, vectors, name="shop_ner", version="1.2.3", run=run)


def test_sample_can_never_be_mistaken() -> None:
    meta = make("sample")
    assert meta["version"] == "0.0.0+sample"
    assert "sample" in meta["description"]
    assert "NOT" in meta["description"]


def test_real_names_its_source_and_licence() -> None:
    meta = make("real")
    assert meta["version"] == "1.2.3"
    assert meta["license"] == "MIT"
    assert "Groningen Meaning Bank" in str(meta["sources"])
    assert "ODbL" in str(meta["sources"])


def test_own_data_says_nothing_of_ours() -> None:
    meta = make("own")
    assert meta["version"] == "1.2.3"
    assert meta["sources"] == [{"name": "shop.csv"}]
    assert not meta["license"]
    for word in ("GMB", "gmb", "Groningen", "English", "sample", "secret"):
        assert word not in str(meta)


@pytest.mark.parametrize("kind", ["real", "sample", "own"])
def test_meta_says_what_a_run_was(kind: str) -> None:
    meta = make(kind)
    assert meta["data"] == {"kind": kind, "name": "shop.csv", "sha256": "0" * 64}
    assert meta["training"] == {"config": "bilstm", "seed": 7, "vectors": None}


@pytest.mark.parametrize("kind", ["real", "own"])
def test_vectors_are_named_with_their_licence(kind: str) -> None:
    vectors = WordVectors("en_x", "en_x 1.0.0", source={"author": "Ann", "license": "CC0"})
    meta = make(kind, vectors)
    assert meta["training"]["vectors"] == "en_x 1.0.0"
    *first_sources, last = meta["sources"]
    assert first_sources == make(kind)["sources"]
    assert last == {"name": "Word vectors of en_x 1.0.0", "author": "Ann", "license": "CC0"}


def test_a_release_has_labels_and_test_scores() -> None:
    meta = release_meta(make("real") | {"labels": {"ner": ["tim", "geo"]}}, METRICS)
    assert "- `geo`: geographical entity" in meta["notes"]
    assert "- `tim`: time" in meta["notes"]
    assert "1,234 sentences" in meta["notes"]
    assert meta["performance"]["ents_f"] == 0.75
    assert meta["performance"]["ents_per_type"] == {"geo": {"p": 0.5, "r": 0.25, "f": 0.75}}


def test_a_users_labels_mean_what_spacy_says() -> None:
    notes = release_meta(make("own") | {"labels": {"ner": ["per", "PERSON"]}}, METRICS)["notes"]
    assert "- `PERSON`: People, including fictional" in notes
    # "per" is ours: labels of our data are not looked up for a user's own.
    assert "`per`" not in notes
