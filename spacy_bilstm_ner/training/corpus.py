"""The examples to train on: sentences with rare labels more often. Not needed for prediction."""

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
    """Training examples, those with a rare label several times; shuffled, augmented anew in each pass. Registered as
    `spacy_bilstm_ner.BalancedCorpus.v1`.

    For [training] max_epochs = -1, where spaCy asks for the examples at each epoch, and initializes the pipeline on
    the first hundred: a pass begins with an example of each label. The corpus is read once and kept.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        rare_share: float = 0.01,
        copies: int = 2,
        augmenter: Augmenter | None = None,
    ) -> None:
        """Initialize the corpus. It is read when it is needed, so that a config without paths can be checked, too.

        path (Path | None): A .spacy file, or a folder of such files.
        rare_share (float): A label is rare if it has less than this share of all entities.
        copies (int): How often an example with a rare label is shown in each pass.
        augmenter (Callable | None): Applied to each copy for itself.
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
        """Go through the examples once. The pipeline's tokenizer makes the tokens.

        RAISES FileNotFoundError: If there is no such file.
        RAISES ValueError: If it has no examples.
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
        # The same object twice does no harm: `nlp.update` works on copies.
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
