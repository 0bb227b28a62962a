"""Report the rows of a file that cannot be read."""

from collections.abc import Sequence

from ..errors import UserError, count

# Number of rows that a message shows
N_SHOWN = 50


def check_rows(name: str, faults: Sequence[tuple[int, str]], remedy: str) -> None:
    """Check that all rows of a file can be read.

    name (str): Name of the file.
    faults (Sequence[tuple[int, str]]): Line of each row that cannot be read, and why.
    remedy (str): What to do about them.
    RAISES UserError: If there are such rows.
    """
    if faults:
        shown = "\n".join(f"{name}, line {line}: {fault}." for line, fault in faults[:N_SHOWN])
        raise UserError(f"{shown}\n{count(len(faults), 'row')} cannot be read. {remedy}")
