import argparse
import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from thinc.api import Config

from spacy_bilstm_ner.default_config import read_config
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality import folds
from spacy_bilstm_ner.quality.folds import deal
from tests import util

from .helpers import command

VOCAB = spacy.blank("en").vocab


def make_docs(*texts: str, documents: list[str] | None = None) -> list[Doc]:
    names = documents or [""] * len(texts)
    return [
        Doc(
            VOCAB,
            words=text.split(),
            ents=["B-per"] + ["O"] * (len(text.split()) - 1),
            user_data={"origin": {"file": "f", "line": i, "document": name}},
        )
        for i, (text, name) in enumerate(zip(texts, names, strict=True), 1)
    ]


def corpus(n: int, *, seed: int) -> list[Doc]:
    """Sentences of which some are copies, in documents of several."""
    rng = np.random.default_rng(seed)
    texts = [f"Anna saw {rng.integers(n)} ships" for _ in range(n)]
    return make_docs(*texts, documents=[f"d{rng.integers(n // 3)}" for _ in range(n)])


@pytest.mark.parametrize("seed", range(5))
def test_folds_divide_the_corpus_and_never_leak(seed: int) -> None:
    docs = corpus(200, seed=seed)
    found = deal(docs, k=5, seed=seed)
    assert sorted(i for fold in found for i in fold.test) == list(range(200))
    for fold in found:
        test, other = fold.test, [*fold.train, *fold.dev]
        assert not {docs[i].text for i in test} & {docs[i].text for i in other}
        origins = [
            {docs[i].user_data["origin"]["document"] for i in part} for part in (test, other)
        ]
        assert not origins[0] & origins[1]
        assert not set(fold.train) & set(fold.dev)
        assert len(set(other)) == len(other)
        assert 25 <= len(test) <= 60


def test_copies_of_a_sentence_stay_in_one_fold() -> None:
    docs = make_docs(*(f"Anna saw {i // 2} ships" for i in range(40)))
    for fold in deal(docs, k=4, seed=0):
        assert len({docs[i].text for i in fold.test}) == len(fold.test) / 2 == 5


def test_labels_make_no_difference_and_the_seed_does() -> None:
    docs = make_docs(*(f"Anna saw {i} ships" for i in range(50)))
    before = [fold.test for fold in deal(docs, k=5, seed=0)]
    assert before != [fold.test for fold in deal(docs, k=5, seed=1)]
    docs[7].ents = []
    assert before == [fold.test for fold in deal(docs, k=5, seed=0)]


def test_too_few_sentences_or_entities() -> None:
    docs = make_docs("Anna flew", "Peter ran", "Anna flew", "Anna flew")
    with pytest.raises(UserError, match=r"4 sentences make 2 groups .* too few for 3 folds"):
        deal(docs, k=3, seed=0)
    with pytest.raises(UserError, match="--folds must be at least 2, but is 1"):
        deal(docs, k=1, seed=0)
    plain = make_docs(*(f"Anna saw {i} ships" for i in range(20)))
    for doc in plain[2:]:
        doc.ents = []
    with pytest.raises(UserError, match="too few sentences have entities"):
        deal(plain, k=2, seed=0)


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    """The options of a file of thirty sentences, and a training that is a copy of a pipeline."""
    lines = ["sentence,word,tag"]
    for i in range(30):
        lines += [
            f"{i},{word},{tag}" for word, tag in (("Anna", "B-per"), ("saw", "O"), (str(i), "O"))
        ]
    (tmp_path / "f.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return argparse.Namespace(
        file=tmp_path / "f.csv",
        out=tmp_path / "out",
        folds=3,
        seed=0,
        lang="en",
        vectors=None,
        reading=None,
    )


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders in which a pipeline was trained. The second training breaks off once."""
    util.trained().to_disk(tmp_path / "trained")
    done: list[str] = []

    def train(config: Path, output: Path, overrides: dict[str, Any]) -> None:
        done.append(output.parent.name)
        if len(done) == 2:
            raise KeyboardInterrupt
        shutil.copytree(tmp_path / "trained", output / "model-best")

    monkeypatch.setattr(folds, "_spacy_train", train)
    monkeypatch.setattr(folds, "Workers", util.WorkersHere)
    return done


def test_a_call_that_was_broken_off_goes_on(
    options: argparse.Namespace, trainings: list[str]
) -> None:
    # What a killed training has left
    (options.out / ".third-2").mkdir(parents=True)
    with pytest.raises(UserError, match="goes on from the folds that are whole"):
        folds.train_folds(options)
    assert [path.name for path in options.out.glob("[!.]*")] == ["fold-1"]
    assert (options.out / "fold-1" / "model" / "meta.json").is_file()
    found = folds.train_folds(options)
    assert [name.split(".")[1] for name in sorted(trainings)] == [
        "fold-1",
        "fold-2",
        "fold-2",
        "fold-3",
    ]
    assert sorted(path.name for path in options.out.glob("[!.]*")) == ["fold-1", "fold-2", "fold-3"]
    examples = found.predict()
    assert [example.reference.text for example in examples] == [doc.text for doc in found.docs]
    folds.train_folds(options)
    assert len(trainings) == 4


def test_a_folder_of_another_kind_is_left_alone(
    options: argparse.Namespace, trainings: list[str]
) -> None:
    (options.out / "fold-1").mkdir(parents=True)
    with pytest.raises(UserError, match="fold-1 is there and no fold of ours"):
        folds.train_folds(options)
    assert (options.out / "fold-1").is_dir()


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        (
            read_config().replace("hidden_width = 64", "hidden_width = 0"),
            "ValueError: hidden_width must be",
        ),
        (
            read_config().replace("batch_size = 1000", "batch_size = no"),
            "✘ Config validation error",
        ),
    ],
)
def test_a_training_that_fails_is_told_in_a_line(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, config: str, cause: str
) -> None:
    monkeypatch.setattr(folds, "read_config", lambda: config)
    with pytest.raises(SystemExit) as stopped:
        command("crossvalidate", options.file, options.out, "--folds", "3")
    # Several are trained at once.
    assert re.fullmatch(
        rf"Error: `spacy train` failed for .*fold-\d: {cause}.*", str(stopped.value)
    )
    assert not list(options.out.glob("[!.]*"))


def test_only_folds_that_learnt_from_a_changed_sentence_are_trained_again(
    options: argparse.Namespace, trainings: list[str]
) -> None:
    trainings += ["before", "before"]
    (held_out,) = (fold for fold in range(3) if 0 in folds.train_folds(options).folds[fold].test)
    text = options.file.read_text(encoding="utf-8")
    options.file.write_text(text.replace("0,saw,O", "0,saw,B-per", 1), encoding="utf-8")
    folds.train_folds(options)
    assert sorted(trainings[5:]) == [f".fold-{i + 1}" for i in range(3) if i != held_out]


def test_the_batches_of_a_large_corpus_are_those_of_the_config() -> None:
    assert (
        folds.BATCH[1]
        == Config().from_str(read_config(), interpolate=False)["training"]["batcher"]["size"]
    )


def test_crossvalidate_and_audit_share_the_folds(
    options: argparse.Namespace, trainings: list[str], capsys: pytest.CaptureFixture
) -> None:
    trainings += ["before", "before"]
    call = (options.file, options.out, "--folds", "3")
    command("crossvalidate", *call)
    assert sorted(trainings[2:]) == sorted(
        f".{part}-{i}" for part in folds.PARTS for i in (1, 2, 3)
    )
    found = json.loads((options.out / "crossvalidation.json").read_text(encoding="utf-8"))
    assert set(found["scores"]["all"]) == {"f", "low", "high"}
    assert (
        found["scores"]["all"]["low"]
        <= found["scores"]["all"]["f"]
        <= found["scores"]["all"]["high"]
    )
    assert [each["sentences"] for each in found["curve"]] == sorted(
        each["sentences"] for each in found["curve"]
    )
    assert "more data would help" in capsys.readouterr().out.lower()
    command("audit", *call)
    assert len(trainings) == 11
    with (options.out / "audit.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert {row["file"] for row in rows} == {str(options.file)}
    # What was looked at and kept does not come back, with however many calls.
    text = (options.out / "audit.csv").read_text(encoding="utf-8")
    (options.out / "audit.csv").write_text(re.sub(",$", ",yes", text, flags=re.M))
    for _ in range(2):
        command("audit", *call)
        assert (options.out / "audit.csv").read_text(encoding="utf-8").count("\n") == 1
    assert "<svg" in (options.out / "crossvalidation.html").read_text(encoding="utf-8")
    assert (options.out / "audit.html").is_file()
