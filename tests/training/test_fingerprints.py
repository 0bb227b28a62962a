"""Which share of sentences a pipeline was trained on."""

import pytest

from spacy_bilstm_ner.training import fingerprints as module
from spacy_bilstm_ner.training.fingerprints import make_fingerprints, share_seen


def test_seen_and_new_texts() -> None:
    fingerprints = make_fingerprints(["Anna flew.", "Nobody saw it."])
    texts = ["anna  FLEW .", "Nobody saw it.", "It rained.", "It rained."]
    assert share_seen(texts, fingerprints) == pytest.approx(2 / 3)
    assert share_seen([], fingerprints) == 0.0
    assert share_seen(texts, b"") == 0.0


def test_a_sample_of_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FINGERPRINTS", 400)
    fingerprints = make_fingerprints(f"sentence {i}" for i in range(4000))
    assert len(fingerprints) == 1600
    texts = [f"sentence {i}" for i in range(2000)] + [f"another {i}" for i in range(2000)]
    assert share_seen(texts, fingerprints) == pytest.approx(0.5, abs=0.1)
