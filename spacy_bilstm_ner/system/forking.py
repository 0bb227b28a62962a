"""Caches that threads share, in a program that forks."""

import os
from functools import cache
from threading import Lock
from weakref import WeakSet

_caches: WeakSet["SharedCache"] = WeakSet()


class SharedCache:
    """Base class of a cache that threads share.

    A forked child starts with a new lock and no content.

    A thread of the parent may hold the lock when another thread forks. The child has only the
    thread that forked, so nobody would ever release its copy of the lock.
    """

    def __init__(self) -> None:
        _clear_caches_in_children()
        _caches.add(self)
        self.clear()

    def clear(self) -> None:
        """Make a new lock and forget all content. Subclasses extend this."""
        self.lock = Lock()


@cache
def _clear_caches_in_children() -> None:
    # Windows cannot fork.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_clear_caches)


def _clear_caches() -> None:
    for shared_cache in list(_caches):
        shared_cache.clear()
