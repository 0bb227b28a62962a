"""How many processor cores there are for us."""

import os
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
    """RETURNS (int): The cores that this process may use, by its affinity and its control group's quota."""
    limits = [
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ]
    groups, names = root / "sys/fs/cgroup", root / "proc/self/cgroup"
    own = (
        [line[4:].strip() for line in names.read_text().splitlines() if line[:3] == "0::"]
        if names.is_file()
        else []
    )
    group = groups.joinpath(*own)
    quotas = [
        file.read_text().split()
        for above in (group, *group.parents)
        if (file := above / "cpu.max").is_file()
    ]
    old = [groups / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period")]
    quotas += [[file.read_text().strip() for file in old if file.is_file()]]
    return min(
        limits
        + [
            max(1, int(quota[0]) // int(quota[1]))
            for quota in quotas
            if quota and quota[0].isdigit()
        ]
    )
