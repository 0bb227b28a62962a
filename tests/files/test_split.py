"""Test how sentences are divided into train, dev and test."""

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.options import Split
from spacy_bilstm_ner.files.records import TaggedWords
from spacy_bilstm_ner.files.split import Parts, divide

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


def ids(parts: Parts) -> dict[str, list[int]]:
    return {name: [int(dealt.number.split()[1]) for dealt in parts[name]] for name in EXPECTED}


def sizes(parts: Parts) -> list[int]:
    return [len(parts[name]) for name in EXPECTED]


def test_tutorial_split_is_that_of_the_tutorial() -> None:
    assert ids(divide(make(23), Split(), {})[0]) == EXPECTED
    assert ids(divide(make(23)[::-1], Split(), {})[0]) == EXPECTED
    assert sizes(divide(make(47_959), Split(), {})[0]) == [34_530, 8_633, 4_796]


@pytest.mark.parametrize("method", ["tutorial", "random"])
def test_small_data(method: Any) -> None:
    assert sizes(divide(make(3), Split(method=method), {})[0]) == [1, 1, 1]
    assert sizes(divide(make(10), Split(method=method), {})[0]) == [7, 2, 1]
    with pytest.raises(UserError, match=r"2 sentences: too few for a split, .*Give at least 3"):
        divide(make(2), Split(method=method), {})


def test_random_split_deals_each_sentence_once_as_the_seed_says() -> None:
    sentences = make(50)
    split = Split(method="random", dev_size=0.3)
    first, _ = divide(sentences, split, {})
    assert sizes(first) == [30, 15, 5]
    assert sorted(chain.from_iterable(ids(first).values())) == list(range(1, 51))
    assert first == divide(sentences, split, {})[0]
    assert first != divide(sentences, replace(split, seed=1), {})[0]
    with pytest.raises(UserError, match="train would be empty"):
        divide(sentences, Split(method="random", dev_size=0.6, test_size=0.4), {})


@pytest.mark.parametrize(
    "options", [{"seed": 0}, {"seed": 1}, {"dev_size": 0.3}, {"test_size": 0.2}]
)
def test_options_of_the_random_split_select_it(options: dict[str, Any]) -> None:
    parts, _ = divide(make(50), Split(**options), {})
    assert parts == divide(make(50), Split(method="random", **options), {})[0]
    assert parts != divide(make(50), Split(), {})[0]


def test_own_parts_leave_the_order_of_the_others() -> None:
    parts, _ = divide(make(5), Split(test_size=0), {"dev": make(2)})
    assert parts == {"train": make(5), "dev": make(2), "test": []}


def test_copies_are_counted_and_dropped() -> None:
    train, dev, test = (list(map(sentence, text)) for text in ("abccd", "ade", "abff"))
    parts = {"dev": dev, "test": test}
    split = Split(dev=Path("dev.csv"), test=Path("test.csv"))
    assert divide(train, split, parts) == ({"train": train, **parts}, 4)
    split = replace(split, dedupe=True)
    divided, _ = divide(train, split, parts)
    assert divided == {"train": train[2:4], "dev": dev[1:], "test": test}
    with pytest.raises(UserError, match="too few for a split, because train would be empty"):
        divide(train[:1], split, parts)
