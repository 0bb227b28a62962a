"""Excel and Parquet files → tables of strings. Needs the extra `[formats]`."""

import io
import json
from datetime import date, time
from typing import Any

import pandas

from .columns import allows_labels
from .faults import Faults
from .schemes import UNKNOWN
from .sentences import clean


def read_excel(data: bytes, name: str) -> pandas.DataFrame:
    """Read the first sheet of an Excel file.

    RETURNS (pandas.DataFrame): All values as strings, "" where there is none.
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
    strings = table.map(_cell)
    strings.columns = pandas.Index(strings.iloc[0].tolist())
    return strings.iloc[1:].reset_index(drop=True)


def read_parquet(data: bytes) -> pandas.DataFrame:
    """Read a Parquet file.

    RETURNS (pandas.DataFrame): All values as strings; a list as JSON; a null tag as `?`, unknown.
    """
    table = pandas.read_parquet(io.BytesIO(data))
    cells = table.map(_cell).astype(str)
    nulls = table.isna()
    for name in table.columns:
        if allows_labels(str(name)):
            cells.loc[nulls[name], name] = UNKNOWN
    return cells


def _cell(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if value is None or value is pandas.NA:
        return ""
    if isinstance(value, float):
        # An empty cell, or a whole number as Excel keeps it
        return "" if value != value else str(int(value)) if value.is_integer() else str(value)
    return clean(str(value))
