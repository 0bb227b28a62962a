from pathlib import Path
from typing import cast

import pytest
import srsly

from scripts.meta import training_meta, update_meta
from scripts.source import Source, WordVectors

NO_VECTORS = WordVectors()


def make(
    kind: str, vectors: WordVectors = NO_VECTORS, *, config: str = "bilstm"
) -> dict[str, object]:
    source = Source(kind=kind, name="shop.csv", path="secret/place/shop.csv", sha256="0" * 64)
    run = {"config": config, "seed": 7}
    return training_meta(source, vectors, name="shop_ner", version="1.2.3", run=run)


def test_sample_can_never_be_mistaken() -> None:
    meta = make("sample")
    assert meta["version"] == "0.0.0+sample"
    assert "sample" in str(meta["description"])
    assert "NOT" in str(meta["description"])


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
    vectors = WordVectors(
        path="en_x",
        name="en_x 1.0.0",
        author="Ann",
        url="https://x",
        license="CC0",
    )
    meta = make(kind, vectors)
    assert meta["training"] == {"config": "bilstm", "seed": 7, "vectors": "en_x 1.0.0"}
    *first_sources, last = cast(list, meta["sources"])
    assert first_sources == make(kind)["sources"]
    assert last == {
        "name": "Word vectors of en_x 1.0.0",
        "url": "https://x",
        "author": "Ann",
        "license": "CC0",
    }


def test_configs_to_compare_with_have_names_of_their_own() -> None:
    assert make("own")["name"] == "shop_ner"
    assert make("own", config="short")["name"] == "shop_ner"
    assert make("own", config="tutorial")["name"] == "shop_ner_tutorial"


def test_update_keeps_what_is_there(tmp_path: Path) -> None:
    srsly.write_json(tmp_path / "meta.json", {"lang": "de", "version": "0.0.0"})
    expected = {"lang": "de", "version": "1.0.0", "data": {}}
    assert update_meta(tmp_path, {"version": "1.0.0", "data": {}}) == expected
    assert srsly.read_json(tmp_path / "meta.json") == expected
