import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import spacy

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.examples import read_labelled_docs
from spacy_bilstm_ner.quality.suggest import (
    TOOLS,
    choose_texts,
    compute_uncertainty,
    read_texts,
)
from tests import util

from .helpers import command, make_csv, make_example, usage_error

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
    uncertainty = np.array([2.0, 1.9, 1.0, 0.1, 0.0])
    assert choose_texts(docs, uncertainty, n_texts=2) == [0, 2]
    # Texts without uncertainty are never chosen.
    assert choose_texts(docs, uncertainty, n_texts=5) == [0, 2, 3]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_gives_back_what_can_be_read(
    trained: tuple[Path, Path], tmp_path: Path, tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texts.txt").write_text("\n".join([*TEXTS, TEXTS[0]]), encoding="utf-8")
    options = ("--format", tool, "--number", "1")
    command("suggest", trained[0], tmp_path / "texts.txt", tmp_path, *options)
    path = tmp_path / ("suggested.json" if tool == "label-studio" else "suggested.jsonl")
    out = capsys.readouterr().out
    assert f"convert {path} corpus" in out
    if tool == "label-studio":
        # An accepted prediction becomes an annotation.
        (task,) = json.loads(path.read_text(encoding="utf-8"))
        task["annotations"] = task["predictions"]
        path.write_text(json.dumps([task]), encoding="utf-8")
    (doc,) = read_labelled_docs(NLP, path)
    expected = [(ent.start_char, ent.label_) for ent in util.trained()(doc.text).ents]
    assert [(ent.start_char, ent.label_) for ent in doc.ents] == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_text_a_line(tmp_path: Path, encoding: str) -> None:
    texts = ["Zoë left\u2028Oslo.", "It rained.", "", "  ", "It rained."]
    (tmp_path / "t.txt").write_bytes("\r\n".join(texts).encode(encoding))
    assert read_texts(tmp_path / "t.txt", NLP) == texts[:2]


def test_texts_of_json_lines_and_of_a_labelled_file(tmp_path: Path) -> None:
    lines = ['{"text": "One."}', "", '{"text": "Two."}', '{"text": "One."}', '{"text": " "}']
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    assert read_texts(tmp_path / "t.jsonl.gz", NLP) == ["One.", "Two."]
    make_csv(tmp_path / "f.csv")
    assert read_texts(tmp_path / "f.csv", NLP)[0] == "Vienna can't see Lima."


@pytest.mark.parametrize("line", ['{"body": "One."}', "[1]", '{"text": 3}', '{"text": ', "3"])
def test_a_line_without_a_text_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "t.jsonl").write_text(f'{{"text": "One."}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"t\.jsonl, line 2: (expected|this is not JSON)"):
        read_texts(tmp_path / "t.jsonl", NLP)


def test_a_pipeline_without_confidences(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("Lima met Vienna.\nIt rained.\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="model gives no confidences"):
        command("suggest", tiny[0], tmp_path / "texts.txt", tmp_path / "out")
    assert usage_error("suggest", tiny[0], "t.txt", "out", "--number", "0") == 2
