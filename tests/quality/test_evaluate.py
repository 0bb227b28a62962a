from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.evaluate import evaluate, predict, summary

from .helpers import make_pipeline, make_test_set


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Path, Path]:
    make_pipeline(tmp_path / "model")
    make_test_set(tmp_path / "test.spacy")
    return tmp_path / "model", tmp_path / "test.spacy"


def test_scores_worked_out_by_hand(tiny: tuple[Path, Path]) -> None:
    metrics = evaluate(*tiny)
    for scores in (metrics["raw_text"], metrics["gold_tokens"]):
        # Gold: geo Vienna, geo Lima, org World Bank, geo Peru, geo Vienna. Found: geo Vienna,
        # per Lima, org Bank, tim Monday, geo Vienna.
        assert (scores["gold"], scores["predicted"]) == (5, 5)
        assert scores["micro"] == pytest.approx({"p": 2 / 5, "r": 2 / 5, "f": 2 / 5})
        geo = {"p": 1.0, "r": 2 / 4, "f": 2 / 3, "gold": 4, "predicted": 2}
        assert scores["labels"]["geo"] == pytest.approx(geo)
        assert list(scores["labels"]) == ["geo", "org", "per", "tim"]
        assert scores["macro"] == pytest.approx({"p": 1 / 4, "r": 1 / 8, "f": 1 / 6})


def test_metrics_say_what_they_are_of(tiny: tuple[Path, Path]) -> None:
    metrics = evaluate(*tiny)
    assert metrics["pipeline"] == "en_tiny"
    assert metrics["data"] == {"kind": "own", "name": "tiny.csv", "sha256": "0" * 64}
    assert (metrics["config"], metrics["seed"]) == ("rules", 3)
    assert metrics["test"]["sentences"] == 3
    assert metrics["versions"]["spacy"] == spacy.__version__
    assert "en_tiny 0.1.0, trained on tiny.csv: 3 test sentences" in summary(metrics)


def test_raw_text_is_tokenized_by_the_pipeline(tiny: tuple[Path, Path]) -> None:
    nlp = spacy.load(tiny[0])
    raw = predict(nlp, tiny[1], gold_tokens=False)
    gold = predict(nlp, tiny[1], gold_tokens=True)
    assert [token.text for token in raw[0].predicted] == ["Vienna", "ca", "n't", "see", "Lima", "."]
    assert [token.text for token in gold[0].predicted] == ["Vienna", "can't", "see", "Lima", "."]


def test_missing_and_empty_test_sets(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no test set"):
        evaluate(tiny[0], tmp_path / "nowhere.spacy")
    DocBin().to_disk(tmp_path / "empty.spacy")
    with pytest.raises(UserError, match=r"empty\.spacy is empty"):
        evaluate(tiny[0], tmp_path / "empty.spacy")
