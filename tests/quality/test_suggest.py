import gzip
from pathlib import Path

import pytest
import spacy
import srsly

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.reading import read_docs
from spacy_bilstm_ner.files.texts import TextOptions
from spacy_bilstm_ner.quality.suggest import (
    choose_texts,
    compute_uncertainty,
    read_texts,
)
from tests import util

from .helpers import command, make_example, usage_error

TEXTS = [
    "Anna Jones met Maria Oslo in Porto.",
    "Corp of Lisbon sold Blue Tuesday.",
    "It rained for three days.",
]
NLP = spacy.blank("en")


def test_the_entropy_of_candidates() -> None:
    predictions = [(0, 1, "per", 0.5), (2, 3, "per", 0.25)]
    doc = make_example("Anna met Peter", "O O O", predictions).predicted
    assert compute_uncertainty(doc) == pytest.approx(1.0 + 0.8113, abs=1e-4)
    assert compute_uncertainty(make_example("It rained", "O O", []).predicted) == 0.0


def test_uncertain_texts_that_differ_are_chosen() -> None:
    texts = ["Anna saw the ships", "anna saw the ships again", "prices fell", "it rained", "nobody"]
    docs = list(NLP.pipe(texts))
    uncertainty = [2.0, 1.9, 1.0, 0.1, 0.0]
    assert choose_texts(docs, uncertainty, n_texts=2) == [0, 2]
    # Texts without uncertainty are never chosen.
    assert choose_texts(docs, uncertainty, n_texts=5) == [0, 2, 3]


@pytest.mark.parametrize("tool", ["none", "prodigy", "doccano"])
def test_the_texts_can_be_labelled_and_converted(
    trained: tuple[Path, Path], tmp_path: Path, tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texts.txt").write_text("\n".join([*TEXTS, TEXTS[0]]), encoding="utf-8")
    command("suggest", trained[0], tmp_path / "texts.txt", tmp_path, "--number", "1")
    path = tmp_path / "suggested.jsonl"
    assert "convert labelled.jsonl corpus" in capsys.readouterr().out
    record = srsly.read_json(path)
    expected = [(ent.start_char, ent.label_) for ent in util.trained()(record["text"]).ents]
    assert len(expected) > 1
    # Each tool returns the record with the corrected entities under its own key.
    if tool == "prodigy":
        record |= {"answer": "accept", "spans": record["spans"][1:]}
    if tool == "doccano":
        record |= {"label": record["label"][1:]}
    srsly.write_jsonl(path, [record])
    (doc,) = read_docs(path, NLP)
    n_corrected = 0 if tool == "none" else 1
    assert [(ent.start_char, ent.label_) for ent in doc.ents] == expected[n_corrected:]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_text_a_line(tmp_path: Path, encoding: str) -> None:
    texts = ["Zoë left\u2028Oslo.", "It rained.", "", "  ", "It rained."]
    (tmp_path / "t.txt").write_bytes("\r\n".join(texts).encode(encoding))
    assert read_texts(tmp_path / "t.txt", TextOptions()) == texts[:2]


def test_fields_of_a_table_are_limited_as_windows_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []
    monkeypatch.setattr("csv.field_size_limit", limits.append)
    (tmp_path / "t.csv").write_text("text\nOne.\n", encoding="utf-8")
    assert read_texts(tmp_path / "t.csv", TextOptions()) == ["One."]
    assert limits == [2**31 - 1]


def test_texts_of_json_lines_and_of_a_folder(tmp_path: Path) -> None:
    lines = ['{"body": "One."}', "", '{"body": "Two."}', '{"body": "One."}', '{"body": " "}', ""]
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "t.csv").write_text("id,body\n1,Three.\n", encoding="utf-8")
    assert read_texts(tmp_path, TextOptions("body")) == ["Three.", "One.", "Two."]


def test_a_json_array_after_an_empty_line(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('\n[{"text": "One."}, {"text": "Two."}]', encoding="utf-8")
    assert read_texts(tmp_path / "t.json", TextOptions()) == ["One.", "Two."]


@pytest.mark.parametrize("line", ['{"body": "One."}', "[1]", '{"text": 3}', '{"text": ', "3"])
def test_a_row_without_a_text_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "t.jsonl").write_text(f'{{"text": "One."}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"t\.jsonl, row 1 \(the first is 0\): The (text|line) is"):
        read_texts(tmp_path / "t.jsonl", TextOptions())


def test_a_pipeline_without_confidences(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("Lima met Vienna.\nIt rained.\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="model gives no confidences"):
        command("suggest", tiny[0], tmp_path / "texts.txt", tmp_path / "out")
    assert usage_error("suggest", tiny[0], "t.txt", "out", "--number", "0") == 2
