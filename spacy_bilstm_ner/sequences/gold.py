"""Gold entities of an Example → the tags that each predicted token may have."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, IDX, LENGTH
from spacy.tokens import Doc
from spacy.training import Example

from . import tags

MISSING_IOB = 0
# The name of a span group. Its attribute `labels` lists the labels that were annotated in a Doc
# where not all of them were.
ANNOTATED = "annotated"

Bools = NDArray[np.bool_]


def allowed_tags(example: Example, labels: Sequence[str]) -> Bools:
    """Find the tags that the annotation allows for each token of `example.predicted`.

    All tags are allowed where nothing is annotated, where the border of an entity lies within a
    token, and where the label of an entity is not among `labels`. If only some labels were
    annotated (see ANNOTATED), tokens without annotation may have any tag but those.

    If both Docs have the same text, entities are found by their characters, which is many times
    faster than spaCy's alignment of tokens.

    labels (Sequence[str]): The labels in the order of the model's columns.
    RETURNS (Bools): n_tokens × n_tags.
    """
    if example.predicted.text.rstrip() == example.reference.text.rstrip():
        return _by_characters(example.predicted, example.reference, labels)
    return _by_alignment(example, labels)


def _by_characters(predicted: Doc, reference: Doc, labels: Sequence[str]) -> Bools:
    starts, widths = predicted.to_array([IDX, LENGTH]).astype("int64").T
    ends = starts + widths
    allowed = np.zeros((len(starts), tags.n_tags(len(labels))), dtype=bool)
    allowed[:, tags.OUTSIDE] = True
    if (reference.to_array(ENT_IOB) == MISSING_IOB).any():
        allowed_without_annotation = _without_annotation(reference, labels)
        for token in reference:
            if token.ent_iob == MISSING_IOB:
                first = int(ends.searchsorted(token.idx, side="right"))
                last = int(starts.searchsorted(token.idx + len(token)))
                allowed[first:last] = allowed_without_annotation
    for entity in reference.ents:
        first = int(ends.searchsorted(entity.start_char, side="right"))
        last = int(starts.searchsorted(entity.end_char))
        is_aligned = (
            first < last
            and starts[first] == entity.start_char
            and ends[last - 1] == entity.end_char
        )
        if is_aligned and entity.label_ in labels:
            label = labels.index(entity.label_)
            allowed[first:last] = False
            allowed[first, tags.begin(label)] = True
            allowed[first + 1 : last, tags.inside(label)] = True
        else:
            allowed[first:last] = True
    return allowed


def _without_annotation(reference: Doc, labels: Sequence[str]) -> Bools:
    """Return the tags that a token without annotation may have, n_tags."""
    allowed = np.ones(tags.n_tags(len(labels)), dtype=bool)
    # A group without the attribute was not made by us.
    annotated = None
    if ANNOTATED in reference.spans:
        annotated = reference.spans[ANNOTATED].attrs.get("labels")
    for label in annotated or ():
        if label in labels:
            column = labels.index(label)
            allowed[[tags.begin(column), tags.inside(column)]] = False
    return allowed


def _by_alignment(example: Example, labels: Sequence[str]) -> Bools:
    columns: dict[str | None, int] = {"O": tags.OUTSIDE}
    for i, label in enumerate(labels):
        columns |= dict.fromkeys((f"B-{label}", f"U-{label}"), tags.begin(i))
        columns |= dict.fromkeys((f"I-{label}", f"L-{label}"), tags.inside(i))
    aligned = example.get_aligned_ner()
    allowed = np.ones((len(aligned), tags.n_tags(len(labels))), dtype=bool)
    for token, tag in enumerate(aligned):
        if tag in columns:
            allowed[token] = False
            allowed[token, columns[tag]] = True
    return allowed
