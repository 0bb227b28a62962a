"""A lock on a folder, for one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import UserError
from .whole import make_writable_folder


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Make a folder and lock it until the block ends.

    The system also releases the lock if the process is killed.

    RAISES UserError: If another process holds the lock, or nothing can be written to the folder.
    """
    make_writable_folder(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"another process is at work in {folder}: wait for its end, or use another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()
