"""Test the counts of what is read, written, left out and changed."""

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.options import Options, parse_fields, parse_pairs
from spacy_bilstm_ner.files.report import AccountError, Report


def make_report() -> Report:
    report = Report(rows_read=4, words_read=3, words_written=2, rows_written=3)
    report.count("comment", "x.csv, line 1: '# a'")
    report.count("white_space", "x.csv, line 2: ' '")
    return report


def test_read_is_written_and_left_out() -> None:
    report = make_report()
    report.check()
    report.words_written = 3
    with pytest.raises(
        AccountError, match="words are lost: 3 were read, and 3 written instead of 2"
    ):
        report.check()


def test_a_row_that_is_left_out_takes_its_words_and_entities_along() -> None:
    report = Report(rows_read=1, words_read=5, entities_read=2)
    report.count("conflict", "x.json, line 7", words=5, entities=2)
    report.check()


def test_reports_add_up() -> None:
    first, second = make_report(), make_report()
    second.guesses["encoding"] = "utf-8"
    total = first.merge(second)
    assert (total.rows_read, total.words_written) == (8, 4)
    assert total.counts["comment"]["rows"] == 2
    assert total.places["comment"] == ["x.csv, line 1: '# a'"] * 2
    assert total.guesses == {"encoding": "utf-8"}
    assert first == make_report()
    total.check()


def test_as_a_table_and_as_text() -> None:
    frame = make_report().to_frame()
    assert frame["reason"].tolist() == ["read", "written", "comment", "white_space"]
    assert frame["rows"].tolist() == [4, 3, 1, 0]
    assert "Left out: 1 row (comments). x.csv, line 1: '# a'" in make_report().lines()


def test_labels_that_were_looked_for() -> None:
    options = Options(annotated=["A,B", "old.csv=C"])
    assert options.labels_looked_for("folder/old.csv") == ("C",)
    assert options.labels_looked_for("new.csv") == ("A", "B")
    assert Options().labels_looked_for("new.csv") is None


def test_pairs_and_fields() -> None:
    assert parse_pairs("--label", ["PERSON=per", "MISC="]) == {"PERSON": "per", "MISC": ""}
    fields = parse_fields("text=content,start=from,unit=words,end_inclusive=yes,shift=-1")
    assert fields == {
        "unit": "words",
        "end_inclusive": True,
        "shift": -1,
        "fields": {"text": "content", "start": "from"},
    }


@pytest.mark.parametrize("value", ["text", "end_inclusive=maybe", "shift=x"])
def test_fields_that_cannot_be_read(value: str) -> None:
    with pytest.raises(UserError):
        parse_fields(value)


def test_an_option_is_one_of_its_choices() -> None:
    with pytest.raises(UserError, match="nested must be one of outer, inner, longest"):
        Options(nested="all")
