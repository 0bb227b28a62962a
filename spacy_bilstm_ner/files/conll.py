"""Read CoNLL with any number of columns: a word on each line, empty lines between sentences."""

import re

from .delimited import divide
from .options import Options
from .records import Content, Records
from .report import Report
from .rows import read_table
from .tables import Table

# A tag among the features of CoNLL-U Plus: key=value|key=value
_FEATURE = re.compile(r"(?:^|\|)([\w:.]+)=[BILUES]-[^|]+")


def read_conll(content: Content, options: Options) -> tuple[Records, Report]:
    """Read rows of a word and further columns, with or without a header.

    RAISES UserError: If a line has another number of columns, or a column cannot be detected.
    """
    report = Report()
    table = divide(content, options, report, needs_header=False)
    _add_features(table)
    return read_table(table, options, report)


def _add_features(table: Table) -> None:
    """Add a column for each feature of CoNLL-U Plus whose values are tags."""
    for column in list(table.columns):
        keys: set[str] = set()
        for value in set(column):
            keys.update(_FEATURE.findall(value))
        for key in sorted(keys):
            pattern = re.compile(rf"(?:^|\|){re.escape(key)}=([^|]*)")
            matches = map(pattern.search, column)
            table.names.append(key)
            table.columns.append([match[1] if match else "O" for match in matches])
