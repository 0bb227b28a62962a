"""Gold entities of an Example → the tags that each predicted token may have."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB
from spacy.tokens import Doc
from spacy.training import Example

from . import tags

MISSING_IOB = 0
# The name of a span group in a partly annotated Doc. Its attribute `labels` lists the labels that
# were annotated.
ANNOTATED = "annotated"

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def allowed_tags(example: Example, labels: Sequence[str]) -> Bools:
    """Find the tags that the annotation allows for each token of `example.predicted`.

    All tags are allowed where nothing is annotated, where an entity begins or ends within a
    token, and where the label of an entity is not among `labels`. If only some labels were
    annotated (see ANNOTATED), tokens without annotation may have any tag except those of
    the annotated labels.

    Tokens of both Docs are compared by their characters without white space, which is many times
    faster than spaCy's alignment.

    labels (Sequence[str]): The labels in the order of the model's columns.
    RETURNS (Bools): n_tokens × n_tags.
    """
    reference = example.reference
    starts, ends = _offsets(example.predicted)
    reference_starts, reference_ends = _offsets(reference)
    allowed = np.zeros((len(starts), tags.n_tags(len(labels))), dtype=bool)
    allowed[:, tags.OUTSIDE] = True
    (missing,) = (reference.to_array(ENT_IOB) == MISSING_IOB).nonzero()
    if len(missing):
        allowed_without_annotation = _tags_without_annotation(reference, labels)
        for token in missing:
            first = ends.searchsorted(reference_starts[token], side="right")
            stop = starts.searchsorted(reference_ends[token])
            allowed[first:stop] = allowed_without_annotation
    for entity in reference.ents:
        start, end = reference_starts[entity.start], reference_ends[entity.end - 1]
        first, stop = ends.searchsorted(start, side="right"), starts.searchsorted(end)
        is_aligned = first < stop and starts[first] == start and ends[stop - 1] == end
        if is_aligned and entity.label_ in labels:
            label = labels.index(entity.label_)
            allowed[first:stop] = False
            allowed[first, tags.begin(label)] = True
            allowed[first + 1 : stop, tags.inside(label)] = True
        else:
            allowed[first:stop] = True
    return allowed


def _offsets(doc: Doc) -> tuple[Ints, Ints]:
    """Return where each token begins and ends, counted in characters without white space."""
    lengths = np.array([len("".join(token.text.split())) for token in doc], dtype="int64")
    ends = np.cumsum(lengths)
    return ends - lengths, ends


def _tags_without_annotation(reference: Doc, labels: Sequence[str]) -> Bools:
    """Return the tags that a token without annotation may have, n_tags."""
    allowed = np.ones(tags.n_tags(len(labels)), dtype=bool)
    group = reference.spans.get(ANNOTATED)
    # A group without the attribute was not made by this package.
    annotated = [] if group is None else group.attrs.get("labels", [])
    for column, label in enumerate(labels):
        if label in annotated:
            allowed[[tags.begin(column), tags.inside(column)]] = False
    return allowed
