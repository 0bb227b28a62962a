"""Test the reader that a config gives to `spacy train`."""

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.training import Example

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.offsets import make_reading
from spacy_bilstm_ner.files.options import Options
from spacy_bilstm_ner.files.reading import labelled_corpus

from .helpers import HEADER, tokenizing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(
        HEADER + "1,do,O\n,n't,O\n,go,O\n2,Mira,B-per\n,!,O\n", encoding="utf-8"
    )
    return tmp_path / "x.csv"


def test_a_labelled_file_is_a_corpus(path: Path) -> None:
    nlp = tokenizing()
    read = spacy.registry.get("readers", "spacy_bilstm_ner.Corpus.v1")
    examples = list(read(path)(nlp))
    assert [example.reference.text for example in examples] == ["don't go", "Mira!"]
    assert examples[1].get_aligned_ner() == ["U-per", "O"]


def test_it_is_read_once_and_has_entities(path: Path) -> None:
    nlp = tokenizing()
    read = labelled_corpus(path)
    first = list(read(nlp))
    path.unlink()
    assert len(list(read(nlp))) == len(first)
    path.write_text(HEADER + "1,Mira,O\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no entity: give a file with labels"):
        list(labelled_corpus(path)(nlp))


def test_a_file_of_annotated_that_is_not_read(path: Path) -> None:
    read_examples = labelled_corpus(path, options={"annotated": "other.csv=PER"})
    with pytest.raises(UserError, match="no such file has been read"):
        list(read_examples(tokenizing()))


def test_a_config_gives_paths_and_column_numbers_as_they_stand_there(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("B-PER O Mira\nO O left\n", encoding="utf-8")
    config = {"@readers": "spacy_bilstm_ner.Corpus.v1", "path": str(tmp_path / "x")}
    resolved = spacy.registry.resolve(
        {"train": config | {"options": {"word_column": 3, "tag_column": 1}}}
    )
    (example,) = resolved["train"](tokenizing())
    assert [ent.text for ent in example.reference.ents] == ["Mira"]
    number: Any = 12
    assert Options(sentence_column=number).sentence_column == ["12"]
    assert make_reading({"shift": number}).shift == 12


def test_options_and_augmenter(path: Path) -> None:
    def twice(nlp: Any, example: Example) -> Any:
        yield from (example, example)

    assert len(list(labelled_corpus(path, augmenter=twice)(tokenizing()))) == 4
    with pytest.raises(TypeError, match=r"argument 'tag_colum'"):
        labelled_corpus(path, options={"tag_colum": "x"})
    with pytest.raises(UserError, match=r"conflicts must be one of first, drop, but it is 'frist'"):
        labelled_corpus(path, options={"conflicts": "frist"})
    with pytest.raises(UserError, match="has no path"):
        labelled_corpus(None)
