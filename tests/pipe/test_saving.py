"""A pipe that is damaged, or saved with another model, is refused before it predicts."""

import builtins
import pickle
import shutil
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
import torch
from spacy.util import load_model_from_config

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.network.parts import parts
from spacy_bilstm_ner.pipe.loading import load_pipeline
from tests.util import blank, texts, train


@pytest.fixture(scope="module")
def saved(complete, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    complete.to_disk(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(saved, tmp_path / "damaged"))


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return damage


def cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return damage


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def swap(name: str) -> Callable[[Path], None]:
    """Take a file of another pipe with the same labels."""

    def damage(folder: Path) -> None:
        trained_further = spacy.load(folder)
        train(trained_further, steps=1)
        trained_further.get_pipe("ner").cfg["calibration"] = [2.0, 0.0]
        trained_further.to_disk(folder.with_name("other"))
        shutil.copy(folder.with_name("other") / name, folder / name)

    return damage


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "cfg is cut": cut("ner/cfg"),
    "model is cut": cut("ner/model"),
    "no cfg": remove("ner/cfg"),
    "no model": remove("ner/model"),
    "cfg is a list": lambda folder: (folder / "ner" / "cfg").write_text("[1]"),
    "cfg of another pipe": swap("ner/cfg"),
    "model of another pipe": swap("ner/model"),
    "another label": replace("ner/cfg", '"per"', '"loc"'),
    "features in another order": replace("config.cfg", '"suffix3", "shape"', '"shape", "suffix3"'),
    "another feature": replace("config.cfg", '"suffix3"', '"prefix3"'),
    "other widths": replace("config.cfg", "32, 16, 16", "16, 32, 16"),
    "another hidden width": replace("config.cfg", "hidden_width = 32", "hidden_width = 16"),
    "no transitions": replace(
        "config.cfg", "transitions = true\nwords = true\nngrams = true", "words = true"
    ),
    "no words": replace("config.cfg", "words = true", "words = false"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_no_damaged_pipe_predicts(name, folder):
    DAMAGE[name](folder)
    with pytest.raises((ValueError, FileNotFoundError), match="damaged/ner") as caught:
        spacy.load(folder)
    assert "elete" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_numbers_that_are_not_finite(value, complete):
    ner = deepcopy(complete.get_pipe("ner"))
    for node in ner.model.walk():
        for name in node.param_names:
            weights = node.get_param(name)
            last, weights.flat[-1] = weights.flat[-1], value
            with pytest.raises(ValueError, match="a weight is not finite"):
                ner.to_bytes()
            weights.flat[-1] = last


def test_altered_bytes_change_no_answer(folder):
    """One bit at 100 places of each file: what is loaded in spite of it is the same."""
    rng = np.random.default_rng(0)
    ner = spacy.load(folder).get_pipe("ner")
    settings = dict(ner.cfg)
    for path in [folder / "ner" / "cfg", folder / "ner" / "model"] * 100:
        original = path.read_bytes()
        data = bytearray(original)
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        with suppress(ValueError):
            ner.from_disk(folder / "ner", exclude=["vocab"])
            # The bit was in white space.
            assert path.name == "cfg"
            assert ner.cfg == settings
        path.write_bytes(original)


def test_a_pipe_of_version_0_1(folder):
    """It has no digest."""
    replace("ner/cfg", '"digest"', '"fingerprint"')(folder)
    with pytest.raises(ValueError, match="saved by another version"):
        spacy.load(folder)


@pytest.mark.parametrize("data", [b"", b"abc", srsly.msgpack_dumps({"cfg": b"{}"})])
def test_damaged_bytes(data):
    with pytest.raises(ValueError, match=r"nput|data|the saved ner"):
        blank().get_pipe("ner").from_bytes(data)


def test_a_pipe_with_another_architecture(saved, complete):
    ner = spacy.blank("en").add_pipe("bilstm_ner")
    advice = r"spacy\.load, or use nlp\.add_pipe.*source"
    with pytest.raises(ValueError, match=advice):
        ner.from_disk(saved / "ner")
    with pytest.raises(ValueError, match=advice):
        ner.from_bytes(complete.get_pipe("ner").to_bytes())


def test_a_number_that_is_not_finite_is_found_at_first_use(nlp, ner):
    nlp(texts()[0])
    output = parts(ner.model).output
    output.set_param("b", output.get_param("b") * np.nan)
    with pytest.raises(ValueError, match="a prediction is not finite"):
        nlp(texts()[0])


@pytest.mark.parametrize("value", [float("nan"), 70, "0.5", None])
def test_a_threshold_out_of_range_is_reported_at_first_use(value, nlp, ner):
    ner.cfg["threshold"] = value
    with pytest.raises(ValueError, match=f"threshold must be .*{value!r}"):
        nlp(texts()[0])
    ner.cfg |= {"threshold": 0.0, "thresholds": {"geo": -1}}
    with pytest.raises(ValueError, match="threshold of geo must be "):
        nlp(texts()[0])


def test_nothing_in_a_pipelines_files_is_run(complete, saved, monkeypatch):
    """Nothing is read that could run code: no pickle, eval, torch.load or array of objects."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("this could run code")

    nlp = load_model_from_config(complete.config)
    load = np.load
    for module, name in ((pickle, "load"), (pickle, "loads"), (torch, "load"), (builtins, "eval")):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(np, "load", lambda file, **_: load(file, allow_pickle=False))
    nlp.from_disk(saved)
    monkeypatch.undo()
    assert len(nlp(texts()[0]).ents) > 0


@pytest.mark.parametrize("name", ["meta.json", "config.cfg", "vocab/strings.json", "ner/model"])
def test_a_pipeline_of_which_a_file_was_cut_is_not_loaded(name, folder):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=r"cannot be loaded: .* install the pipeline again"):
        load_pipeline(folder)
