"""The number of processor cores that this process may use."""

import os
from pathlib import Path

# A file of the container with two numbers: the CPU time that it may use in each period ("max": no
# limit), and the period, both in microseconds
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota_file: Path = QUOTA) -> int:
    """Count the cores that this process may use.

    The CPU affinity of the process and the CPU quota of its container limit them.

    quota_file (Path): The file with the quota.
    """
    n_cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    if quota_file.is_file():
        quota, period = quota_file.read_text().split()
        if quota != "max":
            n_cores = min(n_cores, max(1, int(quota) // int(period)))
    return n_cores
