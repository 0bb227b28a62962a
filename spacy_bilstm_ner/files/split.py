"""Divide sentences into train, dev and test. All randomness comes from the seed."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy

from ..errors import UserError, count
from .records import TaggedWords

Splits = dict[str, list[TaggedWords]]
NAMES = ("train", "dev", "test")


def tutorial_split(sentences: Sequence[TaggedWords]) -> Splits:
    """Return the split of the tutorial: a random tenth is test, the last fifth of the rest is dev.

    This is scikit-learn's train_test_split(..., test_size=0.1, random_state=2020), then Keras'
    validation_split=0.2.

    RAISES UserError: If a part would be empty.
    """
    # A groupby on "Sentence #" sorts by the string: "Sentence: 10" comes before "Sentence: 2".
    ordered = sorted(sentences, key=lambda sentence: sentence.number)
    n_test = math.ceil(len(ordered) * 0.1)
    n_train = int((len(ordered) - n_test) * (1.0 - 0.2))
    splits = _deal(_shuffle(ordered, 2020), n_test, n_train)
    _check_parts(splits, NAMES)
    return splits


def random_split(
    sentences: Sequence[TaggedWords],
    *,
    seed: int,
    dev_size: float,
    test_size: float,
    dev: list[TaggedWords] | None = None,
    test: list[TaggedWords] | None = None,
) -> Splits:
    """Draw a split.

    sentences (Sequence[TaggedWords]): The sentences to divide; their order counts.
    seed (int): Seed of the shuffle.
    dev_size, test_size (float): Shares of the sentences, from 0 (an empty part) to below 1.
    dev, test (Optional[list[TaggedWords]]): The user's own sentences of these parts.
    RAISES UserError: If the sizes are not possible or a part with a size would be empty.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"--seed must be between 0 and {2**32 - 1}, but it is {seed}.")
    if not (dev_size >= 0 and test_size >= 0 and dev_size + test_size < 1):
        raise UserError(
            f"--dev-size {dev_size:g} and --test-size {test_size:g} must be shares of all "
            "sentences from 0 on, together below 1, so that something is left to train on."
        )
    n_dev = _size(len(sentences), dev_size) if dev is None else 0
    n_test = _size(len(sentences), test_size) if test is None else 0
    is_divided = n_dev + n_test > 0
    ordered = _shuffle(sentences, seed) if is_divided else list(sentences)
    splits = _deal(ordered, n_test, max(0, len(sentences) - n_test - n_dev))
    splits["dev"] = splits["dev"] if dev is None else dev
    splits["test"] = splits["test"] if test is None else test
    needed = ["train"]
    needed += ["dev"] if dev_size or dev is not None else []
    needed += ["test"] if test_size or test is not None else []
    _check_parts(splits, needed)
    return splits


def drop_copies(splits: Splits) -> Splits:
    """Return a split in which no sentence of a part occurs in a later part.

    RAISES UserError: If nothing is left of a part.
    """
    distinct = {}
    seen: set[tuple[str, ...]] = set()
    for name in reversed(NAMES):
        sentences = splits[name]
        if name != "test":
            sentences = [sentence for sentence in sentences if sentence.words not in seen]
        distinct[name] = sentences
        seen.update(sentence.words for sentence in splits[name])
        if splits[name] and not sentences:
            raise UserError(
                f"--dedupe leaves nothing of {name}: all of its {len(splits[name])} sentences "
                "occur in another part. Give more different sentences, or leave out --dedupe."
            )
    return distinct


def count_copies(splits: Splits) -> dict[str, int]:
    """Return for each part the number of its sentences that also occur in another part."""
    different = {name: {sentence.words for sentence in splits[name]} for name in NAMES}
    n_parts = Counter(words for name in NAMES for words in different[name])
    copies = {}
    for name in NAMES:
        copies[name] = sum(n_parts[sentence.words] > 1 for sentence in splits[name])
    return copies


def _size(n_sentences: int, share: float) -> int:
    return max(1, round(n_sentences * share)) if share else 0


def _shuffle(sentences: Sequence[TaggedWords], seed: int) -> list[TaggedWords]:
    order = numpy.random.RandomState(seed).permutation(len(sentences))
    return [sentences[position] for position in order]


def _deal(sentences: list[TaggedWords], n_test: int, n_train: int) -> Splits:
    """Return sentences dealt in the order test, train, dev."""
    remaining = sentences[n_test:]
    return {"train": remaining[:n_train], "dev": remaining[n_train:], "test": sentences[:n_test]}


def _check_parts(splits: Splits, needed: Sequence[str]) -> None:
    empty = [name for name in needed if not splits[name]]
    if empty:
        n_sentences = sum(map(len, splits.values()))
        raise UserError(
            f"{count(n_sentences, 'sentence')}: too few, nothing would be left for "
            f"{' and '.join(empty)}. Give at least 3 sentences, and sizes that leave some for each."
        )
