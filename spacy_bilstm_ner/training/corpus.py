"""Read training examples, and repeat those with rare labels."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy.errors import Errors
from spacy.language import Language
from spacy.training import Corpus, Example, dont_augment
from spacy.vocab import Vocab

from ..ranges import check_range, is_number
from .augmenters import Augmenter


class BalancedCorpus:
    """A corpus of training examples that repeats those with a rare label.

    Registered as `spacy_bilstm_ner.BalancedCorpus.v1`. It is made for [training] max_epochs = -1:
    spaCy then calls the corpus for each epoch, and initializes the pipeline with the first hundred
    examples. Each pass is shuffled and augmented again, and begins with an example of each label.
    The file is read once.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        rare_share: float = 0.01,
        copies: int = 2,
        augmenter: Augmenter | None = None,
    ) -> None:
        """Initialize the corpus. The file is not read before the first pass.

        path (Path | None): A .spacy file, or a folder of such files.
        rare_share (float): A label is rare if it has less than this share of all entities.
        copies (int): Number of times that an example with a rare label occurs in each pass.
        augmenter (Callable | None): Is applied to each copy separately.
        RAISES ValueError: If copies or rare_share is out of range.
        """
        check_range("copies", copies, 1)
        if not is_number(rare_share):
            raise ValueError(f"rare_share must be from 0 to 1, but is {rare_share!r}")
        self._path = path and Path(path)
        self._rare_share = rare_share
        self._copies = copies
        self._augmenter = augmenter or dont_augment
        self._vocab: Vocab | None = None
        self._examples: list[Example] = []

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Yield the examples of one pass. The pipeline's tokenizer makes the tokens.

        RAISES FileNotFoundError: If the file does not exist.
        RAISES ValueError: If the file has no examples.
        """
        if self._vocab is not nlp.vocab:
            self._examples = self._read(nlp)
            self._vocab = nlp.vocab
        random.shuffle(self._examples)
        for example in _each_label_first(self._examples):
            yield from self._augmenter(nlp, example)

    def _read(self, nlp: Language) -> list[Example]:
        if self._path is None or not self._path.exists():
            raise FileNotFoundError(
                f"the training corpus is {self._path or 'not named'}: give it with --paths.train"
            )
        examples = list(Corpus(self._path)(nlp))
        if not examples:
            raise ValueError(Errors.E986)
        counts = Counter(label for example in examples for label in _labels(example))
        rare = {
            label for label, count in counts.items() if count < self._rare_share * counts.total()
        }
        # An object may occur twice, because `nlp.update` copies examples.
        return [
            eg
            for eg in examples
            for _ in range(1 if rare.isdisjoint(_labels(eg)) else self._copies)
        ]


def _labels(example: Example) -> list[str]:
    return [ent.label_ for ent in example.reference.ents]


def _each_label_first(examples: list[Example]) -> list[Example]:
    seen: set[str] = set()
    first: list[Example] = []
    others: list[Example] = []
    for example in examples:
        labels = _labels(example)
        (others if seen.issuperset(labels) else first).append(example)
        seen.update(labels)
    return first + others
