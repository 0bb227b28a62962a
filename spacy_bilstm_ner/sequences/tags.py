"""BIO tags as integers: what the scores' columns mean.

With labels a, b, …, column 0 is O, and label number i has B- in column 1 + 2i and I- in column 2 + 2i.
A label that is added later therefore adds columns at the end and moves none.
"""

from collections.abc import Iterable

OUTSIDE = 0
# Any tag may be right. Lower numbers stand for any but those of some labels: see `none_of`.
MISSING = -1
# The labels that a number of 64 bits has room for.
MAX_EXCLUDED = 60


def n_tags(n_labels: int) -> int:
    return 1 + 2 * n_labels


def begin(label: int) -> int:
    return 1 + 2 * label


def inside(label: int) -> int:
    return 2 + 2 * label


def none_of(labels: Iterable[int]) -> int:
    """The number for a word that has no tag of these labels, and of which no more is known. Of labels beyond the first
    MAX_EXCLUDED it says nothing."""
    return MISSING - sum(1 << label for label in labels if label < MAX_EXCLUDED)
