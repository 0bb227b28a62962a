"""The number of processor cores that this process may use."""

import os
from pathlib import Path

# The quota of a container: CPU time in microseconds, or "max", for each period
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota_file: Path = QUOTA) -> int:
    """Count the cores that this process may use, by its affinity and by the quota of its container.

    quota_file (Path): The file that has the quota.
    """
    n_cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    if quota_file.is_file():
        quota, period = quota_file.read_text().split()
        if quota != "max":
            n_cores = min(n_cores, max(1, int(quota) // int(period)))
    return n_cores
