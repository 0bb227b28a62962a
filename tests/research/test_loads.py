from pathlib import Path

from scripts.research.loads import join, make_loads, read_texts, short
from tests.scripts.helpers import make_test_set


def test_sentences_are_joined_in_turns() -> None:
    assert join(["a", "b", "c", "d", "e", "f"], [1, 3]) == ["a", "b c d", "e", "f"]


def test_loads_hold_the_same_sentences() -> None:
    sentences = [f"Sentence {i}." for i in range(500)]
    loads = make_loads(sentences)
    for docs in loads.values():
        assert " ".join(docs) == " ".join(sentences)
    assert loads["sentences"] == sentences
    assert len(loads["documents"]) == 13
    sizes = {doc.count(".") for doc in loads["mixed"]}
    assert 1 in sizes
    assert len(sizes) > 2
    assert make_loads(sentences) == loads


def test_short_sentences() -> None:
    long = "word " * 21
    assert short(["a b", long, "c", "d"], limit=2) == ["a b", "c"]


def test_texts_are_read(tmp_path: Path) -> None:
    make_test_set(tmp_path / "test.spacy")
    texts = read_texts(tmp_path / "test.spacy")
    assert texts[0] == "Vienna can't see Lima."
    assert len(texts) == 3
    assert read_texts(tmp_path / "test.spacy", limit=2) == texts[:2]
