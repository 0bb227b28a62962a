from pathlib import Path
from typing import Any

import pytest

from spacy_bilstm_ner.errors import UserError

from .helpers import read_one, shown

FOUR = "-DOCSTART- -X- O O\n\nMira NNP B-NP B-PER\nHolt NNP I-NP I-PER\nleft VBD B-VP O\n\nOslo NNP B-NP B-LOC\n. . O O\n"
TWO = ["Mira/B-PER Holt/I-PER left", "Oslo/B-LOC ."]


def test_four_columns(tmp_path: Path) -> None:
    data = read_one(tmp_path, FOUR)
    assert shown(data) == TWO
    assert (data.source["format"], data.warnings) == ("conll", {})


@pytest.mark.parametrize(
    "content",
    [
        "Mira B-PER\nHolt I-PER\nleft O\n\n\n  \nOslo B-LOC\n. O",
        "# a comment\nMira\tB-PER\nHolt\tI-PER\n# another one\nleft\tO\n\nOslo\tB-LOC\n.\tO\n",
        "Mira,B-PER\nHolt,I-PER\nleft,O\n\nOslo,B-LOC\n.,O\n",
        "word tag\nMira B-PER\nHolt I-PER\nleft O\n\nOslo B-LOC\n. O\n",
        "1\tMira\tB-PER\n2\tHolt\tI-PER\n3\tleft\tO\n\n1-2\tOslo.\tO\n1\tOslo\tB-LOC\n2\t.\tO\n2.1\tit\tO\n",
        "d1 0 Mira B-PER\nd1 1 Holt I-PER\nd1 2 left O\n\nd1 0 Oslo B-LOC\nd1 1 . O\n",
        "1\tMira\tB-PER\tO\n2\tHolt\tI-PER\tO\n3\tleft\tO\tO\n\n1\tOslo\tB-LOC\tO\n2\t.\tO\tO\n",
        "1 Mira B-PER\n2 Holt I-PER\n3 left O\n\n1 Oslo B-LOC\n2 . O\n",
    ],
)
def test_other_columns(tmp_path: Path, content: str) -> None:
    assert shown(read_one(tmp_path, content)) == TWO


def test_a_number_sign_may_be_a_word(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "# text = x\nMira\tB-PER\n#\tO\n\nOslo\tB-LOC\n")) == [
        "Mira/B-PER #",
        "Oslo/B-LOC",
    ]


def test_entities_that_begin_with_i(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "Mira I-PER\nHolt I-PER\nAnn B-PER\nleft O\n")) == [
        "Mira/B-PER Holt/I-PER Ann/B-PER left"
    ]


def test_several_columns_of_tags(tmp_path: Path) -> None:
    content = "1\tMira\tB-PER\tO\n2\tHolt\tI-PER\tB-ORG\n"
    data = read_one(tmp_path, content)
    assert shown(data) == ["Mira Holt/B-ORG"]
    assert "columns 3, 4 of" in data.warnings["columns"]
    data = read_one(tmp_path, content, tag_column="3")
    assert (shown(data), data.warnings) == (["Mira/B-PER Holt/I-PER"], {})
    assert shown(read_one(tmp_path, content, word_column="1")) == ["1 2/B-ORG"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "Mira B-PER\nleft\n\nOslo B-LOC\nx y z\n",
            {},
            "2 faults(.|\n)*line 2: expected 2 columns, found 1",
        ),
        (
            "Mira B-PER\nleft X\n",
            {},
            "line 2: the tag of 'left' is 'X'. A tag in column '2' must be O",
        ),
        (
            "Mira B-PER\n",
            {"tag_column": "ner"},
            "has no header: --tag-column takes a number from 1 to 2, but is 'ner'",
        ),
        (
            "Mira x NNP\nleft y VBD\n",
            {},
            "column 3 holds no tags such as O or B-per.* say --tag-column NUMBER",
        ),
        ("1\tMira\t_\n2\tleft\tSpaceAfter=No\n", {}, "column 3 holds no tags such as O or B-per"),
        ("B-PER O B-LOC\nO O O\n", {}, "column 1 holds tags, and no words"),
        ("1-1\t0-4\tMira\tPER\n1-2\t5-9\tleft\t_\n", {}, "holds no words"),
        (
            "Mira left\tB-PER O\nIt rains\tO O\nx y\tO\n",
            {},
            "Several in one cell.* a line of names above",
        ),
        (
            "<PER>Mira</PER> left\nIt rains\n",
            {},
            "within the text, such as '<PER>Mira</PER>', are not read: write",
        ),
        ("[Mira](PER) left\nIt rains\n", {}, r"such as '\[Mira\]\(PER\)'"),
        ("<START:PER> Mira <END>\nit did rain\n", {}, "such as '<START:PER>'"),
        ("Mira/PERSON left/O\nIt/O rains/O\n", {}, "such as 'Mira/PERSON'"),
        (
            "a 0 Mira (N* (P*\na 1 left *) *)\n",
            {},
            "columns 4, 5 hold brackets.*In CoNLL-2012 it is --tag-column 11",
        ),
        ("Mira (P*\nUni (O*\nleft *)\n", {}, r"line 2: the tag of 'Uni' is '\(O\*'"),
        ("Mira (P*\n\nleft *\nhome *)\n", {}, r"line 3: the tag of 'left' is '\*'"),
        ("Mira (P)\nleft *\n", {"strict": True}, r"line 1: the tag of 'Mira' is '\(P\)'"),
        (
            "Mira left Oslo.\nIt rains.\nNothing here is labelled.\n",
            {},
            "is no table: most of its lines have no word and",
        ),
        ("Mira left\nIt rains\n", {}, "column 2 holds no tags such as O or B-per"),
        ("# only\n# comments\n", {}, "holds no sentences"),
    ],
)
def test_what_is_wrong(tmp_path: Path, content: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_one(tmp_path, content, format="conll", **options)


def test_brackets(tmp_path: Path) -> None:
    content = "d 0 Mira (S* (PER) (V*\nd 1 left * * *)\nd 2 New (N* (LOC* *\nd 3 York *) *) *\n\nd 0 Rain * * *\n"
    brackets = ["Mira/B-PER left New/B-LOC York/I-LOC", "Rain"]
    assert shown(read_one(tmp_path, content, tag_column="5")) == brackets
    data = read_one(tmp_path, content.replace("(S*", "(S(NP*").replace(" (V*", " -"))
    assert (shown(data), data.notes) == (
        brackets,
        [f"Tags of {tmp_path / 'x'}: (x* * *) = B-x I-x I-x"],
    )
    table = "sid,word,tag\n1,Mira,(PER)\n1,left,*\n1,New,(LOC*\n1,York,*)\n2,Rain,*\n"
    assert shown(read_one(tmp_path, table)) == brackets


def test_names_above_white_space_columns(tmp_path: Path) -> None:
    content = "sid  word  tag\n1  Mira  B-PER\n1  left  O\n2  Rain  O\n"
    assert shown(read_one(tmp_path, content)) == ["Mira/B-PER left", "Rain"]
    with pytest.raises(UserError, match="expected 4 columns, found 3"):
        read_one(tmp_path, "  sid word tag\n0 1 Mira B-PER\n1 1 left O\n")


def test_one_sentence_with_comments(tmp_path: Path) -> None:
    content = "# text = Mira left\n1\tMira\tB-PER\tx=y\n2\tleft\tO\t_\n"
    assert shown(read_one(tmp_path, content, tag_column="3")) == ["Mira/B-PER left"]


def test_a_no_break_space_stands_within_a_word(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "New\u00a0York B-LOC\nleft O\n")) == [
        "New/B-LOC York/I-LOC left"
    ]


def test_the_tag_may_come_first(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "B-PER Mira\nO left\n", tag_column="1")) == ["Mira/B-PER left"]


def test_numbers_are_words_where_no_column_counts_them(tmp_path: Path) -> None:
    rows = (
        "Dose NN O\n2.5 CD B-QTY\nmg NN I-QTY\n\nWon VB O\n6-2 CD B-SCORE\nin IN O\n1998-99 CD O\n"
    )
    data = read_one(tmp_path, rows)
    assert shown(data) == ["Dose 2.5/B-QTY mg/I-QTY", "Won 6-2/B-SCORE in 1998-99"]


def test_ranges_of_conll_u_are_counted(tmp_path: Path) -> None:
    rows = "1-2\tOslo.\t_\n1\tOslo\tB-LOC\n2\t2-1\tO\n2.1\tit\t_\n\n1\tMira\tB-PER\n"
    data = read_one(tmp_path, rows)
    assert shown(data) == ["Oslo/B-LOC 2-1", "Mira/B-PER"]
    assert "2 rows left out" in data.warnings["ranges"]
