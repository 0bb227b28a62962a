"""A saved pipe that is damaged, or whose parts do not belong together, is refused: with the file, and what is wrong."""

import json
import shutil
import struct
from collections.abc import Callable
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np
import pytest
import spacy
import srsly
from spacy.language import Language

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.network import stored
from spacy_bilstm_ner.pipe.loading import load_pipeline, why_not_loaded
from tests.util import (
    LABELS,
    SENTENCES,
    blank,
    chance_vectors,
    entities,
    examples,
    small_model,
    texts,
    train,
    trained,
    write_vectors,
)


def model_config() -> dict[str, Any]:
    model = small_model(ngrams=True)
    model["tok2vec"]["vector_width"] = 4
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A pipeline with all parts that one can have."""
    folder = tmp_path_factory.mktemp("whole")
    nlp = blank(model=model_config())
    words = " ".join(texts()).replace(".", "").split()
    source = write_vectors(folder / "vectors", chance_vectors(words))
    nlp.config["initialize"]["components"]["ner"] = {"vectors": source}
    # Each three times: n-grams are what is frequent.
    nlp.initialize(lambda: examples(nlp, SENTENCES * 3))
    train(nlp, steps=30)
    nlp.to_disk(folder / "model")
    return folder / "model"


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    """A copy of it to alter."""
    return Path(shutil.copytree(whole, tmp_path / "altered"))


def alter_cfg(folder: Path, change: Callable[[dict], Any]) -> None:
    path = folder / "ner" / "cfg"
    cfg = json.loads(path.read_text())
    changed = change(cfg)
    path.write_text(json.dumps(cfg if changed is None else changed))


def alter_model(folder: Path, change: Callable[[dict], Any]) -> None:
    path = folder / "ner" / "model"
    msg = srsly.msgpack_loads(path.read_bytes())
    change(msg)
    path.write_bytes(srsly.msgpack_dumps(msg))


def place(msg: dict, layer: str) -> int:
    return next(i for i, node in enumerate(msg["nodes"]) if node["name"] == layer)


def alter_table(msg: dict, layer: str, attr: str, change: Callable[[dict], Any]) -> None:
    """Change the arrays that a layer keeps in an archive."""
    attrs = msg["attrs"][place(msg, layer)]
    with np.load(BytesIO(attrs[attr])) as parts:
        arrays = dict(parts)
    change(arrays)
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    attrs[attr] = file.getvalue()


def reversed_keys(packed: np.ndarray) -> np.ndarray:
    keys = np.cumsum(np.ascontiguousarray(packed.T).view("<u4").ravel(), dtype="uint32")[::-1]
    return np.ascontiguousarray(np.diff(keys, prepend=np.uint32(0)).view("uint8").reshape(-1, 4).T)


def setting(name: str, value: Any) -> Callable[[dict], None]:
    def change(cfg: dict) -> None:
        cfg[name] = value

    return change


CFGS: dict[str, tuple[Callable[[dict], Any], str]] = {
    "not an object": (
        lambda cfg: [1],
        "ner/cfg is damaged: it must hold an object, but holds list",
    ),
    "nothing in it": (lambda cfg: {}, "it has no 'labels'"),
    "no thresholds": (
        lambda cfg: {
            "labels": list(LABELS),
            "threshold": 0,
            "configured_threshold": 0,
            "calibration": [1, 0],
        },
        "it has no 'thresholds'",
    ),
    "fewer labels": (
        setting("labels", list(LABELS[:3])),
        "its cfg has 3 labels, but its model has 9 tags",
    ),
    "no labels": (setting("labels", []), "its cfg has 0 labels, but its model has 9 tags"),
    "more labels": (
        setting("labels", [*LABELS, "art"]),
        "its cfg has 5 labels, but its model has 9 tags",
    ),
    "a label twice": (
        setting("labels", ["geo", "geo", "per", "tim"]),
        "'labels' must be a list of different labels",
    ),
    "labels in another order": (
        setting("labels", list(reversed(LABELS))),
        "must be those of its model",
    ),
    "another label": (
        setting("labels", ["geo", "org", "per", "zoo"]),
        "must be those of its model",
    ),
    "labels that are none": (
        setting("labels", [1, 2, 3, 4]),
        "'labels' must be a list of different labels",
    ),
    "an empty label": (
        setting("labels", ["geo", "org", "per", ""]),
        "'labels' must be a list of different labels",
    ),
    "labels in a string": (
        setting("labels", "geop"),
        "'labels' must be a list of different labels",
    ),
    "threshold too high": (
        setting("threshold", 5),
        "'threshold' must be a number from 0 to 1, but is 5",
    ),
    "threshold as text": (
        setting("threshold", "0.5"),
        "'threshold' must be a number from 0 to 1, but is '0.5'",
    ),
    "threshold is NaN": (
        setting("threshold", float("nan")),
        "'threshold' must be a number from 0 to 1, but is nan",
    ),
    "threshold is true": (
        setting("threshold", True),
        "'threshold' must be a number from 0 to 1, but is True",
    ),
    "configured threshold": (
        setting("configured_threshold", None),
        "'configured_threshold' must be a number",
    ),
    "thresholds in a list": (
        setting("thresholds", [0.5]),
        "'thresholds' must be a number from 0 to 1 for each label",
    ),
    "a label's threshold": (
        setting("thresholds", {"geo": -1}),
        "'thresholds' must be a number from 0 to 1",
    ),
    "three numbers": (setting("calibration", [1, 0, 0]), "'calibration' must be two numbers"),
    "infinite slope": (
        setting("calibration", [float("inf"), 0]),
        "'calibration' must be two numbers",
    ),
    "falling slope": (
        setting("calibration", [-1, 0]),
        "'calibration' must be two numbers, the first above 0",
    ),
    "calibration of text": (
        setting("calibration", ["1", "0"]),
        "'calibration' must be two numbers",
    ),
}


@pytest.mark.parametrize("name", CFGS)
def test_a_cfg_that_is_altered(name, folder):
    change, message = CFGS[name]
    alter_cfg(folder, change)
    with pytest.raises(ValueError, match=r"altered/ner.* is damaged") as caught:
        spacy.load(folder)
    assert message in str(caught.value)


def of_table(layer: str, attr: str, change: Callable[[dict], Any]) -> Callable[[dict], None]:
    return lambda msg: alter_table(msg, layer, attr, change)


def of_param(layer: str, name: str, change: Callable[[np.ndarray], Any]) -> Callable[[dict], None]:
    def alter(msg: dict) -> None:
        params = msg["params"][place(msg, layer)]
        params[name] = change(params[name].copy())

    return alter


def of_node(layer: str, part: str, name: str, value: Any) -> Callable[[dict], None]:
    def alter(msg: dict) -> None:
        i = place(msg, layer)
        (msg["nodes"][i] if part == "nodes" else msg["attrs"][i])[name] = value

    return alter


def put(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[dict], None]:
    def alter(arrays: dict) -> None:
        arrays[name] = change(arrays[name])

    return alter


def with_last(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array.flat[-1] = value
        return array

    return change


MODELS: dict[str, tuple[Callable[[dict], Any], str]] = {
    "a row less": (
        of_param("tag_scores", "W", lambda W: W[:-1]),
        "tag_scores.W must be 9 × 172, but is 8 × 172",
    ),
    "a row less to look up": (
        of_param("hashembed", "E", lambda E: E[:-1]),
        "hashembed.E must be 500 × 32",
    ),
    "a column less": (
        of_param("lstm", "R_forward", lambda R: R[:, 1:]),
        "lstm.R_forward must be 128 × 32",
    ),
    "flat": (of_param("bilstm", "W_backward", np.ravel), "bilstm.W_backward must be 128 × 76"),
    "transitions": (
        of_param("tag_scores", "transitions", lambda t: t[:7, :7]),
        "tag_scores.transitions must be 9 × 9",
    ),
    "doubles": (
        of_param("lstm", "b_forward", lambda b: b.astype("f8")),
        "lstm.b_forward must be of float32",
    ),
    "a weight gone": (of_param("tag_scores", "b", lambda b: None), "tag_scores has no b"),
    "vector of the unknown": (
        of_param("static_vectors", "unknown", lambda u: u[1:]),
        "static_vectors.unknown must be 4",
    ),
    "a layer less": (lambda msg: [part.pop() for part in msg.values()], "mismatched structure"),
    "a layer of another name": (
        of_node("lstm", "nodes", "name", "tsml"),
        "a layer must be lstm, but is tsml",
    ),
    "a function": (
        of_node("bilstm_tagger", "attrs", "segment", srsly.msgpack_dumps(7)),
        "bilstm_tagger.segment must be",
    ),
    "other features": (
        of_node(
            "word_embedding", "attrs", "features", srsly.msgpack_dumps(["shape", "suffix3", "form"])
        ),
        "word_embedding.features must be ['form', 'suffix3', 'shape']",
    ),
    "another seed": (
        of_node("hashembed", "attrs", "seed", srsly.msgpack_dumps(9)),
        "seeds must be 1, 2, …",
    ),
    "word dropout": (
        of_node("word_embedding", "attrs", "feature_dropout", srsly.msgpack_dumps(1.5)),
        "below 1, but is 1.5",
    ),
    "n-gram keys unsorted": (
        of_table("ngrams", "weights", put("words_keys", reversed_keys)),
        "n-grams' words.keys must be sorted",
    ),
    "n-grams a row short": (
        of_table("ngrams", "weights", put("neighbours_values", lambda values: values[:, 1:])),
        "n-grams' neighbours.values must be ",
    ),
    "n-grams of other tags": (
        of_table("ngrams", "weights", put("bias", lambda bias: bias[:7])),
        "n-grams' words.values",
    ),
    "n-grams without an end": (
        of_table("ngrams", "weights", put("words_values", with_last(1))),
        "n-grams' words.values must end with a row of zeros",
    ),
    "n-grams with NaN": (
        of_table("ngrams", "weights", put("scale", with_last(np.nan))),
        "n-grams' scale must be finite",
    ),
    "n-grams' transitions": (
        of_table("ngrams", "weights", put("transitions", lambda steps: steps[1:])),
        "n-grams' transitions must be 9 × 9",
    ),
    "no bias": (
        of_table("ngrams", "weights", lambda arrays: arrays.pop("bias")),
        "but has no bias",
    ),
    "integers of another size": (
        of_table("ngrams", "weights", put("words_values", lambda values: values.astype("i2"))),
        "words_values must be of int8, but is of int16",
    ),
    "vector keys unsorted": (
        of_table("static_vectors", "table", put("keys", reversed_keys)),
        "vectors.keys must be sorted",
    ),
    "a vector short": (
        of_table("static_vectors", "table", put("values", lambda values: values[:-1])),
        "vectors.rows must be below",
    ),
    "vectors' rows": (
        of_table("static_vectors", "table", put("rows", lambda rows: rows[:, 1:])),
        "vectors.rows must be",
    ),
    "narrow vectors": (
        of_table("static_vectors", "table", put("scale", lambda scale: scale[1:])),
        "vectors.scale must be 4, but is 3",
    ),
    "clusters of fewer vectors": (
        of_table("static_vectors", "table", put("clusters", lambda clusters: clusters[1:])),
        "vectors.clusters must be",
    ),
    "objects": (
        of_table("static_vectors", "table", put("values", lambda values: values.astype(object))),
        "values must be of int8, but is of object",
    ),
    "no archive": (of_node("ngrams", "attrs", "weights", b"PK"), "File is not a zip file"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_is_altered(name, folder):
    change, message = MODELS[name]
    alter_model(folder, change)
    with pytest.raises(ValueError, match="altered/ner/model is damaged: ") as caught:
        spacy.load(folder)
    assert message in str(caught.value)


def parameters(nlp: Language) -> list[tuple[Any, str]]:
    model = nlp.get_pipe("ner").model
    return [
        (node, name) for node in model.walk() for name in node.param_names if node.has_param(name)
    ]


def test_one_number_that_is_not_finite_in_any_weight(whole):
    nlp, ner = spacy.load(whole), blank(model=model_config()).get_pipe("ner")
    assert len(parameters(nlp)) == 19
    values = cycle([np.nan, np.inf, -np.inf, 1e30])
    for (node, name), value in zip(parameters(nlp), values, strict=False):
        param = node.get_param(name)
        kept, param.flat[-1] = param.flat[-1], value
        with pytest.raises(
            ValueError, match=rf"not finite, NaN or infinite, in {node.name}\.{name}"
        ):
            ner.from_bytes(nlp.get_pipe("ner").to_bytes())
        param.flat[-1] = kept


def test_a_number_that_is_not_finite_is_found_at_first_use(whole):
    nlp = spacy.load(whole)
    nlp(texts()[0])
    nlp.get_pipe("ner").model.layers[2].get_param("b")[0] = np.nan
    with pytest.raises(ValueError, match=r"a prediction is not finite .*tag_scores\.b"):
        nlp(texts()[0])


@pytest.mark.parametrize("name", ["cfg", "model"])
@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_file_that_was_cut(name, share, folder):
    path = folder / "ner" / name
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=f"altered/ner/{name} is damaged: "):
        spacy.load(folder)


@pytest.mark.parametrize("name", ["cfg", "model"])
def test_a_file_that_is_missing(name, folder):
    (folder / "ner" / name).unlink()
    with pytest.raises(ValueError, match=f"altered/ner/{name} is damaged: it is missing"):
        spacy.load(folder)


def test_a_model_of_another_config(folder):
    config = folder / "config.cfg"
    config.write_text(config.read_text().replace("hidden_width = 32", "hidden_width = 16"))
    with pytest.raises(
        ValueError, match=r"ner/model is damaged: .*Or it was made with another config\.cfg"
    ):
        spacy.load(folder)


def test_damaged_bytes():
    ner = blank().get_pipe("ner")
    for data in (b"", b"abc", srsly.msgpack_dumps({"cfg": b"{}"}), srsly.msgpack_dumps([1])):
        with pytest.raises(ValueError, match="ner in bytes is damaged: "):
            ner.from_bytes(data)


def test_a_pipe_whose_loading_failed_is_not_used(whole, folder, tmp_path):
    alter_model(folder, of_param("tag_scores", "W", lambda W: W[:-1]))
    nlp = spacy.load(whole)
    before = entities(nlp(texts()[0]))
    ner = nlp.get_pipe("ner")
    with pytest.raises(ValueError, match="is damaged"):
        ner.from_disk(folder / "ner", exclude=["vocab"])
    with pytest.raises(ValueError, match=r"ner cannot be used: .*could not be loaded"):
        nlp(texts()[0])
    with pytest.raises(ValueError, match=r"ner cannot be used: .*could not be loaded"):
        ner.to_disk(tmp_path / "again")
    ner.from_disk(whole / "ner", exclude=["vocab"])
    assert entities(nlp(texts()[0])) == before != []


def bomb(name: str, size: int, claimed: int) -> bytes:
    """An archive with zeros that take little room, whose header claims any number of them."""
    file = BytesIO()
    with (
        ZipFile(file, "w", ZIP_DEFLATED) as archive,
        archive.open(f"{name}.npy", "w", force_zip64=True) as entry,
    ):
        np.lib.format.write_array_header_1_0(
            entry, {"descr": "|u1", "fortran_order": False, "shape": (claimed,)}
        )
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))
    return file.getvalue()


def test_a_table_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(stored, "MAX_BYTES", 10 << 20)
    data = bomb("keys", 11 << 20, 11 << 20)
    assert len(data) < 1 << 16
    monkeypatch.setattr(ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(
        ValueError, match=r"but 10,485,760 are allowed; .*network\.stored\.MAX_BYTES"
    ):
        stored.read_arrays(data, {"keys": "u1"})


def test_a_header_that_claims_more_than_there_is():
    with pytest.raises(ValueError, match="cannot reshape"):
        stored.read_arrays(bomb("keys", 1 << 20, 1 << 50), {"keys": "u1"})


def test_a_directory_that_claims_less_than_there_is():
    data = bytearray(bomb("keys", 1 << 20, 1 << 20))
    # The size in the directory at the end
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    with pytest.raises(BadZipFile, match="CRC"):
        stored.read_arrays(bytes(data), {"keys": "u1"})


def test_what_an_older_pipe_does_not_say_of_its_labels_is_not_asked(folder):
    alter_model(folder, lambda msg: msg["attrs"][place(msg, "bilstm_tagger")].pop("labels"))
    alter_cfg(folder, setting("fingerprint", None))
    nlp = spacy.load(folder)
    assert nlp.get_pipe("ner").labels == LABELS
    # From then on it says it.
    nlp.to_disk(folder)
    alter_cfg(folder, CFGS["labels in another order"][0])
    with pytest.raises(ValueError, match="must be those of its model"):
        spacy.load(folder)


def test_labels_that_were_loaded_without_a_model_are_those_of_the_next_one():
    ner = blank().get_pipe("ner")
    ner.add_label("zoo")
    ner.from_bytes(trained().get_pipe("ner").to_bytes(), exclude=["model"])
    ner.initialize(lambda: examples(blank()))
    other = blank().get_pipe("ner").from_bytes(ner.to_bytes())
    assert other.labels == ner.labels == LABELS


def test_nothing_in_a_pipelines_files_is_run(whole, monkeypatch):
    """No pickle, eval, torch.load or array of objects: what could run code when it is read is not read."""
    import builtins
    import pickle

    import torch

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("this could run code")

    loaded = (whole / "ner" / "model").read_bytes()
    nlp = blank(model=model_config())
    real_load = np.load

    def load(*args: Any, allow_pickle: bool = False, **kwargs: Any) -> Any:
        assert not allow_pickle
        return real_load(*args, allow_pickle=False, **kwargs)

    for module, name in ((pickle, "load"), (pickle, "loads"), (torch, "load"), (builtins, "eval")):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(np, "load", load)
    nlp.from_disk(whole)
    monkeypatch.undo()
    assert len(nlp(texts()[0]).ents) > 0
    # Neither a pickle's opcodes nor torch's format
    assert b"cposix" not in loaded
    assert b"torch" not in loaded


def test_each_file_of_a_pipeline_that_was_cut_is_named(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 10
    assert spacy.load(folder).pipe_names == ["ner"]
    for path in files:
        data = path.read_bytes()
        for wrong in (data[: len(data) // 2], b"", b"\0"):
            path.write_bytes(wrong)
            with pytest.raises(
                UserError, match=f"cannot be loaded: {path} is damaged: .*Delete it"
            ):
                load_pipeline(folder)
        path.write_bytes(data)


def test_bytes_that_were_altered_do_not_change_an_answer_unseen(folder):
    """One byte in 200 places of what a recogniser is saved in: what is loaded in spite of it is the same."""
    rng = np.random.default_rng(0)
    ner = spacy.load(folder).get_pipe("ner")
    before = {name: (folder / "ner" / name).read_bytes() for name in ("cfg", "model")}
    settings = dict(ner.cfg)
    for name in [*before] * 100:
        data = bytearray(before[name])
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        (folder / "ner" / name).write_bytes(data)
        message = ""
        try:
            ner.from_disk(folder / "ner", exclude=["vocab"])
        except ValueError as error:
            message = str(error)
        if message:
            assert "altered/ner" in message
            assert "is damaged" in message
        else:
            # In the white space, or the fingerprint's own name
            assert name == "cfg"
            assert {key: ner.cfg[key] for key in settings} == settings
        (folder / "ner" / name).write_bytes(before[name])


def test_a_cfg_or_a_model_of_another_pipe_with_the_same_labels(folder, tmp_path):
    other = spacy.load(folder)
    train(other, steps=1)
    other.get_pipe("ner").cfg["calibration"] = [2.0, 0.0]
    other.to_disk(tmp_path / "other")
    for name in ("cfg", "model"):
        mine = (folder / "ner" / name).read_bytes()
        (folder / "ner" / name).write_bytes((tmp_path / "other" / "ner" / name).read_bytes())
        with pytest.raises(ValueError, match="its cfg and model are not as they were saved"):
            spacy.load(folder)
        (folder / "ner" / name).write_bytes(mine)


def test_a_cfg_without_a_fingerprint_may_be_changed(folder):
    alter_cfg(folder, lambda cfg: {**cfg, "threshold": 0.5, "fingerprint": None})
    assert spacy.load(folder).get_pipe("ner").cfg["threshold"] == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("threshold", value) for value in (float("nan"), 70, "0.5", None)),
        *(("thresholds", value) for value in (None, {"geo": float("nan")})),
        *(("calibration", value) for value in ([float("nan"), 0.0], [1, 2, 3])),
    ],
)
def test_a_setting_that_is_wrong_is_told_at_first_use(name, value, tmp_path):
    nlp = trained()
    nlp.get_pipe("ner").cfg[name] = value
    with pytest.raises(ValueError, match=f"'{name}' must be "):
        nlp(texts()[0])
    with pytest.raises(ValueError, match=f"'{name}' must be "):
        nlp.to_disk(tmp_path)


def test_what_is_wrong_with_a_whole_pipeline_is_what_spacy_says(whole):
    assert why_not_loaded(whole, ValueError("it has no heart")) == "it has no heart"
