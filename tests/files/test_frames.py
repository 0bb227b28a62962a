import io
from pathlib import Path
from typing import Any

import pandas
import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import unpack

from .helpers import read_one, shown

openpyxl = pytest.importorskip("openpyxl", reason="needs the extra [formats]")
pytest.importorskip("pyarrow", reason="needs the extra [formats]")


def excel(table: pandas.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_excel(buffer, index=False)
    return buffer.getvalue()


def parquet(table: pandas.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def table(**columns: list[Any]) -> pandas.DataFrame:
    return pandas.DataFrame(
        {name: pandas.Series(values, dtype=object) for name, values in columns.items()}
    )


def test_excel(tmp_path: Path) -> None:
    content = excel(
        table(sentence_id=[1, None, 2], word=["Mira", "None", 2020], tag=["B-per", "O", "B-tim"])
    )
    data = read_one(tmp_path, content)
    assert shown(data) == ["Mira/B-per None", "2020/B-tim"]
    assert data.source["format"] == "excel"
    with pytest.raises(UserError, match="line 3: the tag of 'left' is 'X'"):
        read_one(tmp_path, excel(table(sid=[1, 1], word=["Mira", "left"], tag=["B-per", "X"])))
    with pytest.raises(UserError, match="line 3: the tag of 'left' is '#N/A'"):
        read_one(tmp_path, excel(table(sid=[1, 1], word=["Mira", "left"], tag=["B-per", "#N/A"])))


def test_what_excel_has_changed(tmp_path: Path) -> None:
    content = excel(
        table(
            sid=[1, 1, 2],
            word=["Mira", pandas.Timestamp("2020-05-01"), True],
            tag=["B-per", "O", "O"],
        )
    )
    with pytest.raises(
        UserError, match=r"2 faults(.|\n)*line 3: a cell holds 2020-05-01.*as a datetime"
    ):
        read_one(tmp_path, content)


def test_parquet(tmp_path: Path) -> None:
    data = read_one(
        tmp_path,
        parquet(table(sid=[1, 1, 2], word=["Mira", "None", "x"], tag=["B-per", None, "O"])),
    )
    assert shown(data) == ["Mira/B-per None/?", "x"]
    lists = table(tokens=[["Mira", "can't"], ["x"]], ner_tags=[["B-per", None], ["O"]])
    assert shown(read_one(tmp_path, parquet(lists))) == ["Mira/B-per can't/?", "x"]
    assert shown(
        read_one(tmp_path, parquet(table(tokens=[["Mira"], ["x"]], ner_tags=[["B-per"], ["O"]])))
    ) == [
        "Mira/B-per",
        "x",
    ]
    odd = table(tokens=[["New\nYork", "C:\\new"]], ner_tags=[["B-geo", "O"]])
    assert shown(read_one(tmp_path, parquet(odd))) == ["New/B-geo York/I-geo C:\\new"]
    with pytest.raises(UserError, match="These are numbers"):
        read_one(tmp_path, parquet(table(tokens=[["Mira", "x"]], ner_tags=[[1, 0]])))


def test_what_is_damaged_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="x cannot be read as parquet"):
        read_one(tmp_path, parquet(table(word=["a"]))[:-10])
    with pytest.raises(UserError, match="x cannot be read as excel"):
        read_one(tmp_path, b"Word,Tag", format="excel")


def test_a_parquet_file_of_few_bytes_that_stand_for_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = parquet(table(word=["Mira" * 10_000] * 200, tag=["B-per"] * 200))
    assert len(bomb) < 100_000
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 10**6)
    with pytest.raises(UserError, match="takes more than 1,000,000 bytes when it is unpacked"):
        read_one(tmp_path, bomb)
    empty = parquet(pandas.DataFrame({"word": pandas.Series([None] * 200_000, dtype=object)}))
    with pytest.raises(UserError, match="takes more than 1,000,000 bytes"):
        read_one(tmp_path, empty)
