"""BIO tags of one sentence: what a tag may look like, and the one repair that is made."""

import re
from collections.abc import Sequence

_TAG = re.compile(r"O|[BI]-\S(.*\S)?")


def is_tag(text: str) -> bool:
    """text (str): What stands in a tag column.

    RETURNS (bool): Whether it is `O`, `B-x` or `I-x`.
    """
    return _TAG.fullmatch(text) is not None


def continues(tag: str, previous: str) -> bool:
    """tag (str): An `I-x`.
    previous (str): The tag before it; `O` at the start of a sentence.

    RETURNS (bool): Whether `previous` is of the same entity.
    """
    return previous[0] in "BI" and previous[2:] == tag[2:]


def repair(tags: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """Let every `I-x` that continues nothing begin an entity, as `B-x`.

    tags (Sequence[str]): The tags of one sentence, in BIO.
    RETURNS (tuple[tuple[str, ...], list[int]]): The tags, and the positions that were changed.
    """
    result: list[str] = []
    changed: list[int] = []
    previous = "O"
    for position, tag in enumerate(tags):
        if tag[0] == "I" and not continues(tag, previous):
            tag = "B" + tag[1:]
            changed.append(position)
        result.append(tag)
        previous = tag
    return tuple(result), changed


def entity_labels(tags: Sequence[str]) -> list[str]:
    """tags (Sequence[str]): The tags of one sentence, repaired.

    RETURNS (list[str]): One label per entity, in order.
    """
    return [tag[2:] for tag in tags if tag[0] == "B"]
