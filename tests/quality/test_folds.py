import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc
from thinc.api import Config

from spacy_bilstm_ner.default_config import read_config
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality import folds
from spacy_bilstm_ner.quality.folds import (
    find_missing,
    make_folds,
    read_folds,
    train_folds,
)
from tests import util

from .helpers import VOCAB, command, make_csv, read_json

PEOPLE = [(["Anna", "saw", f"ship{chr(65 + n)}"], ["B-per", "O", "O"]) for n in range(30)]
THREE = ("--folds", "3")


def make_docs(texts: list[str], documents: list[str] | None = None) -> list[Doc]:
    """Make Docs whose first word is an entity."""
    docs = []
    for text, document in zip(texts, documents or [""] * len(texts), strict=True):
        words = text.split()
        doc = Doc(VOCAB, words=words, ents=["B-per"] + ["O"] * (len(words) - 1))
        doc.user_data["origin"] = {"file": "f", "document": document}
        docs.append(doc)
    return docs


def document_of(doc: Doc) -> str:
    return doc.user_data["origin"]["document"]


@pytest.mark.parametrize("seed", range(5))
def test_folds_divide_the_corpus_and_never_leak(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = [f"Anna saw {rng.integers(200)} ships" for _ in range(200)]
    docs = make_docs(texts, [f"d{rng.integers(66)}" for _ in range(200)])
    corpus_folds = make_folds(docs, n_folds=5)
    test_sets = [set(fold.test) for fold in corpus_folds]
    assert set.union(*test_sets) == set(range(200))
    assert sum(map(len, test_sets)) == 200
    for fold in corpus_folds:
        learned = [*fold.train, *fold.dev]
        assert len(set(learned)) == len(learned)
        for feature in (lambda doc: doc.text, document_of):
            in_test = {feature(docs[i]) for i in fold.test}
            assert in_test.isdisjoint(feature(docs[i]) for i in learned)
        assert 25 <= len(fold.test) <= 60


def test_copies_of_a_sentence_are_in_one_fold() -> None:
    docs = make_docs([f"Anna saw {number // 2} ships" for number in range(40)])
    for fold in make_folds(docs, n_folds=4):
        assert len({docs[i].text for i in fold.test}) == len(fold.test) / 2 == 5


def test_labels_do_not_change_folds() -> None:
    docs = make_docs([f"Anna saw {number} ships" for number in range(50)])
    before = [fold.test for fold in make_folds(docs, n_folds=5)]
    docs[7].ents = []
    assert before == [fold.test for fold in make_folds(docs, n_folds=5)]


def test_too_few_sentences() -> None:
    docs = make_docs(["Anna flew", "Peter ran", "Anna flew", "Anna flew"])
    with pytest.raises(UserError, match="4 sentences in 2 groups are too few for 3 folds"):
        make_folds(docs, n_folds=3)


def test_large_corpora_have_the_batches_of_the_config() -> None:
    config = Config().from_str(read_config(), interpolate=False)
    assert config["training"]["batcher"]["size"] == folds.BATCH[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of thirty sentences."""
    make_csv(tmp_path / "f.csv", PEOPLE)
    return tmp_path / "f.csv"


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Copy a trained pipeline instead of training. The list gets the names of the folders. If it
    begins with "interrupt", the second training is interrupted."""
    util.trained().to_disk(tmp_path / "trained")
    names: list[str] = []

    def copy_pipeline(config: Path, output: Path, **options: Any) -> None:
        names.append(output.name)
        if names[0] == "interrupt" and len(names) == 3:
            raise KeyboardInterrupt
        shutil.copytree(tmp_path / "trained", output / "model-best", dirs_exist_ok=True)

    monkeypatch.setattr(folds, "train", copy_pipeline)
    monkeypatch.setattr(folds, "Workers", util.WorkersHere)
    return names


def test_an_interrupted_command_resumes(
    file: Path, tmp_path: Path, trainings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    trainings.append("interrupt")
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as exit_info:
        command("audit", file, out, *THREE)
    assert exit_info.value.code == 130
    captured = capsys.readouterr()
    assert "0/3" in captured.err
    assert captured.err.splitlines()[-1] == "Interrupted."
    corpus = read_folds(file, out, n_folds=3)
    assert find_missing(corpus, ["fold"]) == [("fold", 2), ("fold", 3)]
    train_folds(corpus)
    assert find_missing(corpus, ["fold"]) == []
    examples = folds.predict_folds(corpus)
    assert [example.reference.text for example in examples] == [doc.text for doc in corpus.docs]


def test_a_failed_training_is_one_line(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config().replace("hidden_width = 64", "hidden_width = 0")
    monkeypatch.setattr(folds, "read_config", lambda: config)
    with pytest.raises(SystemExit) as exit_info:
        command("crossvalidate", file, tmp_path / "out", *THREE)
    message = str(exit_info.value.code)
    assert message.startswith("Error: the training of ")
    assert "hidden_width must be" in message
    assert not list((tmp_path / "out").rglob(folds.CHECKSUM))


def test_pipelines_with_other_settings_are_trained_again(
    file: Path, tmp_path: Path, trainings: list[str]
) -> None:
    out = tmp_path / "out"
    train_folds(read_folds(file, out, n_folds=3))
    assert find_missing(read_folds(file, out, n_folds=3), ["fold"]) == []
    assert len(find_missing(read_folds(file, out, n_folds=2), ["fold"])) == 2
    assert len(find_missing(read_folds(file, out, n_folds=3, lang="de"), ["fold"])) == 3
    make_csv(file, [(PEOPLE[0][0], ["B-per", "B-per", "O"]), *PEOPLE[1:]])
    assert len(find_missing(read_folds(file, out, n_folds=3), ["fold"])) == 3


def test_crossvalidate_and_audit_share_the_folds(
    file: Path, tmp_path: Path, trainings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command("audit", file, out, *THREE)
    assert sorted(trainings) == ["fold-1", "fold-2", "fold-3"]
    assert f"python -m spacy_bilstm_ner convert {file} corpus" in capsys.readouterr().out
    command("crossvalidate", file, out, *THREE)
    assert len(trainings) == 6
    text, err = capsys.readouterr()
    assert "3/6" in err
    # All pipelines are the same here.
    assert "More data may not help" in text
    assert "adds +0.0 points (+0.0 to +0.0)" in text
    assert f"python -m spacy_bilstm_ner audit {file} {out}" in text
    figures = read_json(out / "crossvalidation.json")
    *_, total, _ = figures["table"]
    assert total["95 % from"] <= total["F"] <= total["to"]
    assert "30 sentences" in (out / "audit.json").read_text(encoding="utf-8")
