"""Find the labels of a file that are most likely wrong."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from spacy.training import Example

from ..errors import UserError
from ..files.encoding import detect
from ..system.atomic import save_text
from .examples import predict_candidates
from .folds import FoldedCorpus, predict_folds, train_folds
from .mistakes import COLUMNS as MISTAKE_COLUMNS
from .mistakes import KINDS, compare_entities
from .result import Result

COLUMNS = [*MISTAKE_COLUMNS[:-1], "times", "keep"]
# These columns identify a row that the user has marked in the column `keep`.
IDENTITY = ["sentence", "text", "gold"]
# Mistakes with a lower confidence are not listed.
MIN_CONFIDENCE = 0.1
# Spreadsheets execute cells that begin with one of these, except the apostrophe. Texts that begin
# with an apostrophe are escaped as well, because `read_marked_rows` removes one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def audit_folds(corpus: FoldedCorpus, marked: pd.DataFrame) -> Result:
    """Train the pipelines that are missing, and find the labels that contradict their predictions.

    marked (pd.DataFrame): Rows of earlier audits to leave out, see `read_marked_rows`.
    RETURNS (Result): `mistakes` are the rows of audit.csv that are not marked, most suspicious
        first.
    RAISES UserError: If a training fails.
    """
    train_folds(corpus)
    suspicions = find_suspicions(predict_folds(corpus, predict=predict_candidates))
    suspicions = suspicions[~identify(suspicions).isin(identify(marked))]
    counts = suspicions.groupby("kind")["times"].sum().sort_values(ascending=False)
    table = counts.rename("labels").rename_axis("what may be wrong").reset_index()
    table["meaning"] = table["what may be wrong"].map(KINDS)
    return Result(
        summary=[
            f"{corpus.file}: {len(corpus.docs):,} sentences, each predicted by a pipeline that was "
            "trained without it",
            f"labels to look at: {counts.sum():,} in {len(suspicions):,} rows, most suspicious "
            f"first (rows not counted, because you marked them in `keep`: {len(marked):,})",
        ],
        table=table,
        mistakes=suspicions,
    )


def find_suspicions(examples: Sequence[Example]) -> pd.DataFrame:
    """Return labels that may be wrong, most suspicious first. Copies of a sentence share a row.

    examples (Sequence[Example]): Sentences, each predicted without thresholds by a pipeline that
        was not trained on it.
    RETURNS (pd.DataFrame): The columns COLUMNS, and "start". "times" is the number of copies.
    """
    pairs = compare_entities(examples)
    mistakes = pairs[(pairs["kind"] != "") & (pairs["confidence"] >= MIN_CONFIDENCE)]
    groups = mistakes.groupby([*IDENTITY, "found", "predicted", "start"], sort=False)
    suspicions = mistakes.assign(times=groups["line"].transform("size"), keep="")
    return suspicions.loc[groups.head(1).index].round({"confidence": 4})


def identify(rows: pd.DataFrame) -> pd.MultiIndex:
    """Return what identifies each row. The kind and the length of white space do not matter."""
    return pd.MultiIndex.from_frame(rows[IDENTITY].map(lambda text: " ".join(text.split())))


def write_rows(path: Path, rows: pd.DataFrame, *, delimiter: str = ",") -> None:
    """Write rows of an audit as CSV for a spreadsheet. Texts that look like formulas are escaped.

    The file begins with a byte order mark, by which Excel recognises UTF-8.
    """
    table = rows[COLUMNS].map(escape_formula)
    save_text(path, "\ufeff" + table.to_csv(sep=delimiter, index=False, lineterminator="\n"))


def escape_formula(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would execute."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def read_marked_rows(path: Path) -> pd.DataFrame:
    """Read the rows of audit.csv that the user has marked in the column `keep`.

    The encoding, the separator and the order of columns may differ from those that were written,
    since spreadsheets change them. If the file does not exist, there are no rows.

    RAISES UserError: If the file cannot be read, or a column is missing.
    """
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS)
    try:
        encoding = detect(str(path), path.read_bytes())
        # The Python engine detects the separator.
        rows = pd.read_csv(
            path, sep=None, engine="python", encoding=encoding, dtype=str, keep_default_na=False
        )
    except (UserError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path} cannot be read. Open it in the spreadsheet, and save it as CSV UTF-8; or move "
            "it to another folder"
        ) from error
    if not {*IDENTITY, "keep"} <= set(rows):
        raise UserError(
            f"{path} was not written by `audit`: it needs the columns "
            f"{', '.join([*IDENTITY, 'keep'])}. Move it to another folder"
        )
    # A spreadsheet may leave out columns, and empty cells at the end of a row.
    rows = rows.reindex(columns=COLUMNS, fill_value="").fillna("")
    rows = rows.map(lambda cell: cell.removeprefix("'"))
    return rows[rows["keep"].str.strip() != ""]
