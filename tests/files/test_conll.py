from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError

from .helpers import read_one, shown

FOUR = (
    "-DOCSTART- -X- O O\n\nMira NNP B-NP B-PER\nHolt NNP I-NP I-PER\nleft VBD B-VP O\n\nOslo NNP B-NP B-LOC\n. . O O\n"
)
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
    assert shown(read_one(tmp_path, "# text = x\nMira\tB-PER\n#\tO\n\nOslo\tB-LOC\n")) == ["Mira/B-PER #", "Oslo/B-LOC"]


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
        ("Mira B-PER\nleft\n\nOslo B-LOC\nx y z\n", {}, "2 faults(.|\n)*line 2: expected 2 columns, found 1"),
        ("Mira B-PER\nleft X\n", {}, "line 2: the tag of 'left' is 'X'. A tag in column '2' must be O"),
        ("Mira B-PER\n", {"tag_column": "ner"}, "has no header: --tag-column takes a number from 1 to 2, but is 'ner'"),
        ("Mira x NNP\nleft y VBD\n", {}, "column 3 holds no tags such as O or B-per. Say --tag-column NUMBER"),
        (
            "Mira left Oslo.\nIt rains.\nNothing here is labelled.\n",
            {},
            "is no table: most of its lines have no word and",
        ),
        ("Mira left\nIt rains\n", {}, "column 2 holds no tags such as O or B-per"),
        ("# only\n# comments\n", {}, "holds no sentences"),
    ],
)
def test_what_is_wrong(tmp_path: Path, content: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_one(tmp_path, content, format="conll", **options)


def test_one_sentence_with_comments(tmp_path: Path) -> None:
    content = "# text = Mira left\n1\tMira\tB-PER\tx=y\n2\tleft\tO\t_\n"
    assert shown(read_one(tmp_path, content, tag_column="3")) == ["Mira/B-PER left"]


def test_a_no_break_space_stands_within_a_word(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "New\u00a0York B-LOC\nleft O\n")) == ["New/B-LOC York/I-LOC left"]


def test_the_tag_may_come_first(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "B-PER Mira\nO left\n", tag_column="1")) == ["Mira/B-PER left"]
