"""Gold entities of an Example, in the tokens of the prediction."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, SpanGroup
from spacy.training import Example

from spacy_bilstm_ner.sequences import tags
from spacy_bilstm_ner.sequences.gold import gold_columns
from tests.util import SENTENCES, doc_of, examples, marked_doc, spans_of

NLP = spacy.blank("en")
LABELS = ("geo", "per")
OUT, MISSING = tags.OUTSIDE, tags.MISSING


def by_alignment(example: Example, labels: Sequence[str]) -> list[int]:
    """What spaCy's alignment of tokens says."""
    columns = {f"{prefix}-{label}": 1 + 2 * i for i, label in enumerate(labels) for prefix in "BU"}
    columns |= {f"{prefix}-{label}": 2 + 2 * i for i, label in enumerate(labels) for prefix in "IL"}
    return [columns.get(tag, MISSING) if tag != "O" else OUT for tag in example.get_aligned_ner()]


GEO, IN_GEO, PER, IN_PER = 1, 2, 3, 4


def columns(words: str, reference: Doc) -> list[int]:
    """The gold columns of words that are separated by spaces, some of them glued by "_"."""
    tokens = words.split(" ")
    predicted = Doc(
        NLP.vocab,
        words=[token.strip("_") for token in tokens],
        spaces=[not token.endswith("_") for token in tokens[:-1]] + [False],
    )
    return gold_columns(Example(predicted, reference), LABELS).tolist()


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
    assert columns("in New York-based firms", doc) == [OUT, MISSING, MISSING, OUT]


def test_an_unknown_label_is_missing():
    doc = gold("Anna saw Casablanca", (0, 1, "per"), (2, 3, "film"))
    assert columns("Anna saw Casablanca", doc) == [PER, OUT, MISSING]


def test_tokens_without_annotation_are_missing():
    doc = gold("Anna saw Oslo", (0, 1, "per"))
    doc.set_ents(spans_of(doc, (0, 1, "per")), outside=[doc[1:2]], default="missing")
    assert columns("Anna saw Oslo", doc) == [PER, OUT, MISSING]
    assert columns("Anna saw Oslo", gold("Anna saw Oslo")) == [OUT, OUT, OUT]
    bare = Doc(NLP.vocab, words=["Anna", "saw"])
    assert columns("Anna saw", bare) == [MISSING, MISSING]


def test_other_words_in_the_prediction():
    # Not one text: alignment of tokens.
    reference = doc_of("Anna saw Oslo", vocab=NLP.vocab)
    reference.set_ents(spans_of(reference, (0, 1, "per"), (2, 3, "geo")))
    assert columns("Anna saw Oslo", reference) == [PER, OUT, GEO]
    predicted = Doc(NLP.vocab, words=["Anna", " ", "saw", "Oslo"])
    found = gold_columns(Example(predicted, reference), LABELS)
    assert found[[0, 2, 3]].tolist() == [PER, OUT, GEO]


def test_no_tokens():
    assert gold_columns(Example(Doc(NLP.vocab), Doc(NLP.vocab)), LABELS).tolist() == []


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
        found = gold_columns(example, labels)
        for ours, theirs in zip(found.tolist(), aligned, strict=True):
            assert MISSING in (ours, theirs) or ours == theirs


def test_own_sentences_need_no_mask():
    labels = ("geo", "org", "per", "tim")
    for example in examples(NLP):
        found = gold_columns(example, labels)
        aligned = by_alignment(example, labels)
        assert found.tolist() == aligned


def test_of_words_that_others_may_stand_at_the_annotated_labels_are_excluded():
    reference = Doc(NLP.vocab, words=["Mira", "left", "Oslo"], ents=["B-per", "", ""])
    reference.spans["annotated"] = SpanGroup(
        reference, name="annotated", attrs={"labels": ["per", "unknown"]}
    )
    assert columns("Mira left Oslo", reference) == [PER, tags.none_of([1]), tags.none_of([1])]
    assert tags.none_of([1]) < MISSING


def test_a_group_of_spans_of_that_name_without_labels_means_nothing():
    reference = Doc(NLP.vocab, words=["Mira", "left", "Oslo"], ents=["B-per", "", ""])
    reference.spans["annotated"] = SpanGroup(reference, name="annotated")
    assert columns("Mira left Oslo", reference) == [PER, MISSING, MISSING]
