"""Divide sentences into train, dev and test. All randomness comes from the seed."""

import math
from collections.abc import Sequence
from operator import attrgetter

import numpy

from ..errors import UserError, count
from .options import Split
from .records import TaggedWords

Parts = dict[str, list[TaggedWords]]


def divide(sentences: Sequence[TaggedWords], split: Split, own_parts: Parts) -> tuple[Parts, int]:
    """Return train, dev and test, and the number of copies.

    Copies are sentences of train that occur in dev or test, and of dev that occur in test.

    The split of the tutorial is scikit-learn's train_test_split(..., test_size=0.1,
    random_state=2020), followed by Keras' validation_split=0.2. So a random tenth is test, and the
    last fifth of the others is dev. If an option other than `dedupe` differs from its default, the
    random split is made instead.

    own_parts (Parts): "dev" and "test" from files of the user.
    RAISES UserError: If a part would be empty although its size is not 0.
    """
    ordered = list(sentences)
    n_sentences, seed = len(ordered), split.seed or 0
    if split == Split(dedupe=split.dedupe):
        # A groupby on "Sentence #" sorts by the string: "Sentence: 10" comes before "Sentence: 2".
        ordered.sort(key=attrgetter("number"))
        seed, n_test = 2020, math.ceil(n_sentences * 0.1)
        n_others = n_sentences - n_test
        n_dev = n_others - int(n_others * (1.0 - 0.2))
    else:
        n_dev = 0 if "dev" in own_parts else _count_share(n_sentences, split.dev_size)
        n_test = 0 if "test" in own_parts else _count_share(n_sentences, split.test_size)
    if n_dev or n_test:
        order = numpy.random.RandomState(seed).permutation(n_sentences)
        ordered = [ordered[position] for position in order]
    # Test comes first, then train, then dev.
    end = max(n_test, n_sentences - n_dev)
    parts = {"train": ordered[n_test:end], "dev": ordered[end:], "test": ordered[:n_test]}
    parts |= own_parts
    n_copies = 0
    seen: set[tuple[str, ...]] = set()
    for name in ("test", "dev", "train"):
        part = parts[name]
        distinct = [sentence for sentence in part if sentence.words not in seen]
        n_copies += len(part) - len(distinct)
        parts[name] = distinct if split.dedupe else part
        seen.update(map(attrgetter("words"), part))
    shares = {"train": 1, "dev": split.dev_size, "test": split.test_size}
    empty = [name for name, share in shares.items() if share and not parts[name]]
    if empty:
        raise UserError(
            f"{count(n_sentences, 'sentence')}: too few for a split, because {' and '.join(empty)} "
            "would be empty. Give at least 3 different sentences, and sizes that leave some for "
            "each part."
        )
    return parts, n_copies


def _count_share(n_sentences: int, share: float) -> int:
    """Return the number of sentences of a part."""
    return max(1, round(n_sentences * share)) if share else 0
