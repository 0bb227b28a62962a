import sys
from pathlib import Path

import pytest
import srsly
from spacy.cli._util import parse_config_overrides
from spacy.util import load_config

from spacy_bilstm_ner.errors import UserError
from scripts.source import WordVectors
from scripts.train import check_overrides, train, train_command

MAKE_MODELS = (
    "import os, pathlib; p = pathlib.Path({out!r}); (p / 'model-best').mkdir(); {more}"
    "(p / 'threads').write_text(os.environ['OMP_NUM_THREADS'])"
)


VECTORS = WordVectors(path="en_x", name="en_x 1.0.0", author="", url="", license="", sha256="")


def fake(out_dir: Path, *, more: str = "(p / 'model-last').mkdir(); ") -> list[str]:
    return [sys.executable, "-c", MAKE_MODELS.format(out=str(out_dir), more=more)]


def test_command_overrides_what_a_run_needs() -> None:
    command = train_command(Path("configs/bilstm.cfg"), Path("out"), corpus=Path("corpus/x"), lang="de", seed=0, gpu=-1)
    pairs = dict(zip(command[5::2], command[6::2], strict=True))
    assert command[1:5] == ["-m", "spacy", "train", "configs/bilstm.cfg"]
    assert pairs["--paths.train"] == "corpus/x/train.spacy"
    assert pairs["--paths.dev"] == "corpus/x/dev.spacy"
    assert pairs["--nlp.lang"] == "de"
    # 0 is a seed
    assert pairs["--system.seed"] == "0"
    assert pairs["--gpu-id"] == "-1"
    assert pairs["--training.logger.output_file"] == "out/log.jsonl"


@pytest.mark.parametrize(("words", "expected"), [(10_000, "1500"), (220_000, "1800"), (5_000_000, None)])
def test_a_small_corpus_takes_fewer_updates(root: Path, tmp_path: Path, words: int, expected: str | None) -> None:
    srsly.write_json(tmp_path / "stats.json", {"splits": {"train": {"tokens": words}}})
    for name, number in (("bilstm", expected), ("spacy_ner", None), ("tutorial", None)):
        config = root / "configs" / f"{name}.cfg"
        command = train_command(config, Path("out"), corpus=tmp_path, lang="en", seed=0, gpu=-1)
        pairs = dict(zip(command[5::2], command[6::2], strict=True))
        assert pairs.get("--training.max_steps") == number
        assert pairs.get("--training.optimizer.learn_rate.num_steps") == number


@pytest.mark.parametrize("vectors", [None, VECTORS])
def test_vectors_for_a_config_with_a_place_for_them(root: Path, vectors: WordVectors | None) -> None:
    def options(name: str) -> dict[str, str]:
        config = root / "configs" / f"{name}.cfg"
        command = train_command(config, Path("out"), corpus=Path("x"), lang="en", seed=0, gpu=-1, vectors=vectors)
        pairs = dict(zip(command[5::2], command[6::2], strict=True))
        # As `spacy train` understands it
        return parse_config_overrides([f"{key}={value}" for key, value in pairs.items() if "." in key])

    ours = options("bilstm")
    assert ours["paths.vectors"] == (vectors.path if vectors else None)
    assert ours.get("components.ner.model.tok2vec.vector_width") == (None if vectors else 0)
    load_config(root / "configs" / "bilstm.cfg", ours)
    for other in ("tutorial", "spacy_ner"):
        assert not any("vector" in option for option in options(other))


def test_old_run_is_cleared_and_threads_are_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    out = tmp_path / "run"
    (out / "model-best").mkdir(parents=True)
    (out / "log.jsonl").touch()
    train(fake(out), out)
    assert sorted(path.name for path in out.iterdir()) == ["model-best", "model-last", "threads"]
    assert (out / "threads").read_text() == "1"


def test_users_own_number_of_threads_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    train(fake(tmp_path / "run"), tmp_path / "run")
    assert (tmp_path / "run" / "threads").read_text() == "2"


def test_failed_training_leaves_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="exit code 3"):
        train(fake(tmp_path, more="raise SystemExit(3); "), tmp_path)
    assert not (tmp_path / "model-best").exists()


def test_training_without_an_evaluation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="wrote no model-last"):
        train(fake(tmp_path, more=""), tmp_path)
    assert not (tmp_path / "model-best").exists()


def test_options_that_are_not_ours_name_a_section() -> None:
    check_overrides(["--training.dropout", "0.4", "--training.patience", "-1", "--nlp.batch_size=64"])
    with pytest.raises(UserError, match="there is no option --sede"):
        check_overrides(["--training.dropout", "0.4", "--sede", "1"])
