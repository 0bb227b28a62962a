"""BIO tags as integers: what the scores' columns mean. Knows no spaCy, no arrays.

With labels a, b, …, column 0 is O, and label number i has B- in column 1 + 2i and I- in column 2 + 2i.
A label that is added later therefore adds columns at the end and moves none.
"""

from collections.abc import Iterable, Sequence

OUTSIDE = 0
MISSING = -1


def tag_names(labels: Sequence[str]) -> list[str]:
    """The tag of each score column.

    labels (Sequence[str]): The entity labels, in the order of the model's columns.
    RETURNS (list[str]): "O", then "B-label" and "I-label" for each label.
    """
    return ["O"] + [f"{prefix}-{label}" for label in labels for prefix in "BI"]


def n_tags(n_labels: int) -> int:
    """The number of score columns for a number of labels."""
    return 1 + 2 * n_labels


def begin(label: int) -> int:
    """The column of a label's B- tag."""
    return 1 + 2 * label


def inside(label: int) -> int:
    """The column of a label's I- tag."""
    return 2 + 2 * label


def column_of_biluo(labels: Sequence[str]) -> dict[str, int]:
    """The score column of each tag that spaCy's alignment may return.

    labels (Sequence[str]): The entity labels, in the order of the model's columns.
    RETURNS (dict[str, int]): The column by BILUO tag: U- begins an entity, L- continues one.
    """
    columns = {"O": OUTSIDE}
    for i, label in enumerate(labels):
        columns[f"B-{label}"] = columns[f"U-{label}"] = begin(i)
        columns[f"I-{label}"] = columns[f"L-{label}"] = inside(i)
    return columns


def columns_of(biluo: Iterable[str | None], columns: dict[str, int]) -> list[int]:
    """Score columns of aligned gold tags.

    biluo (Iterable[str | None]): One tag per token, None where the alignment is undecided.
    columns (dict[str, int]): See `column_of_biluo`.
    RETURNS (list[int]): One column per token; MISSING where the tag is undecided or its label unknown.
    """
    return [columns.get(tag, MISSING) if tag else MISSING for tag in biluo]
