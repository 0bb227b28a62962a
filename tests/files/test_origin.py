"""Every sentence leads back to the user's file."""

import json
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.files.reading import read_docs

from .helpers import read_one, tokenizing

TABLE = "doc,sent,word,tag\nd1,1,Mira,B-per\n,,left,O\n,2,Rain,O\nd2,1,Oslo,B-geo\n"


@pytest.mark.parametrize(
    ("content", "origins"),
    [
        (TABLE, [(2, "d1"), (4, "d1"), (5, "d2")]),
        ("Sentence #,Word,Tag\n1,Mira,B-per\n\n,left,O\n2,Rain,O\n", [(2, ""), (5, "")]),
        ("-DOCSTART- O\n\nMira B-per\nleft O\n\n-DOCSTART- O\n\nRain O\n", [(3, "1"), (8, "2")]),
        ("# newdoc id = d7\n# text = x\nMira B-per\n\nRain O\n", [(3, "d7"), (5, "d7")]),
        (
            '{"id": 3, "text": "Rain", "spans": []}\n\n{"text": "Oslo", "spans": [[0, 4, "geo"]]}',
            [(1, "3"), (3, "")],
        ),
        (
            '{"id": "a", "tokens": ["Mira"], "tags": ["B-per"]}\n{"tokens": ["x"], "tags": ["O"]}',
            [(1, "a"), (2, "")],
        ),
        ('text,labels\n"Mira left","B-PER O"\n"It rains","O O"\n', [(2, ""), (3, "")]),
    ],
)
def test_file_line_and_document(
    tmp_path: Path, content: str, origins: list[tuple[int, str]]
) -> None:
    found = [sentence.origin[:3] for sentence in read_one(tmp_path, content).sentences]
    assert found == [(str(tmp_path / "x"), line, document) for line, document in origins]


@pytest.mark.parametrize(
    ("content", "steps"),
    [
        (TABLE, [1, 1, 1]),
        ("# text = x\nMira B-per\nleft O\nOslo B-geo\n\nRain O\nfell O\n", [1, 1]),
        # A blank line inside, a word that is two, and both
        ("Sentence #,Word,Tag\n1,Mira,B-per\n\n,left,O\n2,Rain,O\n,fell,O\n", [0, 1]),
        ("Sentence #,Word,Tag\n1,Mira Lund,B-per\n,left,O\n2,Ann Lund,B-per\n\n,left,O\n", [0, 0]),
        ('text,labels\n"Mira left","B-PER O"\n"It rains","O O"\n', [0, 0]),
        (
            '{"tokens": ["Mira", "left"], "tags": ["B-per", "O"]}\n{"tokens": ["It", "is"], "tags": ["O", "O"]}',
            [0, 0],
        ),
    ],
)
def test_whether_each_word_has_a_line_of_its_own(
    tmp_path: Path, content: str, steps: list[int]
) -> None:
    assert [sentence.origin.step for sentence in read_one(tmp_path, content).sentences] == steps


def test_gathered_rows_begin_where_the_first_of_them_stands(tmp_path: Path) -> None:
    content = "sid,word,tag\n4,Oslo,B-geo\n2,March,B-tim\n4,rains,O\n"
    found = read_one(tmp_path, content, sentences="gather").sentences
    assert [(sentence.words[0], sentence.origin.line) for sentence in found] == [
        ("Oslo", 2),
        ("March", 3),
    ]


def test_docs_and_converted_files_keep_it(tmp_path: Path) -> None:
    path, nlp = tmp_path / "mine.csv", tokenizing()
    path.write_text(
        "Sentence #,Word,Tag\n" + "".join(f"{i},Town{i},B-geo\n,is,O\n" for i in range(9))
    )
    main(["convert", str(path), str(tmp_path / "out")])
    direct = {doc.text: doc.user_data["origin"] for doc in read_docs([path], nlp)}
    assert direct["Town3 is"] == {"file": str(path), "line": 8, "document": "", "step": 1}
    for name in ("train", "dev", "test"):
        converted = read_docs([tmp_path / "out" / f"{name}.spacy"], nlp)
        assert all(doc.user_data["origin"] == direct[doc.text] for doc in converted)
        json.dumps([doc.user_data["origin"] for doc in converted])
    # Any other .spacy file leads back to the number of the Doc in it.
    (tmp_path / "other.spacy").write_bytes(DocBin(docs=[nlp("Oslo"), nlp("Bern")]).to_bytes())
    assert [
        doc.user_data["origin"]["line"] for doc in read_docs([tmp_path / "other.spacy"], nlp)
    ] == [1, 2]
