"""`n_process=2`, forked and spawned, after the parent has used torch with more than one thread."""

import os

import pytest

from tests.util import run_script, texts, trained

# torch's threads are those of its default.
SCRIPT = """
import multiprocessing
import sys

import spacy
import torch


def main() -> None:
    multiprocessing.set_start_method(sys.argv[1])
    torch.set_num_threads(max(2, torch.get_num_threads()))
    nlp = spacy.load("model")
    texts = open("texts", encoding="utf8").read().split("|")
    one = [[(e.text, e.label_, e._.confidence) for e in doc.ents] for doc in nlp.pipe(texts)]
    docs = nlp.pipe(texts, n_process=2, batch_size=10)
    two = [[(e.text, e.label_, e._.confidence) for e in doc.ents] for doc in docs]
    assert sum(map(len, two)) > 50
    for entities, expected in zip(one, two, strict=True):
        for (*entity, p), (*expected_entity, q) in zip(entities, expected, strict=True):
            assert entity == expected_entity
            assert abs(p - q) < 1e-5


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_two_processes_find_what_one_finds(tmp_path, method, monkeypatch):
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    trained().to_disk(tmp_path / "model")
    mixed = [*texts() * 5, "", " ", "\n\n", "Lisbon"]
    (tmp_path / "texts").write_text("|".join(mixed), encoding="utf8")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    run_script(SCRIPT, method, folder=tmp_path)
