import pytest

from spacy_bilstm_ner.training import fingerprints as module
from spacy_bilstm_ner.training.fingerprints import fingerprints, share_seen


def test_known_and_unknown_texts() -> None:
    kept = fingerprints(["Anna flew.", "Nobody saw it."])
    assert share_seen(
        ["anna  FLEW .", "Nobody saw it.", "It rained.", "It rained."], kept
    ) == pytest.approx(2 / 3)
    assert share_seen([], kept) == 0.0


def test_a_sample_of_many_texts_tells_the_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 400)
    kept = fingerprints(f"sentence {i}" for i in range(4000))
    assert len(kept) < 3000
    asked = [f"sentence {i}" for i in range(2000)] + [f"another {i}" for i in range(2000)]
    assert share_seen(asked, kept) == pytest.approx(0.5, abs=0.1)
