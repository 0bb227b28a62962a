"""BIO tags as integers: what the scores' columns mean.

With labels a, b, …, column 0 is O, and label number i has B- in column 1 + 2i and I- in column 2 + 2i.
A label that is added later therefore adds columns at the end and moves none.
"""

OUTSIDE = 0
MISSING = -1


def n_tags(n_labels: int) -> int:
    """The number of score columns for a number of labels."""
    return 1 + 2 * n_labels


def begin(label: int) -> int:
    """The column of a label's B- tag."""
    return 1 + 2 * label


def inside(label: int) -> int:
    """The column of a label's I- tag."""
    return 2 + 2 * label
