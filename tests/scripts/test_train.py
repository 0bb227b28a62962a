import os
import signal
import subprocess
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
# A training that says it has begun, and then takes for ever
SLOW = """
import sys, time
import spacy.cli.train
def slow(path, work, **_):
    (work / "model-best").mkdir()
    print("begun", flush=True)
    try:
        time.sleep(60)
    finally:
        # As spaCy does when it is interrupted: there is no time for that
        print("saving a last model", flush=True)
spacy.cli.train.train = slow
import scripts.step
import scripts.train
sys.argv[0] = "train"
scripts.step.step(scripts.train.main)
"""


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


def start_slow(root: Path, corpus: Path) -> subprocess.Popen[str]:
    (corpus.parent / "runs" / "run" / "model-best").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", SLOW, *arguments(root, corpus, "tutorial")]
    process = subprocess.Popen(
        command,
        cwd=corpus.parent,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "begun" in (process.stdout.readline() + process.stdout.readline())
    return process


def files_of(corpus: Path) -> list[str]:
    runs = corpus.parent / "runs"
    return sorted(path.relative_to(runs).as_posix() for path in runs.rglob("*"))


@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_leaves_the_run_before(
    root: Path, corpus: Path, number: int
) -> None:
    process = start_slow(root, corpus)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines() == ["Interrupted, nothing changed."]
    assert files_of(corpus) == ["run", "run/model-best"]
