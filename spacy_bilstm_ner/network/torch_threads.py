"""Torch's threads after a fork. Knows no thinc and no Doc."""

import os

import torch

_importing_process = os.getpid()


def spare_forks() -> None:
    """Let torch use one thread only in a process that was forked from the one that imported this module.

    A fork copies the state of OpenMP's thread pool, but not its threads: an operation that would share its work
    with them waits for ever. So `nlp.pipe(n_process=2)` would hang after a forward pass in the parent.
    """
    if os.getpid() != _importing_process and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
