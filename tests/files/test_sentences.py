from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.faults import FileFaults

from .helpers import HEADER, read_one, shown


def test_all_faults_are_said_at_once_by_kind(tmp_path: Path) -> None:
    with pytest.raises(FileFaults) as error:
        read_one(tmp_path, HEADER + "1,Mira,B-per\n,left,X\n,,O\n,Oslo,Y\n,a,Z\n,b,Z\n")
    message = str(error.value)
    assert "x: 5 faults, and nothing was written" in message
    assert "- 4 of this kind. A tag in column 'Tag' must be O, B-label or I-label" in message
    assert "line 3: the tag of 'left' is 'X'" in message
    assert "line 7" not in message
    assert "--report FILE lists every one" in message
    assert (
        "- 1 of this kind. Fill in the word, or delete the row.\n    line 4: there is no word"
        in message
    )
    assert len(error.value.lines) == 5
    assert any("line 7: the tag of 'b' is 'Z'" in line for line in error.value.lines)


def test_an_entity_without_its_beginning_begins_there_or_is_refused(tmp_path: Path) -> None:
    content = HEADER + "1,a,O\n,b,I-x\n,c,I-x\n2,d,I-x\n"
    data = read_one(tmp_path, content)
    assert shown(data) == ["a b/B-x c/I-x", "d/B-x"]
    assert data.warnings["repaired_tags"].startswith(
        "2 tags I-x without an entity of that label before it, read as B-x"
    )
    assert "x, line 3)" in data.warnings["repaired_tags"]
    with pytest.raises(
        UserError, match=r"leave out --strict(.|\n)*line 3: the tag 'I-x' of the word 'b'"
    ):
        read_one(tmp_path, content, strict=True)


def test_other_schemes_are_converted_and_told_or_refused(tmp_path: Path) -> None:
    content = HEADER + "1,Mira,B-per\n,Holt,E-per\n,Oslo,S-geo\n,.,_\n"
    data = read_one(tmp_path, content)
    assert shown(data) == ["Mira/B-per Holt/I-per Oslo/B-geo ."]
    assert data.notes == [f"Tags of {tmp_path / 'x'}: '_' = O, 'E-per' = I-per, 'S-geo' = B-geo"]
    with pytest.raises(UserError, match="--strict takes only the tags O, B-x and I-x"):
        read_one(tmp_path, content, strict=True)


def test_labels_without_a_letter_where_the_column_s_name_allows_it(tmp_path: Path) -> None:
    rows = "1,Mira,PER\n1,Holt,PER\n1,left,O\n"
    data = read_one(tmp_path, "sid,word,label\n" + rows)
    assert shown(data) == ["Mira/B-PER Holt/I-PER left"]
    assert "'PER' = B-PER I-PER" in data.notes[0]
    with pytest.raises(UserError, match="the tag of 'Mira' is 'PER'"):
        read_one(tmp_path, "sid,word,x\n" + rows, tag_column="x")


def test_what_means_outside_can_be_said(tmp_path: Path) -> None:
    content = HEADER + "1,Mira,B-per\n,left,_\n,Oslo,O\n"
    with pytest.raises(
        UserError,
        match=r"Which of these mean \"in no entity\": '_' \(1\), 'O' \(1\)\? Say so with --outside",
    ):
        read_one(tmp_path, content)
    assert shown(read_one(tmp_path, content, outside=["_", "O"])) == ["Mira/B-per left Oslo"]


@pytest.mark.parametrize(
    ("tag", "why"), [("0", "a zero, not the letter O"), ("О", "a cyrillic capital letter o, not")]
)
def test_look_alikes_are_refused(tmp_path: Path, tag: str, why: str) -> None:
    content = HEADER + f"1,Mira,B-per\n,left,{tag}\n,Oslo,O\n,x,{tag}\n"
    match = rf"line 3: the tag of 'left' is '{tag}': {why}.*rows with it: 2"
    with pytest.raises(UserError, match=match):
        read_one(tmp_path, content)


def test_what_was_said_to_be_outside_is_no_look_alike(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, HEADER + "1,Mira,B-per\n,left,0\n", outside=["0"])) == [
        "Mira/B-per left"
    ]


def test_an_unknown_tag_stays_unknown(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, HEADER + "1,Mira,B-per\n,Holt,?\n,left,O\n")) == [
        "Mira/B-per Holt/? left"
    ]
