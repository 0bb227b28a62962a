import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from spacy.util import load_config

from scripts.source import Source, WordVectors, write_record
from scripts.train import check_options, overrides, unfinished
from spacy_bilstm_ner.errors import UserError

VECTORS = WordVectors(path="en_x", name="en_x 1.0.0", author="", url="", license="", sha256="")
# A training that says it has begun, and then takes for ever
SLOW = """
import sys, time
import spacy.cli.train
def slow(path, work, **_):
    (work / "model-best").mkdir()
    print("begun", flush=True)
    time.sleep(60)
spacy.cli.train.train = slow
import scripts.train
sys.argv[0] = "train"
scripts.train.main()
"""


def settings(config: Path, vectors: WordVectors | None = None) -> dict[str, object]:
    loaded = load_config(config)
    return overrides(loaded, Path("out"), corpus=Path("corpus/x"), lang="de", seed=0, vectors=vectors)


def test_overrides_are_what_a_run_needs(root: Path) -> None:
    found = settings(root / "configs" / "bilstm.cfg")
    assert found["paths.train"] == "corpus/x/train.spacy"
    assert found["paths.dev"] == "corpus/x/dev.spacy"
    assert found["nlp.lang"] == "de"
    # 0 is a seed
    assert found["system.seed"] == 0
    assert found["training.logger.output_file"] == "out/log.jsonl"


@pytest.mark.parametrize("vectors", [None, VECTORS])
def test_vectors_for_a_config_with_a_place_for_them(root: Path, vectors: WordVectors | None) -> None:
    ours = settings(root / "configs" / "bilstm.cfg", vectors)
    assert ours["paths.vectors"] == (vectors.path if vectors else None)
    load_config(root / "configs" / "bilstm.cfg", ours)
    other = settings(root / "configs" / "tutorial.cfg", vectors)
    assert not any("vector" in option for option in other)


def make_models(work: Path) -> None:
    for name in ("model-best", "model-last"):
        (work / name).mkdir()


def test_a_whole_run_replaces_the_one_before(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "metrics.json").touch()
    with unfinished(out) as work:
        make_models(work)
        assert (out / "metrics.json").exists()
    assert sorted(path.name for path in out.iterdir()) == ["model-best", "model-last"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_a_failed_run_leaves_the_one_before(tmp_path: Path, error: type[BaseException]) -> None:
    out = tmp_path / "run"
    (out / "model-best").mkdir(parents=True)

    def fail() -> None:
        with unfinished(out) as work:
            make_models(work)
            raise error

    with pytest.raises(error):
        fail()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["run", "run/model-best"]


def test_training_without_an_evaluation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="wrote no model-last"), unfinished(tmp_path / "run") as work:
        (work / "model-best").mkdir()
    assert not list(tmp_path.iterdir())


def start_slow(root: Path, tmp_path: Path, *, parent: list[str] | None = None) -> subprocess.Popen[str]:
    write_record(Source(kind="own", name="x", path="x.csv", sha256="0"), tmp_path / "source.json")
    (tmp_path / "run" / "model-best").mkdir(parents=True)
    arguments = [
        str(root / "configs" / "tutorial.cfg"),
        str(tmp_path / "run"),
        "--corpus",
        str(tmp_path),
        "--name",
        "x",
    ]
    command = [*(parent or []), sys.executable, "-c", SLOW, *arguments]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "begun" in (process.stdout.readline() + process.stdout.readline())
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_changes_nothing_and_says_so(root: Path, tmp_path: Path, number: signal.Signals) -> None:
    process = start_slow(root, tmp_path)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.splitlines() == [f"Interrupted, nothing changed: {tmp_path / 'run'} is as it was before."]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "source.json"]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["model-best"]


@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
def test_a_training_ends_with_the_process_that_started_it(root: Path, tmp_path: Path) -> None:
    starter = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
    process = start_slow(root, tmp_path, parent=starter)
    process.terminate()
    # The pipes are closed when the training, too, has ended
    _, errors = process.communicate(timeout=30)
    assert "Interrupted, nothing changed" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "source.json"]


def test_options_that_are_not_ours_name_a_section() -> None:
    check_options(["--training.dropout", "0.4", "--training.patience", "-1", "--nlp.batch_size=64"])
    with pytest.raises(UserError, match="there is no option --sede"):
        check_options(["--training.dropout", "0.4", "--sede", "1"])
