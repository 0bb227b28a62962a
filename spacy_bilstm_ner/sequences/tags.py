"""BIO tags as integers: the columns of the tag scores.

With labels a, b, …, column 0 is O, and label i has B- in column 1 + 2i and I- in column 2 + 2i.
A label that is added later therefore adds columns at the end and moves none.
"""

OUTSIDE = 0


def n_tags(n_labels: int) -> int:
    """Return the number of tags that a number of labels has."""
    return 1 + 2 * n_labels


def begin(label: int) -> int:
    """Return the column of a label's B- tag."""
    return 1 + 2 * label


def inside(label: int) -> int:
    """Return the column of a label's I- tag."""
    return 2 + 2 * label
