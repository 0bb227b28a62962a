import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import srsly

from scripts import train
from scripts.source import Source, WordVectors, write
from scripts.train import MODELS, unfinished
from spacy_bilstm_ner.errors import UserError

from .helpers import make_test_set

VECTORS = WordVectors(path="en_x", name="en_x 1.0.0", sha256="0")
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
    write(folder / "source.json", Source(kind="own", name="x", path="x.csv", sha256="0"))
    write(folder / "vectors.json", VECTORS)
    for name in ("train", "dev"):
        make_test_set(folder / f"{name}.spacy")
    return folder


def arguments(root: Path, corpus: Path, config: str = "bilstm") -> list[str]:
    files = [str(root / "configs" / f"{config}.cfg"), str(corpus.parent / "runs" / "run")]
    return [*files, "--corpus", str(corpus), "--name", "x"]


@pytest.mark.parametrize(
    ("config", "vectors"), [("bilstm", "en_x"), ("tutorial", None), ("spacy_ner", None)]
)
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
            (work / name / "config.cfg").write_text(
                f"output_file = {work.as_posix()}/log.jsonl", encoding="utf-8"
            )

    monkeypatch.setattr(train, "spacy_train", fake)
    options = ["--nlp.lang", "de", "--system.seed", "0", "--training.dropout", "0.4"]
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus, config), *options])
    train.main()
    run = corpus.parent / "runs" / "run"
    (found,) = calls
    assert found.get("paths.vectors") == vectors
    assert found["paths.dev"] == (corpus / "dev.spacy").as_posix()
    # 0 is a seed
    assert (found["nlp.lang"], found["system.seed"], found["training.dropout"]) == ("de", 0, 0.4)
    assert found["training.logger.output_file"].endswith("run.unfinished/log.jsonl")
    for name in MODELS:
        assert (run / name / "config.cfg").read_text(
            encoding="utf-8"
        ) == f"output_file = {run.as_posix()}/log.jsonl"
        training = srsly.read_json(run / name / "meta.json")["training"]
        assert (training["config"], training["seed"], training["overrides"]) == (
            config,
            0,
            {"training.dropout": 0.4},
        )
        assert training["vectors"] == (VECTORS.name if vectors else None)


@pytest.mark.parametrize("name", ["train.spacy", "dev.spacy"])
def test_a_truncated_corpus_is_named(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = (corpus / name).read_bytes()
    (corpus / name).write_bytes(content[: len(content) // 2])
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus)])
    with pytest.raises(
        UserError,
        match=rf"{name} is damaged: .*delete it and run `spacy project run convert` again",
    ):
        train.main()
    assert not (corpus.parent / "runs").exists()


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


def test_no_such_config(root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus, "nowhere")])
    with pytest.raises(UserError, match=r"there is no config .*nowhere\.cfg"):
        train.main()
    assert not list((corpus.parent / "runs").iterdir())


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
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "run",
        "run/model-best",
    ]


def test_a_model_that_was_put_aside_comes_back(tmp_path: Path) -> None:
    """After a run that was killed while its folder got its name."""
    (tmp_path / "run.old" / "model-best").mkdir(parents=True)

    def fail() -> None:
        with unfinished(tmp_path / "run"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "run",
        "run/model-best",
    ]


def test_training_without_an_evaluation_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="wrote no model-last"),
        unfinished(tmp_path / "run") as work,
    ):
        (work / "model-best").mkdir()
    assert not list(tmp_path.iterdir())


def start_slow(
    root: Path, corpus: Path, *, parent: list[str] | None = None
) -> subprocess.Popen[str]:
    (corpus.parent / "runs" / "run" / "model-best").mkdir(parents=True, exist_ok=True)
    command = [*(parent or []), sys.executable, "-c", SLOW, *arguments(root, corpus, "tutorial")]
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "begun" in (process.stdout.readline() + process.stdout.readline())
    return process


def left(corpus: Path) -> list[str]:
    runs = corpus.parent / "runs"
    return sorted(path.relative_to(runs).as_posix() for path in runs.rglob("*"))


def test_of_two_trainings_into_one_folder_the_second_is_refused_and_the_first_may_be_interrupted(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start_slow(root, corpus)
    assert "run.pid" in left(corpus)
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, corpus, "tutorial")])
    with pytest.raises(
        UserError, match=rf"process {process.pid} has been at work .*kill {process.pid}`"
    ):
        train.main()
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert not printed
    assert errors.splitlines() == ["Interrupted, nothing changed."]
    assert left(corpus) == ["run", "run/model-best"]


def test_what_a_killed_training_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    run, gone = tmp_path / "run", subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / "run.pid").write_text(
        f"{gone.pid} {psutil.Process(gone.pid).create_time()}", encoding="utf-8"
    )
    gone.wait()
    (tmp_path / "run.unfinished" / "model-best").mkdir(parents=True)
    with unfinished(run) as work:
        assert not list(work.iterdir())
        make_models(work)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "run", "run/model-best", "run/model-last",
    ]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
def test_a_training_ends_with_the_process_that_started_it(root: Path, corpus: Path) -> None:
    starter = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
    process = start_slow(root, corpus, parent=starter)
    # SIGTERM for the starter, and then for the training
    process.terminate()
    # The pipes are closed when the training, too, has ended
    _, errors = process.communicate(timeout=60)
    assert "Interrupted, nothing changed" in errors
    assert left(corpus) == ["run", "run/model-best"]


def test_options_that_are_not_ours_name_a_section(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["train", *arguments(root, corpus), "--training.dropout", "0.4", "--sede", "1"]
    )
    with pytest.raises(SystemExit):
        train.main()
    assert "there is no option --sede" in capsys.readouterr().err
