"""Test how sentences are divided into train, dev and test."""

from collections import Counter

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.records import TaggedWords
from spacy_bilstm_ner.files.split import (
    NAMES,
    Splits,
    count_copies,
    drop_copies,
    random_split,
    tutorial_split,
)

from .helpers import sentence

# Made with scikit-learn: train_test_split(sorted ids, test_size=0.1, random_state=2020). The last
# fifth is dev.
EXPECTED = {
    "train": [21, 13, 23, 14, 15, 2, 11, 4, 5, 18, 19, 8, 9, 3, 16, 6],
    "dev": [7, 12, 17, 1],
    "test": [10, 20, 22],
}


def make(count: int) -> list[TaggedWords]:
    return [sentence(f"w{i}", number=f"Sentence: {i}") for i in range(1, count + 1)]


def ids(splits: Splits) -> dict[str, list[int]]:
    return {name: [int(dealt.number.split()[1]) for dealt in splits[name]] for name in NAMES}


def sizes(splits: Splits) -> list[int]:
    return [len(splits[name]) for name in NAMES]


def test_tutorial_split_is_that_of_the_tutorial() -> None:
    assert ids(tutorial_split(make(23))) == EXPECTED
    assert ids(tutorial_split(make(23)[::-1])) == EXPECTED


def test_tutorial_split_has_the_sizes_that_results_are_reported_on() -> None:
    assert sizes(tutorial_split(make(47_959))) == [34_530, 8_633, 4_796]


@pytest.mark.parametrize(("count", "expected"), [(3, [1, 1, 1]), (5, [3, 1, 1]), (10, [7, 2, 1])])
def test_small_data_fills_every_split(count: int, expected: list[int]) -> None:
    assert sizes(tutorial_split(make(count))) == expected
    assert sizes(random_split(make(count), seed=0, dev_size=0.2, test_size=0.1)) == expected


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_little_data_is_an_error(count: int) -> None:
    message = rf"{count} sentences?: too few, nothing would be left for .*Give at least 3 sentences"
    with pytest.raises(UserError, match=message):
        tutorial_split(make(count))
    with pytest.raises(UserError, match=message):
        random_split(make(count), seed=0, dev_size=0.2, test_size=0.1)


def test_random_split_deals_each_sentence_once_as_the_seed_says() -> None:
    sentences = make(50)
    first = random_split(sentences, seed=0, dev_size=0.3, test_size=0.1)
    assert sizes(first) == [30, 15, 5]
    assert Counter(i for dealt in ids(first).values() for i in dealt) == Counter(range(1, 51))
    assert first == random_split(sentences, seed=0, dev_size=0.3, test_size=0.1)
    assert first != random_split(sentences, seed=1, dev_size=0.3, test_size=0.1)
    assert sentences == make(50)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dev_size": -0.1}, "--dev-size -0.1 and --test-size 0.1 must be shares"),
        ({"test_size": 1.0}, "--test-size 1 must be shares of all sentences"),
        ({"dev_size": 0.6, "test_size": 0.4}, "together below 1, so that something is left"),
        ({"seed": -1}, "--seed must be between 0 and 4294967295, but it is -1"),
    ],
)
def test_sizes_and_seeds_that_cannot_be(options: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        random_split(make(9), **{"seed": 0, "dev_size": 0.2, "test_size": 0.1, **options})  # type: ignore[arg-type]


def say(*texts: str) -> list[TaggedWords]:
    return list(map(sentence, texts))


COPIED = {
    "train": say("a b", "c", "d", "d", "e"),
    "dev": say("a b", "e", "f"),
    "test": say("a b", "c", "g", "g"),
}


def test_copies_are_counted_across_splits_only() -> None:
    assert count_copies(COPIED) == {"train": 3, "dev": 2, "test": 2}


def test_dropping_copies_keeps_test_whole_and_copies_within_a_split() -> None:
    dropped = drop_copies(COPIED)
    assert dropped == {"train": say("d", "d"), "dev": say("e", "f"), "test": COPIED["test"]}
    assert count_copies(dropped) == dict.fromkeys(NAMES, 0)


@pytest.mark.parametrize("name", ["train", "dev"])
def test_dropping_copies_leaves_no_split_empty(name: str) -> None:
    splits = {"train": say("a"), "dev": say("b"), "test": say("c"), name: say("c", "c")}
    with pytest.raises(
        UserError, match=f"--dedupe leaves nothing of {name}: all of its 2 sentences"
    ):
        drop_copies(splits)
