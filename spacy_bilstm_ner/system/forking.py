"""Share caches between threads, also in programs that fork."""

import os
from functools import cache
from threading import Lock
from weakref import WeakSet

_caches: WeakSet["SharedCache"] = WeakSet()


class SharedCache:
    """Base class of a cache that threads share.

    A forked child process starts with an empty cache and a new lock. With a copy of the parent's
    lock, it could wait forever: another thread of the parent may have held the lock during the
    fork, and the child does not have that thread.
    """

    def __init__(self) -> None:
        _clear_caches_in_children()
        _caches.add(self)
        self.clear()

    def clear(self) -> None:
        """Make a new lock and remove all content. Subclasses extend this."""
        self.lock = Lock()


@cache
def _clear_caches_in_children() -> None:
    # Windows cannot fork.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_clear_caches)


def _clear_caches() -> None:
    for shared_cache in list(_caches):
        shared_cache.clear()
