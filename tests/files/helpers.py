"""What the tests of reading share."""

from functools import cache
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_bilstm_ner.files.docs import blank_pipeline
from spacy_bilstm_ner.files.options import Options
from spacy_bilstm_ner.files.reading import read
from spacy_bilstm_ner.files.sentences import Data

HEADER = "Sentence #,Word,Tag\n"


@cache
def tokenizing(lang: str = "en") -> Language:
    """A pipeline that only tokenizes. It is made once, since that takes longer than to read a small file."""
    return blank_pipeline(lang)


def read_one(
    folder: Path, content: str | bytes, *, name: str = "x", lang: str = "en", **options: Any
) -> Data:
    """Read a file of this content, whose name says nothing."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read([path], tokenizing(lang), Options(**options))


def shown(data: Data) -> list[str]:
    """A line for each sentence: word/tag word/tag. `O` is left out."""
    return [
        " ".join(
            word if tag == "O" else f"{word}/{tag}"
            for word, tag in zip(sentence.words, sentence.tags, strict=True)
        )
        for sentence in data.sentences
    ]
