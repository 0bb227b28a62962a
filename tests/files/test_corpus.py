from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.training import Example

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.reading import labelled_corpus

from .helpers import HEADER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(HEADER + "1,do,O\n,n't,O\n,go,O\n2,Mira,B-per\n,!,O\n", encoding="utf-8")
    return tmp_path / "x.csv"


def test_a_labelled_file_is_a_corpus(path: Path) -> None:
    nlp = spacy.blank("en")
    read = spacy.registry.get("readers", "spacy_bilstm_ner.Corpus.v1")
    examples = list(read(path)(nlp))
    assert [example.reference.text for example in examples] == ["don't go", "Mira!"]
    assert examples[1].get_aligned_ner() == ["U-per", "O"]
    assert len(list(read(path, limit=1)(nlp))) == 1


def test_gold_words(path: Path) -> None:
    nlp = spacy.blank("en")
    path.write_text(HEADER + "1,5kg,O\n", encoding="utf-8")
    assert [len(eg.predicted) for eg in labelled_corpus(path)(nlp)] == [2]
    assert [len(eg.predicted) for eg in labelled_corpus(path, gold_preproc=True)(nlp)] == [1]


def test_options_and_augmenter(path: Path) -> None:
    def twice(nlp: Any, example: Example) -> Any:
        yield from (example, example)

    nlp = spacy.blank("en")
    assert len(list(labelled_corpus(path, augmenter=twice)(nlp))) == 4
    with pytest.raises(UserError, match="no column 'sid'"):
        list(labelled_corpus(path, options={"sentence_column": "sid"})(nlp))
    with pytest.raises(UserError, match="no column 'x'"):
        list(labelled_corpus(path, options={"tag_column": "x"})(nlp))
    with pytest.raises(UserError, match="has no path"):
        labelled_corpus(None)
