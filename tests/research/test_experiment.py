import shutil
import sys
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import Doc
from spacy.vocab import Vocab

from scripts.research import experiment
from scripts.research.experiment import curly, join, recall, recase, rewrite
from spacy_bilstm_ner.errors import UserError
from tests.quality.helpers import predict
from tests.scripts.helpers import make_pipeline, make_test_set

SENTENCES = [
    (
        ["Vienna", "ca", "n't", "see", "New", "Lima", "."],
        ["B-geo", "O", "O", "O", "B-geo", "I-geo", "O"],
    ),
    (["Peru", "Lima"], ["B-geo", "B-geo"]),
]


@pytest.fixture
def golds() -> list[Doc]:
    vocab = Vocab()
    spaces = [[True, False, True, True, True, False, False], [True, False]]
    return [
        Doc(vocab, words=words, spaces=s, ents=tags)
        for (words, tags), s in zip(SENTENCES, spaces, strict=True)
    ]


def ents(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_texts_keep_their_length() -> None:
    assert recase(str.lower)("İzmir and KÖLN") == "İzmir and köln"
    assert recase(str.upper)("Straße ﬁve") == "STRAßE ﬁVE"
    for text in ("He said: \"I can't\", and left ('so') - half-way.", '""', "'"):
        assert len(curly(text)) == len(text)


def test_quotes_open_and_close() -> None:
    assert curly('"No", she said, "it\'s \'off\'."') == "“No”, she said, “it’s ‘off’.”"
    assert curly('the dogs\' bowl ("old") - 3-2') == "the dogs’ bowl (“old”) – 3–2"


def test_entities_stay(golds: list[Doc]) -> None:
    changed = rewrite(golds[0], str.upper)
    assert changed.text == "VIENNA CAN'T SEE NEW LIMA."
    assert ents(changed) == [("VIENNA", "geo"), ("NEW LIMA", "geo")]
    # Entities that touch stay two.
    assert ents(rewrite(golds[1], str.lower)) == [("peru", "geo"), ("lima", "geo")]
    assert golds[0].text == "Vienna can't see New Lima."


def test_what_was_not_annotated_stays_so(golds: list[Doc]) -> None:
    golds[1].set_ents([golds[1].ents[0]], missing=[golds[1][1:2]])
    assert [token.ent_iob_ for token in rewrite(golds[1], str.lower)] == ["B", ""]


def test_forty_sentences_become_one_text(golds: list[Doc]) -> None:
    first, second = join([golds[1]] * 41)
    assert first.text.startswith("Peru Lima Peru Lima ")
    assert (len(first.ents), second.text, len(second.ents)) == (80, "Peru Lima", 2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    make_pipeline(folder / "model-best")
    return folder / "model-best"


@pytest.fixture
def tiny(model: Path, tmp_path: Path) -> Path:
    """A pipeline, and the same three sentences as train, dev and test."""
    shutil.copytree(model, tmp_path / "run" / "model-best")
    for part in ("train", "dev", "test"):
        make_test_set(tmp_path / f"{part}.spacy")
    return tmp_path


def measure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, part: str = "dev"
) -> dict:
    argv = ["experiment", str(folder / "run" / "model-best"), str(folder), *options]
    monkeypatch.setattr(sys, "argv", argv)
    experiment.main()
    return srsly.read_json(folder / "run" / f"{part}.json")


def test_everything_is_measured_on_dev(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny / "test.spacy").unlink()
    figures = measure(tiny, monkeypatch, "--seconds", "7")
    assert (figures["part"], figures["seed"], figures["config"]) == ("dev", 3, "rules")
    assert figures["training_seconds"] == 7
    assert figures["command"].startswith("python -m scripts.research.experiment ")
    # Two of five are right: see the sentences in helpers.py
    for name in ("raw_text", "gold_tokens"):
        assert figures[name]["micro"]["f"] == pytest.approx(2 / 5)
    variants = figures["variants"]
    # The rules know words as they are written
    assert {name: found["f"] for name, found in variants.items()} == pytest.approx(
        {"forty": 2 / 5, "lower": 0, "upper": 0, "curly": 2 / 5}
    )
    assert figures["mentions"] == {
        "seen": {"gold": 5, "r": pytest.approx(2 / 5)},
        "unseen": {"gold": 0, "r": None},
    }
    assert figures["calibration"] is None
    assert 0 < figures["size"]["zip_mb"] < 1


def test_new_mentions_are_those_of_no_earlier_part(tiny: Path) -> None:
    examples = predict(
        spacy.load(tiny / "run" / "model-best"), tiny / "dev.spacy", gold_tokens=False
    )
    # Vienna, twice, is found; World Bank, Lima and Peru are not
    assert recall(examples, {"Vienna", "Peru"}) == {
        "seen": {"gold": 3, "r": 2 / 3},
        "unseen": {"gold": 2, "r": 0.0},
    }


def test_the_test_set_is_read_for_final_figures_only(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(tiny, monkeypatch)
    said = capsys.readouterr()
    assert "FINAL" not in said.err
    assert "F, forty: 40.00" in said.out
    # As project.yml has it
    assert measure(tiny, monkeypatch, "--final", part="test")["part"] == "test"
    assert "FINAL: measured on TEST" in capsys.readouterr().err
    (tiny / "test.spacy").unlink()
    with pytest.raises(UserError, match=r"test\.spacy does not exist"):
        measure(tiny, monkeypatch, "--final")
