"""Variations of training examples keep their entities."""

import random
from collections import Counter

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example

from spacy_bilstm_ner.training.augmenters import case_augmenter, online_text_augmenter
from tests.util import examples

MARKED = "[Anna O'Neill](per) can't leave [Oslo](geo)."


@pytest.fixture(name="nlp")
def _nlp() -> Language:
    return spacy.blank("en")


def augment(nlp: Language, marked: str, *, lower: float, upper: float) -> Example:
    (example,) = case_augmenter(lower, upper)(nlp, examples(nlp, [marked])[0])
    return example


@pytest.mark.parametrize(("shares", "change"), [((1.0, 0.0), str.lower), ((0.0, 1.0), str.upper)])
def test_another_case(nlp, shares, change):
    example = augment(nlp, MARKED, lower=shares[0], upper=shares[1])
    text = change("Anna O'Neill can't leave Oslo.")
    assert example.reference.text == example.predicted.text == text
    assert [(ent.text, ent.label_) for ent in example.reference.ents] == [
        (change("Anna O'Neill"), "per"),
        (change("Oslo"), "geo"),
    ]
    # The tokens are those that the tokenizer makes of the new text
    assert [token.text for token in example.predicted] == [token.text for token in nlp(text)]


def test_a_text_whose_length_would_change_stays(nlp):
    assert augment(nlp, "[Anna Groß](per) left.", lower=0.0, upper=1.0).text == "Anna Groß left."
    assert augment(nlp, "[İzmir](geo) is far.", lower=1.0, upper=0.0).text == "İzmir is far."
    assert augment(nlp, "[Anna Groß](per) left.", lower=1.0, upper=0.0).text == "anna groß left."


def test_the_shares_are_kept_and_come_from_the_seed(nlp):
    augmenter = case_augmenter(0.2, 0.1)
    (example,) = examples(nlp, [MARKED])

    def draw() -> list[str]:
        random.seed(7)
        return [next(iter(augmenter(nlp, example))).text for _ in range(1000)]

    texts = draw()
    assert texts == draw()
    counts = Counter(texts)
    assert counts[example.text.lower()] == pytest.approx(200, abs=40)
    assert counts[example.text.upper()] == pytest.approx(100, abs=30)
    assert counts.total() == 1000


def test_insertions_keep_entities_and_are_outside(nlp):
    (example,) = examples(nlp, [MARKED])
    entities = [(ent.text, ent.label_) for ent in example.reference.ents]
    augmenter = online_text_augmenter(lower=0.0, upper=0.0, insertions=1.0)
    random.seed(1)
    texts = set()
    for _ in range(50):
        (varied,) = augmenter(nlp, example)
        assert [(ent.text, ent.label_) for ent in varied.reference.ents] == entities
        assert 1 <= len(varied.reference) - len(example.reference) <= 3
        assert all(token.ent_iob_ for token in varied.reference)
        assert varied.predicted.text == varied.reference.text
        texts.add(varied.text)
    assert len(texts) == 50


def test_an_insertion_among_tokens_without_annotation_has_none(nlp):
    doc = nlp.make_doc("It rained")
    doc.set_ents([], missing=[doc[:]])
    doc.spans["annotated"] = []
    doc.spans["annotated"].attrs["labels"] = ["per"]
    random.seed(0)
    augmenter = online_text_augmenter(lower=0.0, upper=0.0, insertions=1.0)
    (varied,) = augmenter(nlp, Example(nlp.make_doc(doc.text), doc))
    assert len(varied.reference) > 2
    assert {token.ent_iob_ for token in varied.reference} == {""}
    assert varied.reference.spans["annotated"].attrs["labels"] == ["per"]
