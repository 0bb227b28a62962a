"""Gold entities of an Example → the score column of each predicted token."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, IDX, LENGTH
from spacy.tokens import Doc
from spacy.training import Example

from . import tags

MISSING_IOB = 0
# A group of spans whose attribute `labels` says which labels were annotated, if not all of them were.
ANNOTATED = "annotated"


def gold_columns(example: Example, labels: Sequence[str]) -> NDArray[np.int64]:
    """The gold tag of each token of `example.predicted`, n_tokens, for labels in the order of the model's columns:
    tags.MISSING where nothing is annotated, where an entity's borders lie within a token, and where the label is
    unknown; `tags.none_of` the annotated labels where others may stand.

    Where both Docs have one text, entities are found again by their characters; that is many times faster than the
    alignment of tokens, which is left for the rest.
    """
    if example.predicted.text.rstrip() == example.reference.text.rstrip():
        return _by_characters(example.predicted, example.reference, labels)
    columns: dict[str | None, int] = {"O": tags.OUTSIDE}
    for i, label in enumerate(labels):
        columns |= dict.fromkeys((f"B-{label}", f"U-{label}"), tags.begin(i))
        columns |= dict.fromkeys((f"I-{label}", f"L-{label}"), tags.inside(i))
    return np.array(
        [columns.get(tag, tags.MISSING) for tag in example.get_aligned_ner()], dtype="int64"
    )


def _by_characters(predicted: Doc, reference: Doc, labels: Sequence[str]) -> NDArray[np.int64]:
    starts, widths = predicted.to_array([IDX, LENGTH]).astype("int64").T
    ends = starts + widths
    columns = np.full(len(starts), tags.OUTSIDE)
    unknown = tags.MISSING
    # Without the attribute, it is a group of somebody else's.
    looked_for = (
        reference.spans[ANNOTATED].attrs.get("labels") if ANNOTATED in reference.spans else None
    )
    if looked_for is not None:
        unknown = tags.none_of(labels.index(label) for label in looked_for if label in labels)
    if (reference.to_array(ENT_IOB) == MISSING_IOB).any():
        for token in reference:
            if token.ent_iob == MISSING_IOB:
                start, end = token.idx, token.idx + len(token)
                columns[(starts < end) & (ends > start)] = unknown
    for ent in reference.ents:
        start, end = ent.start_char, ent.end_char
        first = int(np.searchsorted(starts, start))
        last = int(np.searchsorted(ends, end))
        fits = first <= last < len(ends) and starts[first] == start and ends[last] == end
        if fits and ent.label_ in labels:
            label = labels.index(ent.label_)
            columns[first] = tags.begin(label)
            columns[first + 1 : last + 1] = tags.inside(label)
        else:
            columns[(starts < end) & (ends > start)] = tags.MISSING
    return columns
