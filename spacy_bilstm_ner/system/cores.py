"""The number of processor cores that this process may use."""

import os
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
    """Count the cores that this process may use, by affinity and by the quotas of control groups.

    root (Path): The root of the file system.
    """
    n_cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    group = _control_group(root)
    for folder in (group, *group.parents):
        if (folder / "cpu.max").is_file():
            # CPU time in microseconds for each period, or "max"
            quota, period = (folder / "cpu.max").read_text().split()
            if quota != "max":
                n_cores = min(n_cores, max(1, int(quota) // int(period)))
    return n_cores


def _control_group(root: Path) -> Path:
    groups = root / "sys/fs/cgroup"
    path = root / "proc/self/cgroup"
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("0::/"):
                return groups / line.removeprefix("0::/")
    return groups
