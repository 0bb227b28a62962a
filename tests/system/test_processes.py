"""`n_process=2`, forked and spawned, after the parent has used torch with more than one thread."""

import os
import signal
import subprocess
import sys

import pytest

from tests.util import texts, trained

# In a process of its own: a fork that hangs must not hang the tests, and torch's threads are the
# default's.
SCRIPT = """
import multiprocessing
import sys

import spacy
import torch


def main() -> None:
    multiprocessing.set_start_method(sys.argv[1])
    torch.set_num_threads(max(2, torch.get_num_threads()))
    nlp = spacy.load(sys.argv[2])
    texts = open(sys.argv[3], encoding="utf8").read().split("|")
    one = [[(e.text, e.label_, e._.confidence) for e in doc.ents] for doc in nlp.pipe(texts)]
    docs = nlp.pipe(texts, n_process=2, batch_size=10)
    two = [[(e.text, e.label_, e._.confidence) for e in doc.ents] for doc in docs]
    assert [[e[:2] for e in found] for found in one] == [[e[:2] for e in found] for found in two]
    assert sum(map(len, two)) > 50
    for found, expected in zip(one, two):
        for (*_, p), (*_, q) in zip(found, expected):
            assert p is not None and abs(p - q) < 1e-5, (p, q)
    print("same", sum(map(len, two)))


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_two_processes_find_what_one_finds(tmp_path, method):
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    trained().to_disk(tmp_path / "model")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf8")
    mixed = [*texts() * 5, "", " ", "\n\n", "Lisbon"]
    (tmp_path / "texts").write_text("|".join(mixed), encoding="utf8")
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "script.py", method, "model", "texts"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        # The workers hang, too, and would outlive their parent.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, errors
    assert output.startswith("same")
