"""The layers of a tagger by their names."""

from typing import NamedTuple

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d


class Parts(NamedTuple):
    """The layers of a `tagger.BiLSTMTagger`."""

    tok2vec: Model[list[Doc], list[Floats2d]]
    encode: Model[list[Floats2d], list[Floats2d]]
    output: Model[Floats2d, Floats2d]


def parts(model: Model) -> Parts:
    """Return the layers of a tagger.

    They are found by position, since `Model.copy` does not keep references to layers.
    """
    return Parts(*model.layers)
