"""The number of processor cores that this process may use."""

import os
from pathlib import Path

# A file of the container with two numbers: the CPU time that it may use in each period ("max": no
# limit), and the period, both in microseconds
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Count the cores that this process may use.

    The CPU affinity of the process and the CPU quota of its container limit them.
    """
    n_cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    if QUOTA.is_file():
        quota, period = QUOTA.read_text().split()
        if quota != "max":
            n_cores = min(n_cores, max(1, int(quota) // int(period)))
    return n_cores
