"""Forked processes answer, although threads of the parent predict at the moment of the fork."""

import os

import pytest

from spacy_bilstm_ner.system.forking import SharedCache
from tests.util import run_script, trained

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

SCRIPT = """
import os
import sys
import threading

import spacy

TEXT = "Anna Smith flew to Lisbon."

nlp = spacy.load("model")
expected = [(ent.text, ent.label_) for ent in nlp(TEXT).ents]
assert expected
is_done = threading.Event()


def predict_new_words(thread):
    number = 0
    while not is_done.is_set():
        number += 1
        nlp(" ".join(f"word{thread}x{number}x{i}" for i in range(50)))


def answer():
    return [(ent.text, ent.label_) for ent in nlp(TEXT).ents] == expected


threads = [threading.Thread(target=predict_new_words, args=(i,)) for i in range(8)]
for thread in threads:
    thread.start()
try:
    for _ in range(30):
        child = os.fork()
        if not child:
            os._exit(0 if answer() else 1)
        assert os.waitpid(child, 0)[1] == 0
    for _ in range(3):
        docs = list(nlp.pipe([TEXT] * 6, n_process=2, batch_size=2))
        assert all([(ent.text, ent.label_) for ent in doc.ents] == expected for doc in docs)
    assert answer()
finally:
    is_done.set()
    for thread in threads:
        thread.join()
"""


def test_30_children_and_processes_of_a_pipeline_answer(tmp_path):
    trained().to_disk(tmp_path / "model")
    run_script(SCRIPT, folder=tmp_path)


class Words(SharedCache):
    def clear(self):
        super().clear()
        self.words = set()


def test_a_child_has_a_new_lock_and_an_empty_cache():
    cache = Words()
    cache.words.add("Lisbon")
    with cache.lock:
        child = os.fork()
        if not child:
            os._exit(int(cache.lock.locked() or "Lisbon" in cache.words))
        assert os.waitpid(child, 0)[1] == 0
        assert cache.lock.locked()
    assert cache.words == {"Lisbon"}
