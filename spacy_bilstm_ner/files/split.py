"""Sentences → train, dev and test. All randomness comes from the seed given."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy

from ..errors import UserError, count
from .sentences import Sentence

Splits = dict[str, list[Sentence]]
NAMES = ("train", "dev", "test")


def tutorial_split(sentences: Sequence[Sentence]) -> Splits:
    """The split of the tutorial, sentence for sentence, without scikit-learn: train_test_split(..., test_size=0.1,
    random_state=2020), validation_split=0.2. A tenth is drawn as test; the last fifth of the rest is dev.

    RAISES UserError: If a split would be empty.
    """
    # A groupby on "Sentence #" sorts by the string: "Sentence: 10" comes before "Sentence: 2".
    ordered = sorted(sentences, key=lambda sentence: sentence.id)
    n_test = math.ceil(len(ordered) * 0.1)
    return _cut(ordered, 2020, n_test, int((len(ordered) - n_test) * (1.0 - 0.2)), {})


def random_split(
    sentences: Sequence[Sentence],
    *,
    seed: int,
    dev_size: float,
    test_size: float,
    **own: list[Sentence],
) -> Splits:
    """Draw a split.

    sentences (Sequence[Sentence]): The sentences to divide; their order counts.
    seed (int): Seed of the shuffle.
    dev_size, test_size (float): Shares of the sentences for dev and test, between 0 and 1.
    own (list[Sentence]): Sentences of `dev` or `test` that are given, and stay as they are.
    RETURNS (Splits): At least one sentence each.
    RAISES UserError: If the sizes cannot be or a split would be empty.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"--seed must lie between 0 and {2**32 - 1}, but is {seed}.")
    if not (dev_size > 0 and test_size > 0 and dev_size + test_size < 1):
        raise UserError(
            f"--dev-size {dev_size:g} and --test-size {test_size:g} must be shares of all sentences between 0 and 1, "
            "together below 1: else nothing is left to train on."
        )
    sizes = {"test": test_size, "dev": dev_size}
    n_test, n_dev = (
        0 if name in own else max(1, round(len(sentences) * size)) for name, size in sizes.items()
    )
    return _cut(sentences, seed, n_test, max(0, len(sentences) - n_test - n_dev), own)


def _cut(
    sentences: Sequence[Sentence], seed: int, n_test: int, n_train: int, own: Splits
) -> Splits:
    """Shuffle, unless all of them are for train, and deal in the order test, train, dev."""
    shuffles = n_test or n_train < len(sentences)
    order = (
        numpy.random.RandomState(seed).permutation(len(sentences))
        if shuffles
        else range(len(sentences))
    )
    dealt = [sentences[i] for i in order]
    rest = dealt[n_test:]
    splits = {"train": rest[:n_train], "dev": rest[n_train:], "test": dealt[:n_test], **own}
    if empty := [name for name in NAMES if not splits[name]]:
        raise UserError(
            f"{count(sum(map(len, splits.values())), 'sentence')}: too few, nothing would be left for "
            f"{' and '.join(empty)}. Give at least 3 sentences, and sizes that leave some for each."
        )
    return splits


def drop_copies(splits: Splits) -> Splits:
    """Keep word-for-word copies apart: dev loses what is in test, train what is in either.

    RAISES UserError: If nothing is left of a split.
    """
    kept = {}
    seen: set[tuple[str, ...]] = set()
    for name in reversed(NAMES):
        kept[name] = [one for one in splits[name] if name == "test" or one.words not in seen]
        seen.update(one.words for one in splits[name])
        if not kept[name]:
            raise UserError(
                f"--dedupe leaves nothing of {name}: all of its {len(splits[name])} sentences stand word for word in "
                "another split. Give more distinct sentences, or leave --dedupe out."
            )
    return kept


def count_copies(splits: Splits) -> dict[str, int]:
    """For each split, how many of its sentences stand in another as well"""
    times = Counter(words for name in NAMES for words in {one.words for one in splits[name]})
    return {name: sum(times[one.words] > 1 for one in splits[name]) for name in NAMES}
