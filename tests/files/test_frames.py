"""Test data frames as people on Kaggle and Colab have them."""

import io
from pathlib import Path
from typing import Any

import pytest

from spacy_bilstm_ner.files import read

from .test_cases import mark

pandas = pytest.importorskip("pandas")

GMB = """Sentence #,Word,POS,Tag
Sentence: 1,Mira,NNP,B-per
,Holt,NNP,I-per
,left,VBD,O
Sentence: 2,Oslo,NNP,B-geo
,waits,VBZ,O
"""
MARKED = ["[Mira Holt]per left", "[Oslo]geo waits"]


def frame() -> Any:
    return pandas.read_csv(io.StringIO(GMB))


def group() -> Any:
    return frame().ffill().groupby("Sentence #").agg(list).reset_index()


@pytest.mark.parametrize(
    "table",
    [
        frame(),
        frame().ffill(),
        frame().ffill().set_index("Word", drop=False),
        group(),
        group()[["Word", "Tag"]],
        pandas.DataFrame(
            {"text": ["Mira Holt left", "Oslo waits"], "tags": ["B-per I-per O", "B-geo O"]}
        ),
        pandas.DataFrame(
            {
                "sentence": ["Mira Holt left", "Oslo waits"],
                "word_labels": ["B-per,I-per,O", "B-geo,O"],
            }
        ),
        pandas.DataFrame(
            {
                "text": ["Mira Holt left", "Oslo waits"],
                "entities": [[(0, 9, "per")], [(0, 4, "geo")]],
            }
        ),
        frame().ffill().astype("string"),
        frame().astype({"Tag": "category"}),
    ],
    ids=[
        *("gaps", "filled", "named_index", "lists", "lists_only", "tag_string"),
        *("word_labels", "offsets", "string_dtype", "category"),
    ],
)
def test_tables_of_kaggle_are_read(table: Any) -> None:
    before = table.copy(deep=True)
    docs, report = read(table)
    assert list(map(mark, docs)) == MARKED
    assert report.written == {"rows": len(table), "words": 5, "entities": 2}
    assert report.counts == {"header": {"rows": 1}}
    pandas.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    "notes", [[["made by me", None], [None, "in May"]], [["# PER", "person"], ["# GEO", "place"]]]
)
def test_a_sheet_without_a_table_is_skipped(tmp_path: Path, notes: list[Any]) -> None:
    with pandas.ExcelWriter(tmp_path / "x.xlsx") as file:
        pandas.DataFrame(notes).to_excel(file, sheet_name="Notes", header=False, index=False)
        frame().to_excel(file, sheet_name="Data", index=False)
    docs, report = read(tmp_path / "x.xlsx")
    assert list(map(mark, docs)) == MARKED
    assert "are skipped: Notes." in report.warnings[0]


def test_a_named_index_of_a_parquet_file_is_a_column(tmp_path: Path) -> None:
    frame().ffill().set_index("Sentence #").to_parquet(tmp_path / "x.parquet")
    docs, _ = read(tmp_path / "x.parquet")
    assert list(map(mark, docs)) == MARKED
