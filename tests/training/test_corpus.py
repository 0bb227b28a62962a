"""What is trained on: other cases, and rare labels more often."""

import random
from collections import Counter
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_bilstm_ner.training.augmenters import case_augmenter
from spacy_bilstm_ner.training.corpus import BalancedCorpus
from tests.util import marked_doc

MARKED = "[Anna O'Neill](per) can't leave [Oslo](geo)."
# 100 entities: 2 rare labels, one of which stands in a sentence that has two of it
MANY = ["[Oslo](geo) and [Porto](geo)."] * 48 + [
    "[May](tim) and [Flu](nat)!",
    "[Expo](eve) and [Expo](eve)?",
]


@pytest.fixture(name="nlp")
def _nlp() -> Language:
    return spacy.blank("en")


def write(path: Path, nlp: Language, sentences: list[str]) -> Path:
    DocBin(docs=[marked_doc(nlp, marked) for marked in sentences]).to_disk(path / "data.spacy")
    return path / "data.spacy"


def test_sentences_with_a_rare_label_come_more_often(nlp, tmp_path):
    path = write(tmp_path, nlp, MANY)
    counts = Counter(
        example.text for example in BalancedCorpus(path, rare_share=0.015, copies=3)(nlp)
    )
    assert counts == {"Oslo and Porto.": 48, "May and Flu!": 3, "Expo and Expo?": 1}
    counts = Counter(
        example.text for example in BalancedCorpus(path, rare_share=0.0, copies=3)(nlp)
    )
    assert set(counts.values()) == {48, 1}


def test_each_pass_is_in_another_order(nlp, tmp_path):
    corpus = BalancedCorpus(write(tmp_path, nlp, MANY))
    random.seed(0)
    passes = [[example.text for example in corpus(nlp)] for _ in range(3)]
    assert passes[0] != passes[1]
    assert sorted(passes[0]) == sorted(passes[1])
    random.seed(0)
    again = BalancedCorpus(tmp_path / "data.spacy")
    assert [[example.text for example in again(nlp)] for _ in range(3)] == passes


def test_each_pass_and_each_copy_is_augmented_anew(nlp, tmp_path):
    path = write(tmp_path, nlp, MANY)
    corpus = BalancedCorpus(path, rare_share=0.015, copies=100, augmenter=case_augmenter(0.5, 0.0))
    random.seed(0)
    first, second = ([example.text for example in corpus(nlp)] for _ in range(2))
    assert 20 < first.count("may and flu!") < 80
    assert first.count("may and flu!") != second.count("may and flu!")
    assert first.count("may and flu!") + first.count("May and Flu!") == 100


def test_it_is_read_once(nlp, tmp_path):
    path = write(tmp_path, nlp, MANY)
    corpus = BalancedCorpus(path)
    first = list(corpus(nlp))
    path.unlink()
    assert len(list(corpus(nlp))) == len(first)


def test_an_empty_corpus_is_an_error(nlp, tmp_path):
    with pytest.raises(ValueError, match="E986"):
        list(BalancedCorpus(write(tmp_path, nlp, []))(nlp))


def test_no_path():
    """A config without paths makes a corpus; reading it says what is missing."""
    with pytest.raises(ValueError, match="E913"):
        list(BalancedCorpus(None)(spacy.blank("en")))
