"""The number of processor cores that this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
    """Count the cores that this process may use, by its affinity and by the quotas of its control
    groups.

    root (Path): The root of the file system.
    """
    n_cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    for quota, period in _quotas(root):
        if quota.isdigit():
            n_cores = min(n_cores, max(1, int(quota) // int(period)))
    return n_cores


def _quotas(root: Path) -> Iterator[tuple[str, str]]:
    """Yield quotas and periods of CPU time in microseconds. A quota that is no number means no
    limit."""
    groups = root / "sys/fs/cgroup"
    group = groups / _group_name(root / "proc/self/cgroup").lstrip("/")
    for folder in (group, *group.parents):
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
            yield quota, period
    # Version 1 of control groups
    quota_file, period_file = groups / "cpu/cpu.cfs_quota_us", groups / "cpu/cpu.cfs_period_us"
    if quota_file.is_file() and period_file.is_file():
        yield quota_file.read_text().strip(), period_file.read_text().strip()


def _group_name(path: Path) -> str:
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::")
    return ""
