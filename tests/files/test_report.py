"""Test the counts of what is read, written, left out and changed."""

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.report import Report

from .helpers import sentence


def make_report() -> Report:
    report = Report()
    report.read.update(rows=2, words=2, entities=1)
    report.count("comment", "x.csv, line 1: '# a'")
    report.count("white_space", "x.csv, line 2: ' '")
    return report


def test_read_is_written_and_left_out() -> None:
    make_report().finish([sentence("Mira", "B-per")])
    with pytest.raises(
        UserError, match=r"were lost: .*'words': 2.* read, but .*'words': 2.* written"
    ):
        make_report().finish([sentence("Mira left", "B-per O")])


def test_reports_add_up() -> None:
    total = make_report()
    total.merge(make_report())
    assert total.read == {"rows": 4, "words": 4, "entities": 2}
    assert total.counts["comment"] == {"rows": 2}
    assert total.places["comment"] == ["x.csv, line 1: '# a'"] * 2


def test_as_a_table_and_as_text() -> None:
    frame = make_report().to_frame()
    assert frame["reason"].tolist() == ["comment", "white_space"]
    assert frame["rows"].tolist() == [1, 0]
    assert make_report().lines()[2].endswith("above the header). x.csv, line 1: '# a'")
