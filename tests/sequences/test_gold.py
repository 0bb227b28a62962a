"""Gold entities of an Example, in the tokens of the prediction."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, SpanGroup
from spacy.training import Example

from spacy_bilstm_ner.sequences import tags
from spacy_bilstm_ner.sequences.gold import allowed_tags
from tests.util import ANY, SENTENCES, doc_of, examples, marked_doc, spans_of

NLP = spacy.blank("en")
LABELS = ("geo", "per")
OUT = tags.OUTSIDE


def by_alignment(example: Example, labels: Sequence[str]) -> list[int]:
    """What spaCy's alignment of tokens says."""
    columns = {f"{prefix}-{label}": 1 + 2 * i for i, label in enumerate(labels) for prefix in "BU"}
    columns |= {f"{prefix}-{label}": 2 + 2 * i for i, label in enumerate(labels) for prefix in "IL"}
    return [columns.get(tag, ANY) if tag != "O" else OUT for tag in example.get_aligned_ner()]


GEO, IN_GEO, PER, IN_PER = 1, 2, 3, 4


def read(example: Example, labels: Sequence[str]) -> list[int]:
    """The only tag that a token may have, or ANY."""
    allowed = allowed_tags(example, labels)
    assert set(allowed.sum(axis=1)) <= {1, allowed.shape[1]}
    return np.where(allowed.all(axis=1), ANY, allowed.argmax(axis=1)).tolist()


def columns(words: str, reference: Doc) -> list[int]:
    """The gold columns of words that are separated by spaces, some of them glued by "_"."""
    tokens = words.split(" ")
    predicted = Doc(
        NLP.vocab,
        words=[token.strip("_") for token in tokens],
        spaces=[not token.endswith("_") for token in tokens[:-1]] + [False],
    )
    return read(Example(predicted, reference), LABELS)


def gold(words: str, *bounds: tuple[int, int, str]) -> Doc:
    tokens = words.split(" ")
    doc = Doc(
        NLP.vocab,
        words=[token.strip("_") for token in tokens],
        spaces=[not token.endswith("_") for token in tokens[:-1]] + [False],
    )
    doc.set_ents(spans_of(doc, *bounds))
    return doc


def test_equal_tokens():
    doc = gold("in New York Anna", (1, 3, "geo"), (3, 4, "per"))
    assert columns("in New York Anna", doc) == [OUT, GEO, IN_GEO, PER]


def test_touching_entities():
    doc = gold("Oslo New York", (0, 1, "geo"), (1, 3, "geo"))
    assert columns("Oslo New York", doc) == [GEO, GEO, IN_GEO]


def test_finer_tokens():
    doc = gold("in New-York now", (1, 2, "geo"))
    assert columns("in New_ -_ York now", doc) == [OUT, GEO, IN_GEO, IN_GEO, OUT]


def test_coarser_tokens():
    doc = gold("in New_ -_ York now", (1, 4, "geo"))
    assert columns("in New-York now", doc) == [OUT, GEO, OUT]


def test_an_entity_whose_border_lies_within_a_token_is_missing():
    doc = gold("in New York_ -_ based firms", (1, 3, "geo"))
    assert columns("in New York-based firms", doc) == [OUT, ANY, ANY, OUT]


def test_an_unknown_label_is_missing():
    doc = gold("Anna saw Casablanca", (0, 1, "per"), (2, 3, "film"))
    assert columns("Anna saw Casablanca", doc) == [PER, OUT, ANY]


def test_tokens_without_annotation_are_missing():
    doc = gold("Anna saw Oslo", (0, 1, "per"))
    doc.set_ents(spans_of(doc, (0, 1, "per")), outside=[doc[1:2]], default="missing")
    assert columns("Anna saw Oslo", doc) == [PER, OUT, ANY]
    assert columns("Anna saw Oslo", gold("Anna saw Oslo")) == [OUT, OUT, OUT]
    bare = Doc(NLP.vocab, words=["Anna", "saw"])
    assert columns("Anna saw", bare) == [ANY, ANY]


def test_other_words_in_the_prediction():
    # Not one text: alignment of tokens.
    reference = doc_of("Anna saw Oslo", vocab=NLP.vocab)
    reference.set_ents(spans_of(reference, (0, 1, "per"), (2, 3, "geo")))
    assert columns("Anna saw Oslo", reference) == [PER, OUT, GEO]
    predicted = Doc(NLP.vocab, words=["Anna", " ", "saw", "Oslo"])
    per, _, out, geo = read(Example(predicted, reference), LABELS)
    assert [per, out, geo] == [PER, OUT, GEO]


def test_no_tokens():
    assert allowed_tags(Example(Doc(NLP.vocab), Doc(NLP.vocab)), LABELS).shape == (0, 5)


@pytest.mark.parametrize("seed", range(5))
def test_the_shortcut_agrees_with_spacys_alignment(seed):
    rng = np.random.default_rng(seed)
    for marked in SENTENCES:
        reference = marked_doc(NLP, marked)
        text = reference.text
        cuts = sorted({0, len(text), *rng.integers(0, len(text), size=6).tolist()})
        cuts = sorted({*cuts, *(token.idx for token in reference if rng.random() < 0.8)})
        words = [text[start:end] for start, end in pairwise(cuts)]
        predicted = Doc(NLP.vocab, words=words, spaces=[False] * len(words))
        assert predicted.text == text
        example = Example(predicted, reference)
        labels = ("geo", "org", "per")
        aligned = by_alignment(example, labels)
        for ours, theirs in zip(read(example, labels), aligned, strict=True):
            assert ANY in (ours, theirs) or ours == theirs


def test_own_sentences_need_no_mask():
    labels = ("geo", "org", "per", "tim")
    for example in examples(NLP):
        assert read(example, labels) == by_alignment(example, labels)


def partly_annotated(labels: list[str] | None) -> Example:
    """A person, and two words of which only is known that they have none of the labels."""
    doc = Doc(NLP.vocab, words=["Mira", "left", "Oslo"], ents=["B-per", "", ""])
    attrs = {} if labels is None else {"labels": labels}
    doc.spans["annotated"] = SpanGroup(doc, name="annotated", attrs=attrs)
    return Example(NLP.make_doc(doc.text), doc)


def test_annotated_labels_are_not_allowed_where_nothing_is_annotated():
    allowed = allowed_tags(partly_annotated(["per", "unknown"]), LABELS)
    assert allowed.tolist() == [
        [False, False, False, True, False],
        [True, True, True, False, False],
        [True, True, True, False, False],
    ]


def test_a_span_group_of_that_name_without_labels_means_nothing():
    assert read(partly_annotated(None), LABELS) == [PER, ANY, ANY]
