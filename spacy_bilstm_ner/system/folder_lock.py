"""Lock a folder, so that only one process at a time works in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import UserError
from .atomic import make_writable_folder


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Make a folder and lock it until the block ends.

    The operating system releases the lock if the process is killed.

    RAISES UserError: If another process holds the lock, or the folder is not writable.
    """
    make_writable_folder(folder)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise UserError(
            f"another process is using {folder}: wait until it ends, or use another folder"
        ) from None
