"""Read training examples, and repeat those with rare labels."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

from spacy.errors import Errors
from spacy.language import Language
from spacy.training import Corpus, Example, dont_augment

from ..ranges import check_range
from .augmenters import Augmenter

# The examples of each file, by its path and the time of its last change. spaCy makes several
# readers of the same file during training; they share the examples.
Cache = dict[tuple[Path, int], list[Example]]
_CACHES: WeakKeyDictionary[Language, Cache] = WeakKeyDictionary()


class BalancedCorpus:
    """A corpus of training examples that repeats those with a rare label.

    Registered as `spacy_bilstm_ner.BalancedCorpus.v1`. It is made for [training] max_epochs = -1:
    spaCy then calls the corpus for each epoch, and initializes the pipeline with the first hundred
    examples. Each pass is shuffled and augmented again. The file is read once for each pipeline.
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
        augmenter (Callable | None): Changes examples. It is applied to each copy separately.
        RAISES ValueError: If copies is below 1.
        """
        check_range("copies", copies, 1)
        self._path = path and Path(path)
        self._rare_share = rare_share
        self._copies = copies
        self._augmenter = augmenter or dont_augment
        self._pipeline: Language | None = None
        self._examples: list[Example] = []

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Yield the examples of one pass. The pipeline's tokenizer makes the tokens.

        RAISES FileNotFoundError: If the file does not exist.
        RAISES ValueError: If there is no path, or the file has no examples.
        """
        if self._pipeline is not nlp:
            self._examples = self._balanced(self._read(nlp))
            self._pipeline = nlp
        random.shuffle(self._examples)
        for example in self._examples:
            yield from self._augmenter(nlp, example)

    def _read(self, nlp: Language) -> list[Example]:
        if self._path is None:
            raise ValueError(Errors.E913)
        cache = _CACHES.setdefault(nlp, {})
        key = (self._path, self._path.stat().st_mtime_ns)
        if key not in cache:
            cache[key] = list(Corpus(self._path)(nlp))
        if not cache[key]:
            raise ValueError(Errors.E986)
        return cache[key]

    def _balanced(self, examples: list[Example]) -> list[Example]:
        counts: Counter[str] = Counter()
        for example in examples:
            counts.update(_labels(example))
        max_rare = self._rare_share * counts.total()
        rare = {label for label, count in counts.items() if count < max_rare}
        balanced = []
        for example in examples:
            n_copies = 1 if rare.isdisjoint(_labels(example)) else self._copies
            # The same object: `nlp.update` works on copies.
            balanced += [example] * n_copies
        return balanced


def _labels(example: Example) -> list[str]:
    return [entity.label_ for entity in example.reference.ents]
