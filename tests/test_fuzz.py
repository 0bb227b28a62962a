"""The pipe accepts all texts, annotations and updates that spaCy accepts: rounds of random ones.

Round n is always the same. To run only this round, call
`pytest tests/test_fuzz.py --fuzz-seed n --fuzz-seconds 0`. With `--fuzz-seconds 3600`, rounds run
for an hour.
"""

import pickle
import time
from itertools import count
from threading import Thread

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from tests.util import blank, confidences, entities, examples, small_model, texts, train

LABELS = ("geo", "org", "per", "tim")
SPACES = (
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "\xa0",
    "\u2003",
    "\u2028",
    "\u200b",
    "\ufeff",
    " \n ",
    "\x85",
)
ODD = (
    "",
    ".",
    "…",
    "。",
    "''",
    "»",
    "\x00",
    "\x1b[0m",
    "\u202e",
    "e\u0301\u0301",
    "👩‍👩‍👧",
    "ß",
    "İ",
    "x" * 3000,
    "<b>",
    "{{",
    "-",
)
SURROGATES = ("\ud800", "\udfff", "a\udc80b")
# The number of code points
ALL_CODES = 0x110000


def word(rng: np.random.Generator) -> str:
    kind = rng.integers(10)
    if kind < 5:
        training_words = " ".join(texts()).split()
        return training_words[rng.integers(len(training_words))]
    if kind < 7:
        return ODD[rng.integers(len(ODD))]
    codes = rng.integers(
        0x20 if kind < 9 else 0, 0x500 if kind < 9 else ALL_CODES, size=rng.integers(1, 8)
    )
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


def text(rng: np.random.Generator) -> str:
    parts = []
    for _ in range(rng.choice((0, 1, 3, 12, 60))):
        parts += [word(rng), SPACES[rng.integers(len(SPACES))] if rng.random() < 0.2 else " "]
    return "".join(parts)


def annotate(doc: Doc, rng: np.random.Generator) -> None:
    """Set entities, block tokens or leave them open, or change nothing."""
    if len(doc) == 0 or rng.random() < 0.4:
        return
    bounds = np.unique(rng.integers(0, len(doc) + 1, size=rng.choice((2, 6, 20))))
    parts: dict[str, list] = {"entities": [], "blocked": [], "missing": [], "outside": []}
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        kind = rng.choice([*parts, "nothing"])
        label = LABELS[rng.integers(len(LABELS))] if kind == "entities" else ""
        if kind != "nothing":
            parts[kind].append(
                spacy.tokens.Span(
                    doc, start, min(end, start + int(rng.integers(1, 9))), label=label
                )
            )
    doc.set_ents(**parts, default=rng.choice(["missing", "outside"]))
    if rng.random() < 0.2:
        for token in doc:
            token.is_sent_start = token.i == 0 or rng.random() < 0.1


def make(nlp: Language, rng: np.random.Generator) -> Doc:
    if rng.random() < 0.7:
        doc = nlp.make_doc(text(rng))
    else:
        words = []
        for _ in range(rng.integers(20)):
            is_space = rng.random() < 0.1
            words.append(SPACES[rng.integers(len(SPACES))] if is_space else word(rng))
        words = list(filter(None, words))
        doc = Doc(nlp.vocab, words=words, spaces=(rng.random(len(words)) < 0.7).tolist())
    annotate(doc, rng)
    return doc


def entities_and_blocked(doc: Doc) -> tuple[list[tuple[int, int, str]], list[int]]:
    return entities(doc), [token.i for token in doc if token.ent_iob_ == "B" and not token.ent_type]


def check(before: Doc, after: Doc) -> None:
    """Check that annotations are kept, and that new entities are valid."""
    assert after.text == before.text
    presets, blocked = entities_and_blocked(before)
    assert set(presets) <= set(entities(after))
    assert entities_and_blocked(after)[1] == blocked
    assert len(before) == 0 or after.has_annotation("ENT_IOB", require_complete=True)
    for ent, confidence in zip(after.ents, confidences(after), strict=True):
        is_preset = (ent.start, ent.end, ent.label_) in presets
        assert (confidence is None) == is_preset
        assert is_preset or (
            0.0 <= confidence <= 1.0 and not ent[0].is_space and not ent[-1].is_space
        )


def assert_same(doc: Doc, expected: Doc, *, atol: float = 0.0) -> None:
    assert doc.text == expected.text
    assert entities_and_blocked(doc) == entities_and_blocked(expected)
    for p, expected_p in zip(confidences(doc), confidences(expected), strict=True):
        assert (p is None) == (expected_p is None)
        assert p is None or p == pytest.approx(expected_p, abs=atol)


def round_trips(nlp: Language, docs: list[Doc]) -> None:
    stored = DocBin(store_user_data=True, docs=docs).to_bytes()
    loaded_docs = DocBin(store_user_data=True).from_bytes(stored).get_docs(nlp.vocab)
    for doc, loaded_doc in zip(docs, loaded_docs, strict=True):
        assert_same(doc, loaded_doc)
        assert_same(doc, Doc(nlp.vocab).from_bytes(doc.to_bytes()))
        assert_same(doc, pickle.loads(pickle.dumps(doc)))


def learn(nlp: Language, rng: np.random.Generator, optimizer: Adam) -> None:
    """Update on partial annotation, which may have other tokens than the pipe's."""
    data = examples(nlp)
    for _ in range(4):
        gold = make(nlp, rng)
        predicted = nlp.make_doc(gold.text)
        if rng.random() < 0.5:
            predicted = Doc(gold.vocab).from_bytes(gold.to_bytes())
        data.append(Example(predicted, gold))
    losses: dict[str, float] = {}
    nlp.update(data, sgd=optimizer, losses=losses, drop=rng.choice((0.0, 0.5)))
    assert np.isfinite(losses["ner"])


def play(nlp: Language, number: int) -> None:
    """Play a round: predict single docs and batches, store, learn, and predict again."""
    rng = np.random.default_rng(number)
    ner, optimizer = nlp.get_pipe("ner"), Adam(0.001)
    ner.cfg["threshold"] = float(rng.choice((0.0, 0.0, 0.9)))
    for _ in range(3):
        docs = [make(nlp, rng) for _ in range(rng.integers(1, 12))]
        stored = [doc.to_bytes() for doc in docs]
        befores = [Doc(nlp.vocab).from_bytes(data) for data in stored]
        singles = [Doc(nlp.vocab).from_bytes(data) for data in stored]
        together = list(ner.pipe(docs, batch_size=int(rng.choice((1, 2, 100)))))
        for before, doc, single in zip(befores, together, singles, strict=True):
            check(before, doc)
            assert_same(doc, ner(single), atol=1e-4)
        round_trips(nlp, together)
        learn(nlp, rng, optimizer)
    # No cache is older than the weights.
    loaded_nlp = blank(model=small_model(ngrams=True)).from_bytes(nlp.to_bytes())
    for content in (*texts(), text(rng)):
        assert_same(nlp(content), loaded_nlp(content), atol=1e-4)


@pytest.fixture(scope="module")
def pipeline() -> bytes:
    nlp = blank(model=small_model(ngrams=True))
    nlp.initialize(lambda: examples(nlp))
    train(nlp, steps=25)
    return nlp.to_bytes()


def test_rounds(pipeline, request):
    seconds, first = (
        request.config.getoption("--fuzz-seconds"),
        request.config.getoption("--fuzz-seed"),
    )
    end = time.monotonic() + seconds
    for number in count(first):
        fix_random_seed(number)
        nlp = blank(model=small_model(ngrams=True)).from_bytes(pipeline)
        try:
            play(nlp, number)
        except Exception as error:
            raise AssertionError(
                f"round {number} fails: --fuzz-seed {number} --fuzz-seconds 0"
            ) from error
        if time.monotonic() >= end:
            print(f"rounds {first} to {number}")
            return


@pytest.mark.parametrize("broken", SURROGATES)
def test_texts_that_spacy_refuses_change_nothing(pipeline, broken):
    nlp = blank(model=small_model(ngrams=True)).from_bytes(pipeline)
    before = nlp(texts()[0])
    with pytest.raises(UnicodeEncodeError):
        spacy.blank("en")(broken)
    with pytest.raises(UnicodeEncodeError):
        nlp(f"Lisbon {broken}")
    assert_same(nlp(texts()[0]), before)


def test_one_thread_predicts_while_another_learns(pipeline, request):
    nlp = blank(model=small_model(ngrams=True)).from_bytes(pipeline)
    failures: list[Exception] = []
    stop = False

    def predict() -> None:
        rng = np.random.default_rng(request.config.getoption("--fuzz-seed"))
        try:
            while not stop:
                before = make(nlp, rng)
                check(before, nlp.get_pipe("ner")(Doc(nlp.vocab).from_bytes(before.to_bytes())))
        except Exception as error:
            failures.append(error)

    thread = Thread(target=predict)
    thread.start()
    optimizer = Adam(0.001)
    data = examples(nlp)
    for _ in range(30):
        nlp.update(data, sgd=optimizer)
    stop = True
    thread.join()
    assert not failures
    loaded_nlp = blank(model=small_model(ngrams=True)).from_bytes(nlp.to_bytes())
    for content in texts():
        assert_same(nlp(content), loaded_nlp(content), atol=1e-4)
        assert_allclose(confidences(nlp(content)), confidences(loaded_nlp(content)), atol=1e-4)
