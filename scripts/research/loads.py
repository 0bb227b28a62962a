"""The texts that the benchmark runs: the same sentences, as documents of different lengths."""

from itertools import islice
from pathlib import Path
from random import Random

from spacy.tokens import DocBin
from spacy.vocab import Vocab

SENTENCES_PER_DOC = 40
# The mixed load: how many sentences a document has, and how often that comes
MIXED = {1: 60, 3: 20, 10: 14, 40: 5, 100: 1}
SHORT_WORDS = 20


def read_texts(path: Path, *, limit: int | None = None) -> list[str]:
    """Read the texts of a corpus file.

    path (Path): A .spacy file.
    limit (int | None): At most how many.
    RETURNS (list[str]): The text of each document.
    """
    docs = DocBin().from_disk(path).get_docs(Vocab())
    return [doc.text for doc in islice(docs, limit)]


def join(sentences: list[str], sizes: list[int]) -> list[str]:
    """Join consecutive sentences by spaces.

    sentences (list[str]): The sentences.
    sizes (list[int]): How many make each document; taken in turn, and from the start again, until none is left.
    RETURNS (list[str]): The documents. The last may be shorter.
    """
    docs: list[str] = []
    first = 0
    while first < len(sentences):
        size = sizes[len(docs) % len(sizes)]
        docs.append(" ".join(sentences[first : first + size]))
        first += size
    return docs


def make_loads(sentences: list[str]) -> dict[str, list[str]]:
    """Make the loads whose throughput is measured, all of the same sentences.

    sentences (list[str]): The sentences.
    RETURNS (dict[str, list[str]]): Documents by the name of the load.
    """
    sizes = [size for size, times in MIXED.items() for _ in range(times)]
    Random(0).shuffle(sizes)
    return {
        "sentences": sentences,
        "documents": join(sentences, [SENTENCES_PER_DOC]),
        "mixed": join(sentences, sizes),
    }


def short(sentences: list[str], *, limit: int) -> list[str]:
    """Choose short sentences.

    sentences (list[str]): The sentences.
    limit (int): At most how many.
    RETURNS (list[str]): The first that have at most twenty words.
    """
    return [text for text in sentences if len(text.split()) <= SHORT_WORDS][:limit]
