import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import spacy

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.reading import read_docs
from spacy_bilstm_ner.pipe.confidence import get_confidence
from spacy_bilstm_ner.quality import audit
from spacy_bilstm_ner.quality.audit import (
    COLUMNS,
    audit_folds,
    find_suspicions,
    read_marked_rows,
    write_rows,
)
from spacy_bilstm_ner.quality.examples import predict_candidates
from spacy_bilstm_ner.quality.folds import FoldedCorpus
from spacy_bilstm_ner.quality.mistakes import KINDS

from .helpers import make_example

# A wrong label, wrong boundaries, a missing and a spurious entity; then two that are correct, and a
# guess that is too unsure
PLANTED = [
    make_example(
        "Anna flew to Oslo", "B-geo O O B-geo", [(0, 1, "per", 0.95), (3, 4, "geo", 0.9)], line=1
    ),
    make_example("Acme Corp fell", "B-org O O", [(0, 2, "org", 0.85)], line=5),
    make_example("Peter met Anna", "O O B-per", [(0, 1, "per", 0.75), (2, 3, "per", 0.9)], line=8),
    make_example("It rained", "B-tim O", [(0, 1, "tim", 0.1)], line=11),
    make_example("Maria left", "B-per O", [(0, 1, "per", 0.75)], line=13),
    make_example("The harbour", "O O", [(1, 2, "geo", 0.0625)], line=15),
]


for planted in PLANTED:
    # The probability that an entity covers each token, as `predict_candidates` stores it
    covered = np.zeros(len(planted.predicted))
    for candidate in planted.predicted.ents:
        covered[candidate.start : candidate.end] = get_confidence(candidate)
    planted.predicted.tensor = covered

NOTHING = read_marked_rows(Path("no.csv"))


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FoldedCorpus:
    """The planted sentences, as if pipelines had predicted them."""
    monkeypatch.setattr(audit, "train_folds", lambda corpus: None)
    monkeypatch.setattr(audit, "predict_folds", lambda corpus, predict: PLANTED)
    docs = [example.reference for example in PLANTED]
    return FoldedCorpus(Path("mine.csv"), docs, [], tmp_path, "", "")


def read_table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_planted_errors_are_found_and_nothing_else(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", find_suspicions(PLANTED))
    rows = read_table(tmp_path / "a.csv")
    keys = ("line", "kind", "text", "gold", "found", "predicted", "confidence", "times")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("1", "label", "Anna", "geo", "Anna", "per", "0.95", "1"),
        ("5", "boundaries", "Acme", "org", "Acme Corp", "org", "0.85", "1"),
        ("11", "spurious", "It", "tim", "", "", "0.8", "1"),
        ("8", "missing", "Peter", "", "Peter", "per", "0.75", "1"),
    ]
    assert list(rows[0]) == COLUMNS


def test_copies_of_a_sentence_are_one_row_with_their_number() -> None:
    copies = []
    for line, confidence in ((9, 0.75), (3, 0.875), (27, 0.5)):
        predictions = [(0, 1, "per", confidence)]
        copies.append(make_example("Oslo fell", "B-geo O", predictions, line=line))
    suspicions = find_suspicions([*copies, PLANTED[4]])
    assert suspicions[["line", "times"]].values.tolist() == [[3, 3]]


@pytest.mark.parametrize(
    ("tags", "prediction", "origin", "line"),
    [
        ("O O O B-geo", (3, 4, "per", 0.9), {"step": 1}, 10),
        ("O O O O", (2, 4, "per", 0.9), {"step": 1}, 9),
        ("O O O B-geo", (3, 4, "per", 0.9), {"step": 0}, 7),
        ("O O O B-geo", (3, 4, "per", 0.9), {"lines": [7, 7, 8, 9]}, 9),
    ],
)
def test_the_line_is_that_of_the_first_word(
    tags: str, prediction: tuple[int, int, str, float], origin: dict[str, Any], line: int
) -> None:
    example = make_example("We can't leave Oslo", tags, [prediction], line=7)
    example.reference.user_data["origin"] |= origin
    assert find_suspicions([example])["line"].tolist() == [line]


def test_the_table_opens_in_spreadsheets(tmp_path: Path) -> None:
    write_rows(tmp_path / "audit.csv", find_suspicions(PLANTED), delimiter=";")
    content = (tmp_path / "audit.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbffile;line;")


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")],
)
def test_marked_rows_are_not_listed_again(
    corpus: FoldedCorpus, tmp_path: Path, separator: str, encoding: str
) -> None:
    """Even if a spreadsheet saved the table with other columns, order and white space."""
    path = tmp_path / "audit.csv"
    write_rows(path, audit_folds(corpus, NOTHING).mistakes)
    rows = read_table(path)
    rows[2] |= {"keep": "vérifié par Zoë", "sentence": rows[2]["sentence"] + "  "}
    columns = ["note", *(name for name in COLUMNS[::-1] if name != "confidence")]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=separator, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows[::-1])
    marked = read_marked_rows(path)
    result = audit_folds(corpus, marked)
    assert result.mistakes["kind"].tolist() == ["label", "boundaries", "missing"]
    assert "you marked them in `keep`: 1)" in result.summary[1]
    write_rows(path, pd.concat([result.mistakes, marked]))
    marked_again = read_marked_rows(path)
    assert marked_again["file"].tolist() == [rows[2]["file"]]
    assert len(audit_folds(corpus, marked_again).mistakes) == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'", "'="])
def test_a_spreadsheet_executes_nothing(start: str, tmp_path: Path) -> None:
    text = f"{start}SUM(A1)"
    suspicions = find_suspicions([make_example(f"{text} fell", "B-org O", [(0, 1, "per", 0.9)])])
    write_rows(tmp_path / "audit.csv", suspicions)
    (row,) = read_table(tmp_path / "audit.csv")
    assert row["text"] == f"'{text}"
    assert row["sentence"].startswith("'")
    write_rows(tmp_path / "audit.csv", suspicions.assign(keep="yes"))
    assert read_marked_rows(tmp_path / "audit.csv")["text"].tolist() == [text]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "file,sentence,text,gold\nf,It rains,It,\n"])
def test_another_table_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "audit.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"audit\.csv was not .* sentence, text, gold, keep"):
        read_marked_rows(tmp_path / "audit.csv")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        "file,keep\nСлово,да\n".encode("cp1251"),
        b"PK\3\4\0\0",
        b'sentence,text,gold,keep\n"It rains,It,,x\n',
    ],
)
def test_a_file_that_cannot_be_read_is_to_be_saved_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "audit.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"audit\.csv cannot be read\. .* save it as CSV UTF-8"):
        read_marked_rows(tmp_path / "audit.csv")


def test_kinds_are_explained(corpus: FoldedCorpus) -> None:
    result = audit_folds(corpus, NOTHING)
    assert dict(result.table.set_index("what may be wrong")["meaning"]) == KINDS
    assert "predicted, but not annotated" in result.to_html()
    assert "predicted, but not annotated" in result.to_text()


def test_nothing_is_suspected(corpus: FoldedCorpus) -> None:
    everything = audit_folds(corpus, NOTHING).mistakes
    result = audit_folds(corpus, everything)
    assert result.table.empty
    assert "0 in 0 rows" in result.summary[1]
    assert "0 in 0 rows" in result.to_text()
    assert "The first 0 of 0" in result.to_html()
    assert result.mistakes.empty


def test_a_spreadsheet_may_leave_out_empty_cells(tmp_path: Path) -> None:
    text = "sentence,text,gold,keep\nIt rains,It,per\nAnna left,Anna,per,x\n"
    (tmp_path / "audit.csv").write_text(text, encoding="utf-8")
    assert read_marked_rows(tmp_path / "audit.csv")["text"].tolist() == ["Anna"]


def test_candidates_cover_tokens(trained: tuple[Path, Path]) -> None:
    nlp = spacy.load(trained[0])
    # Confidences that are far from 1
    nlp.get_pipe("ner").cfg["calibration"] = [0.2, 0.0]
    docs = read_docs(trained[1], nlp)
    spans = [nlp.get_pipe("ner").predict([nlp.make_doc(doc.text)]) for doc in docs]
    found = 0
    for example, candidates in zip(predict_candidates(nlp, docs), spans, strict=True):
        doc = example.predicted
        covered = [0.0] * len(doc)
        for start, end, confidence in zip(
            candidates.start, candidates.end, candidates.confidence, strict=True
        ):
            for token in range(start, end):
                covered[token] += confidence
        assert doc.tensor.tolist() == pytest.approx(covered, abs=1e-6)
        found += len(doc.ents)
        assert all(0 < covered[ent.start] < 0.99 for ent in doc.ents)
    assert found
