"""Find the labels of a file that are most likely wrong."""

import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from spacy.training import Example

from ..errors import UserError
from ..files.delimited import find_separator
from ..system.whole import save
from .folds import FoldedCorpus, predict_folds, train_folds
from .mistakes import COLUMNS as MISTAKE_COLUMNS
from .mistakes import KINDS, compare_entities, show_mistakes
from .result import Result, Section

COLUMNS = [*MISTAKE_COLUMNS[:-1], "times", "keep"]
# These columns identify a row that the user has marked in the column `keep`.
IDENTITY = ["sentence", "text", "gold"]
# Mistakes with a lower confidence are not listed.
MIN_CONFIDENCE = 0.1
N_ON_PAGE = 200
# Spreadsheets execute cells that begin with one of these, unless an apostrophe precedes them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(kw_only=True)
class Audit(Result):
    """Labels that are probably wrong.

    suspicions (pd.DataFrame): The rows of audit.csv, most suspicious first.
    """

    suspicions: pd.DataFrame

    def sections(self) -> Iterator[Section]:
        """Show the most suspicious rows."""
        first = self.suspicions.head(N_ON_PAGE)
        yield Section(
            f"The first {len(first)} rows",
            "The confidence is the probability of the prediction. If the prediction is that there "
            "is no entity, the probability of the annotated entity is subtracted.",
            table=show_mistakes(first).assign(times=first["times"]),
        )


def audit_folds(corpus: FoldedCorpus, marked: pd.DataFrame) -> Audit:
    """Train the pipelines that are missing, and find the labels that contradict their predictions.

    marked (pd.DataFrame): Rows of earlier audits to leave out, see `read_marked_rows`.
    RAISES UserError: If a training fails.
    """
    train_folds(corpus)
    suspicions = find_suspicions(predict_folds(corpus, all_candidates=True))
    suspicions = suspicions[~identify(suspicions).isin(identify(marked))]
    counts = suspicions.groupby("kind")["times"].sum().sort_values(ascending=False)
    table = counts.rename("labels").rename_axis("what may be wrong").reset_index()
    table["meaning"] = table["what may be wrong"].map(KINDS)
    return Audit(
        summary=[
            f"{corpus.file}: {len(corpus.docs):,} sentences, each predicted by a pipeline that was "
            "trained without it",
            f"labels to look at: {counts.sum():,} in {len(suspicions):,} rows, most suspicious "
            f"first (without the rows that you marked in `keep`: {len(marked):,})",
        ],
        table=table,
        formats={"labels": ",.0f"},
        suspicions=suspicions,
    )


def find_suspicions(examples: Sequence[Example]) -> pd.DataFrame:
    """Return labels that may be wrong, most suspicious first. Copies of a sentence share a row.

    examples (Sequence[Example]): Sentences with all candidate entities of pipelines that were not
        trained on them.
    RETURNS (pd.DataFrame): The columns COLUMNS, and "start". "times" is the number of copies.
    """
    pairs = compare_entities(examples, all_candidates=True)
    mistakes = pairs[(pairs["kind"] != "") & (pairs["confidence"] >= MIN_CONFIDENCE)]
    groups = mistakes.groupby([*IDENTITY, "found", "predicted", "start"], sort=False)
    suspicions = mistakes.assign(times=groups["line"].transform("size"), keep="")
    return suspicions.loc[groups.head(1).index]


def identify(rows: pd.DataFrame) -> pd.MultiIndex:
    """Return what identifies each row. White space is ignored."""
    return pd.MultiIndex.from_frame(rows[IDENTITY].map(lambda text: " ".join(text.split())))


def write_rows(path: Path, rows: pd.DataFrame, *, delimiter: str = ",") -> None:
    """Write rows of an audit as CSV for a spreadsheet. Texts that look like formulas are escaped.

    The file begins with a byte order mark, by which Excel recognises UTF-8.
    """
    table = rows[COLUMNS].map(escape_formula)
    text = table.to_csv(sep=delimiter, index=False, float_format="%.4f", lineterminator="\n")
    save(path, "\ufeff" + text)


def escape_formula(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would execute."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def read_marked_rows(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the rows of audit.csv files that the user has marked in the column `keep`.

    The encoding, the separator and the order of columns may differ from those that were written,
    since spreadsheets change them. Files that do not exist are skipped.

    RAISES UserError: If a file cannot be read, or a column is missing.
    """
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path in filter(Path.is_file, paths):
        text = _decode(path.read_bytes())
        separator = find_separator(text.split("\n")[:1])
        rows = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False)
        if not {*IDENTITY, "keep"} <= set(rows):
            raise UserError(
                f"{path} was not written by `audit`: it needs the columns "
                f"{', '.join([*IDENTITY, 'keep'])}. Move it to another folder"
            )
        rows = rows.reindex(columns=COLUMNS, fill_value="")
        rows = rows.map(lambda cell: cell.removeprefix("'"))
        tables.append(rows[rows["keep"].str.strip() != ""])
    marked = pd.concat(tables)
    return marked[~identify(marked).duplicated(keep="last")]


def _decode(content: bytes) -> str:
    is_utf16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        # The encoding in which Excel saves CSV in Western Europe
        return content.decode("cp1252")
