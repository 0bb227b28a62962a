import json
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.reading import doubts
from spacy_bilstm_ner.training.fingerprints import KEY, fingerprints

from .helpers import SHA256, command, evaluate, make_csv, make_pipeline, predict


@Language.component("quality_test_ents")
def only_vienna(doc: Doc) -> Doc:
    doc.ents = [
        Span(doc, token.i, token.i + 1, label="geo") for token in doc if token.text == "Vienna"
    ]
    return doc


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


def test_metrics_say_what_they_are_of(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    command("evaluate", *tiny, "--out", tmp_path / "m.json")
    metrics = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert metrics["pipeline"] == "en_tiny"
    assert metrics["data"] == {"kind": "own", "name": "tiny.csv", "sha256": SHA256}
    assert (metrics["config"], metrics["seed"]) == ("rules", 3)
    assert metrics["test"]["sentences"] == 3
    assert metrics["versions"]["spacy"] == spacy.__version__
    assert metrics["warnings"] == []
    assert "en_tiny 0.1.0, trained on tiny.csv: 3 test sentences" in capsys.readouterr().out


def test_raw_text_is_tokenized_by_the_pipeline(tiny: tuple[Path, Path]) -> None:
    nlp = spacy.load(tiny[0])
    raw = predict(nlp, tiny[1], gold_tokens=False)
    gold = predict(nlp, tiny[1], gold_tokens=True)
    assert [token.text for token in raw[0].predicted] == ["Vienna", "ca", "n't", "see", "Lima", "."]
    assert [token.text for token in gold[0].predicted] == ["Vienna", "can't", "see", "Lima", "."]


def test_a_csv_gives_the_same_scores(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    make_csv(tmp_path / "test.csv")
    assert evaluate(tiny[0], tmp_path / "test.csv")["raw_text"] == evaluate(*tiny)["raw_text"]


def test_a_pipeline_whose_meta_says_nothing_of_us(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    make_pipeline(tmp_path / "other", kind=None)
    command(
        "evaluate",
        tmp_path / "other",
        tiny[1],
        "--report",
        tmp_path / "r.html",
        "--out",
        tmp_path / "m.json",
    )
    metrics = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert metrics["data"] is None
    assert metrics["raw_text"] == evaluate(*tiny)["raw_text"]
    assert "trained on" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_entities_of_a_pipe_without_scores_of_its_own(
    tiny: tuple[Path, Path], tmp_path: Path
) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("quality_test_ents")
    nlp.to_disk(tmp_path / "other")
    assert evaluate(tmp_path / "other", tiny[1])["raw_text"]["micro"] == pytest.approx(
        {"p": 1, "r": 2 / 5, "f": 4 / 7}
    )


def test_the_sample_is_named_aloud(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    make_pipeline(tmp_path / "sample", kind="sample")
    command("evaluate", tmp_path / "sample", tiny[1])
    assert "Trained on the small bundled sample" in capsys.readouterr().err


def test_a_pipeline_that_finds_nothing(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    command("evaluate", tmp_path / "blank", tiny[1])
    assert "predicts no entity at all" in capsys.readouterr().err


def test_missing_and_empty_files(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no pipeline nowhere: give a folder"):
        evaluate("nowhere", tiny[1])
    with pytest.raises(UserError, match=r"nowhere\.spacy does not exist"):
        evaluate(tiny[0], tmp_path / "nowhere.spacy")
    DocBin().to_disk(tmp_path / "empty.spacy")
    with pytest.raises(UserError, match=r"empty\.spacy holds no sentences"):
        evaluate(tiny[0], tmp_path / "empty.spacy")
    DocBin(docs=[Doc(spacy.blank("en").vocab, words=["one"], ents=["O"])]).to_disk(
        tmp_path / "o.spacy"
    )
    with pytest.raises(UserError, match=r"o\.spacy has no entity at all"):
        evaluate(tiny[0], tmp_path / "o.spacy")
    (tmp_path / "damaged.spacy").write_bytes(b"no DocBin")
    with pytest.raises(UserError, match=r"damaged\.spacy"):
        evaluate(tiny[0], tmp_path / "damaged.spacy")


def test_nothing_is_written_when_something_is_missing(
    tiny: tuple[Path, Path], tmp_path: Path
) -> None:
    out, report = tmp_path / "m.json", tmp_path / "r.html"
    with pytest.raises(SystemExit, match=r"nowhere\.spacy does not exist"):
        command(
            "evaluate", *tiny, "--out", out, "--report", report, "--dev", tmp_path / "nowhere.spacy"
        )
    with pytest.raises(SystemExit, match="is missing: run `spacy train` first"):
        command(
            "evaluate", *tiny, "--out", out, "--report", report, "--log", tmp_path / "nowhere.jsonl"
        )
    (tmp_path / "log.jsonl").write_text("[1]\n", encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r"log\.jsonl is damaged: .*expected rows with step.*; delete it"
    ):
        command(
            "evaluate", *tiny, "--out", out, "--report", report, "--log", tmp_path / "log.jsonl"
        )
    with pytest.raises(SystemExit, match="say with --report"):
        command("evaluate", *tiny, "--out", out, "--log", tmp_path / "log.jsonl")
    assert not out.exists()
    assert not report.exists()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SystemExit, match="is no folder that can be written to"):
        command("evaluate", *tiny, "--out", tmp_path / "file" / "m.json")


def test_a_pipeline_tested_on_what_it_was_trained_on(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    nlp = make_pipeline(tmp_path / "cheat", kind=None)
    nlp.meta[KEY] = fingerprints(["Vienna can't see Lima.", "WORLD Bank lent Peru money ."])
    nlp.to_disk(tmp_path / "cheat")
    command("evaluate", tmp_path / "cheat", tiny[1])
    assert "was trained on 67% of these sentences" in capsys.readouterr().err


def test_one_sentence_of_many_that_it_was_trained_on(tiny: tuple[Path, Path]) -> None:
    nlp = spacy.load(tiny[0])
    nlp.meta[KEY] = fingerprints(["It rained."])
    examples = [
        Example(nlp.make_doc(text), nlp(text)) for text in ("It rained.", *map(str, range(150)))
    ]
    assert "trained on less than 1% of these sentences" in doubts("it", nlp, examples)[-1]


def test_a_folder_of_files(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    make_csv(tmp_path / "files" / "one.csv")
    one = evaluate(tiny[0], tmp_path / "files" / "one.csv")
    make_csv(tmp_path / "files" / "two.csv")
    both = evaluate(tiny[0], tmp_path / "files")
    assert both["raw_text"]["gold"] == 2 * one["raw_text"]["gold"]
    assert both["test"]["sha256"] != one["test"]["sha256"]
