import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import spacy

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.quality.reading import labelled_docs
from spacy_bilstm_ner.quality.suggest import FORMATS, choose, read_texts, unsureness
from tests import util

from .helpers import command, make_csv
from .test_audit import example


def test_the_entropy_of_what_may_be_an_entity() -> None:
    doc = example("Anna met Peter", "O O O", [(0, 1, "per", 0.5), (2, 3, "per", 0.25)]).predicted
    assert unsureness(doc) == pytest.approx(1.0 + 0.8113, abs=1e-4)
    assert unsureness(example("It rained", "O O", []).predicted) == 0.0


def test_unsure_texts_unlike_one_another() -> None:
    nlp = spacy.blank("en")
    texts = [
        "Anna saw the ships",
        "anna saw the ships again",
        "prices fell in Oslo",
        "it rained",
        "nobody came",
    ]
    docs = [nlp(text) for text in texts]
    unsure = np.array([2.0, 1.9, 1.0, 0.1, 0.0])
    assert choose(docs, unsure, number=2) == [0, 2]
    # What the pipeline is sure of is never chosen.
    assert sorted(choose(docs, unsure, number=5)) == [0, 1, 2, 3]


TEXTS = [
    "Anna Jones met Maria Oslo in Porto.",
    "Corp of Lisbon sold Blue Tuesday.",
    "It rained for three days.",
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of texts, with a copy."""
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("\n".join([*TEXTS, TEXTS[0]]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_what_a_tool_gives_back_is_read(
    trained: tuple[Path, Path], texts: Path, tmp_path: Path, kind: str
) -> None:
    command("suggest", trained[0], texts, tmp_path, "--format", kind, "--number", "1")
    path = tmp_path / ("suggested.json" if kind == "label-studio" else "suggested.jsonl")
    text = path.read_text(encoding="utf-8")
    if kind == "label-studio":
        # Who accepts a prediction makes it an annotation.
        text = json.dumps(
            [{**task, "annotations": task["predictions"]} for task in json.loads(text)]
        )
    path.write_text(text, encoding="utf-8")
    (doc,) = labelled_docs(spacy.blank("en"), path)
    again = util.trained()(doc.text)
    assert [(ent.start_char, ent.label_) for ent in doc.ents] == [
        (ent.start_char, ent.label_) for ent in again.ents
    ]
    assert (tmp_path / "suggested.html").is_file()


def test_what_was_written_for_label_studio_is_read_as_it_is(
    trained: tuple[Path, Path], texts: Path, tmp_path: Path
) -> None:
    command("suggest", trained[0], texts, tmp_path, "--format", "label-studio")
    docs = labelled_docs(spacy.blank("en"), tmp_path / "suggested.json")
    assert {ent.label_ for doc in docs for ent in doc.ents} <= set(util.LABELS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_text_a_line(tmp_path: Path, encoding: str) -> None:
    texts = ["Zoë left\u2028Oslo.", "It rained.", "", "  ", "It rained."]
    (tmp_path / "t.txt").write_bytes("\r\n".join(texts).encode(encoding))
    assert read_texts(tmp_path / "t.txt", spacy.blank("en")) == texts[:2]


def test_texts_of_a_labelled_file(tmp_path: Path) -> None:
    make_csv(tmp_path / "f.csv")
    assert read_texts(tmp_path / "f.csv", spacy.blank("en"))[0] == "Vienna can't see Lima."


def test_texts_of_json_lines_and_bad_input(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(
        '{"text": "One."}\n\n{"text": "Two."}\n{"text": "One."}\n{"text": " "}\n', encoding="utf-8"
    )
    assert read_texts(path, spacy.blank("en")) == ["One.", "Two."]
    packed = tmp_path / "t.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_texts(packed, spacy.blank("en")) == ["One.", "Two."]
    for bad in ('{"body": "One."}', "[1]", '{"text": 3}', '{"text": ', '"text"', "3"):
        path.write_text(f'{{"text": "One."}}\n{bad}\n', encoding="utf-8")
        with pytest.raises(UserError, match=r'texts\.jsonl, line 2: expected {"text"'):
            read_texts(path, spacy.blank("en"))
    # One of the rules finds something there.
    (tmp_path / "texts.txt").write_text("Lima met Vienna.\nIt rained.\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="model gives no confidences"):
        command("suggest", tiny[0], tmp_path / "texts.txt", tmp_path / "out")


def test_a_guessed_encoding_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.txt").write_bytes(
        "Иван Петров уехал в Москву.\nМария живёт в Казани.\n".encode("cp1251")
    )
    read_texts(tmp_path / "t.txt", spacy.blank("ru"))
    assert "Warning: " in capsys.readouterr().err
