import shutil
from pathlib import Path

import pandas as pd
import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_bilstm_ner.pipe.decisions import DEFAULT_THRESHOLD
from spacy_bilstm_ner.quality.thresholds import (
    find_thresholds,
    store_thresholds,
    threshold_for_precision,
)
from tests import util

from .helpers import command, usage_error


def make_curve(confidence: list[float], is_correct: list[bool], n_gold: int) -> pd.DataFrame:
    curve = pd.DataFrame({"confidence": confidence}, dtype="float64")
    n_correct = pd.Series(is_correct, dtype="float64").cumsum()
    return curve.assign(precision=n_correct / (curve.index + 1), recall=n_correct / n_gold)


CURVE = make_curve([0.9, 0.8, 0.6, 0.6, 0.4], [True, True, False, True, False], 4)


def test_the_lowest_threshold_with_a_precision() -> None:
    threshold = threshold_for_precision(CURVE, 0.75)
    # The first four entities: three are correct, of four gold entities. Equal ones stay together.
    expected = {"threshold": 0.5, "precision": 0.75, "recall": 0.75, "entities": 4}
    assert threshold == pytest.approx(expected)
    higher = threshold_for_precision(CURVE, 0.9)
    assert higher == pytest.approx({"threshold": 0.7, "precision": 1, "recall": 0.5, "entities": 2})


def test_a_precision_that_is_not_reached() -> None:
    assert threshold_for_precision(make_curve([0.9, 0.8], [False, True], 1), 0.6) == {"entities": 0}
    assert threshold_for_precision(make_curve([], [], 3), 0.5) == {"entities": 0}


@pytest.fixture
def model(trained: tuple[Path, Path], tmp_path: Path) -> Path:
    return shutil.copytree(trained[0], tmp_path / "model")


def stored_thresholds(model: Path) -> dict[str, float]:
    return spacy.load(model).get_pipe("ner").cfg["thresholds"]


def set_thresholds(model: Path, thresholds: dict[str, float]) -> None:
    nlp = spacy.load(model)
    nlp.get_pipe("ner").cfg["thresholds"] = thresholds
    nlp.to_disk(model)


# With this precision, two entities are enough for a label.
ENOUGH = ("--precision", "0.3", "--write")


def test_thresholds_are_stored_and_both_values_printed(
    model: Path, trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = util.entities(spacy.load(model)(util.texts()[0]))
    set_thresholds(model, dict.fromkeys(util.LABELS, 0.25))
    table = find_thresholds(str(model), trained[1], precision=0.3).table
    expected = table.set_index("label")["threshold"].to_dict()
    command("thresholds", model, trained[1], *ENOUGH)
    assert stored_thresholds(model) == pytest.approx(expected)
    assert set(expected) == set(util.LABELS)
    assert util.entities(spacy.load(model)(util.texts()[0])) == before
    assert f"geo: 0.250 -> {expected['geo']:.3f}" in capsys.readouterr().out


def test_stored_thresholds_become_lower_only_if_asked(
    model: Path, trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    high = dict.fromkeys(util.LABELS, 0.999)
    set_thresholds(model, high)
    command("thresholds", model, trained[1], *ENOUGH)
    assert stored_thresholds(model) == high
    assert "No threshold has changed." in capsys.readouterr().out
    set_thresholds(model, dict.fromkeys(util.LABELS, 0.001))
    command("thresholds", model, trained[1], *ENOUGH)
    assert min(stored_thresholds(model).values()) > 0.001


def test_other_labels_keep_the_threshold_of_a_pipe_that_was_not_fitted(model: Path) -> None:
    set_thresholds(model, {})
    table = pd.DataFrame({"label": ["geo"], "threshold": [0.9], "entities": [1000]})
    store_thresholds(model, table, precision=0.95)
    expected = dict.fromkeys(util.LABELS, DEFAULT_THRESHOLD) | {"geo": 0.9}
    assert stored_thresholds(model) == expected


def test_too_few_entities_are_a_warning_and_change_nothing(
    model: Path, trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    set_thresholds(model, dict.fromkeys(util.LABELS, 0.001))
    before = (model / "ner" / "cfg").read_bytes()
    command("thresholds", model, trained[1], "--precision", "0.95", "--write")
    err = capsys.readouterr().err
    assert "Warning: too few entities to show a precision of 0.95" in err
    assert all(label in err for label in util.LABELS)
    assert (model / "ner" / "cfg").read_bytes() == before


def test_wrong_input(tiny: tuple[Path, Path]) -> None:
    with pytest.raises(SystemExit, match="gives no confidences"):
        command("thresholds", *tiny)
    assert usage_error("thresholds", *tiny, "--precision", "95") == 2
    with pytest.raises(SystemExit, match="--write stores thresholds in a folder"):
        command("thresholds", "en_core_web_sm", tiny[1], "--write")


def test_a_file_with_other_labels(trained: tuple[Path, Path], tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    docs = list(nlp.pipe(util.texts()))
    for doc in docs:
        doc.ents = [Span(doc, 0, 1, label="OTHER")]
    DocBin(docs=docs).to_disk(tmp_path / "other.spacy")
    (warning,) = find_thresholds(str(trained[0]), tmp_path / "other.spacy").warnings
    assert "no entity with these labels of the file: OTHER. It predicts geo" in warning
