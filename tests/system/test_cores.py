"""The number of cores that this process may use."""

import os
from pathlib import Path

import pytest

from spacy_bilstm_ner.system.cores import cores


def test_the_quota_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n_cores = len(os.sched_getaffinity(0))
    assert 1 <= cores() <= n_cores
    quota_file = tmp_path / "cpu.max"
    monkeypatch.setattr("spacy_bilstm_ner.system.cores.QUOTA", quota_file)
    assert cores() == n_cores
    quota_file.write_text("max 100000\n")
    assert cores() == n_cores
    quota_file.write_text("150000 100000\n")
    assert cores() == 1
