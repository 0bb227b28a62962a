import sys
from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts import train
from scripts.train import MODELS
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.whole import save_json
from tests.quality.helpers import DATA, make_test_set

VECTORS = {"path": "en_x", "name": "en_x 1.0.0"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    save_json(folder / "source.json", DATA | {"path": "tiny.csv"})
    save_json(folder / "vectors.json", VECTORS)
    for name in ("train", "dev"):
        make_test_set(folder / f"{name}.spacy")
    return folder


def arguments(root: Path, corpus: Path, config: str = "bilstm") -> list[str]:
    files = [str(root / "configs" / f"{config}.cfg"), str(corpus.parent / "runs" / "run")]
    return [*files, "--corpus", str(corpus), "--name", "x", "--version", "0.2.0"]


@pytest.mark.parametrize(("config", "vectors"), [("bilstm", "en_x"), ("tutorial", None)])
def test_what_a_run_sets_and_what_its_models_say(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, config: str, vectors: str | None
) -> None:
    calls: list[dict[str, Any]] = []

    def fake(path: Path, work: Path, *, use_gpu: int, overrides: dict[str, Any]) -> None:
        calls.append(overrides)
        assert path.is_file()
        for name in MODELS:
            (work / name).mkdir()
            srsly.write_json(work / name / "meta.json", {"lang": "de"})

    monkeypatch.setattr(train, "spacy_train", fake)
    options = ["--nlp.lang", "de", "--system.seed", "0", "--training.dropout", "0.4"]
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus, config), *options])
    train.main()
    run = corpus.parent / "runs" / "run"
    (overrides,) = calls
    assert overrides.get("paths.vectors") == vectors
    assert overrides["paths.dev"] == (corpus / "dev.spacy").as_posix()
    # 0 is a seed
    assert (overrides["nlp.lang"], overrides["system.seed"], overrides["training.dropout"]) == (
        "de",
        0,
        0.4,
    )
    for name in MODELS:
        training = srsly.read_json(run / name / "meta.json")["training"]
        assert (training["config"], training["seed"], training["overrides"]) == (
            config,
            0,
            {"nlp.lang": "de", "system.seed": 0, "training.dropout": 0.4},
        )
        assert training["vectors"] == (VECTORS["name"] if vectors else None)


def test_weights_that_are_lost_are_told_in_a_line(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(*_: object, **options: object) -> None:
        raise ValueError("ner: the loss is not finite. Lower the learning rate")

    monkeypatch.setattr(train, "spacy_train", fake)
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus)])
    with pytest.raises(
        UserError, match=r"^the training failed: ner: the loss is not finite\. Lower"
    ):
        train.main()
    assert not list((corpus.parent / "runs").iterdir())
