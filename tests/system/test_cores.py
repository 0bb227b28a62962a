"""The number of cores that this process may use."""

import os
from pathlib import Path

from spacy_bilstm_ner.system.cores import cores


def test_quotas_of_control_groups_count(tmp_path: Path) -> None:
    n_cores = len(os.sched_getaffinity(0))
    assert 1 <= cores() <= n_cores
    group = tmp_path / "sys/fs/cgroup"
    (group / "a/b").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    (group / "a/b/cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) == n_cores
    (group / "a/cpu.max").write_text("150000 100000\n")
    assert cores(tmp_path) == 1
