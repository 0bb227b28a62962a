from typing import Any

import pytest

from scripts.meta import make_meta


def make(kind: str, **vectors: str) -> dict[str, Any]:
    file = {"name": "shop.csv", "path": "secret/place/shop.csv", "sha256": "0" * 64}
    source = {"kind": kind, **file, "vectors": vectors}
    return make_meta(source, name="shop_ner", version="1.2.3", config="bilstm", seed=7)


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
    assert "license" not in meta
    for word in ("GMB", "gmb", "Groningen", "English", "sample", "secret"):
        assert word not in str(meta)


@pytest.mark.parametrize("kind", ["real", "sample", "own"])
def test_meta_says_what_a_run_was(kind: str) -> None:
    meta = make(kind)
    assert meta["data"] == {"kind": kind, "name": "shop.csv", "sha256": "0" * 64}
    assert meta["training"] == {"config": "bilstm", "seed": 7, "vectors": None}


@pytest.mark.parametrize("kind", ["real", "own"])
def test_vectors_are_named_with_their_licence(kind: str) -> None:
    meta = make(kind, path="x", name="en_x 1.0.0", author="Ann", license="CC0")
    assert meta["training"]["vectors"] == "en_x 1.0.0"
    *first_sources, last = meta["sources"]
    assert first_sources == make(kind)["sources"]
    assert last == {"name": "Word vectors of en_x 1.0.0", "author": "Ann", "license": "CC0"}


def test_our_labels_are_explained() -> None:
    assert "- `geo`: geographical entity" in make("real")["notes"]
    assert "`per`" not in make("own")["notes"]
