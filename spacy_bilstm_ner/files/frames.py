"""Excel and Parquet files → tables of strings. Needs the extra `[formats]`."""

import io
import json
from datetime import date, time
from typing import Any

import pandas

from .columns import allows_labels
from .faults import Faults
from .schemes import UNKNOWN


def read_excel(data: bytes, name: str) -> list[list[str]]:
    """Read the first sheet of an Excel file.

    RETURNS (list[list[str]]): The fields of each row, as strings, with the header.
    RAISES FileFaults: If a cell holds a date or a truth value, whose text is only in the sheet's formatting.
    """
    table = pandas.read_excel(io.BytesIO(data), header=None, dtype=object, keep_default_na=False, engine="openpyxl")
    faults = Faults(name, lambda row: row + 1)
    for row, values in enumerate(table.itertuples(index=False)):
        for value in values:
            if isinstance(value, bool | date | time):
                faults.add(
                    row,
                    f"a cell holds {value} as a {type(value).__name__}",
                    "Excel changed the words of these cells: format the column as text and write them again.",
                )
    faults.check()
    return [[_cell(value) for value in values] for values in table.itertuples(index=False)]


def read_parquet(data: bytes) -> list[list[str]]:
    """Read a Parquet file.

    RETURNS (list[list[str]]): The fields of each row, as strings, with the header: a list as JSON; a null tag as `?`.
    """
    table = pandas.read_parquet(io.BytesIO(data))
    null = [UNKNOWN if allows_labels(str(name)) else "" for name in table.columns]
    rows = (zip(values, null, strict=True) for values in table.itertuples(index=False))
    return [[str(name) for name in table.columns], *([_cell(value, empty) for value, empty in row] for row in rows)]


def _cell(value: Any, null: str = "") -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if value is None or value is pandas.NA or value != value:
        return null
    # A whole number as Excel keeps it
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
