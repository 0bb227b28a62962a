"""The linear tagger: its features, worked out by hand; its tables; and what it adds to the
network's scores."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language
from spacy.strings import hash_string
from spacy.tokens import Doc

from spacy_bilstm_ner.network import clusters, ngram_fit, ngrams, prediction
from spacy_bilstm_ner.network.clusters import SIZES
from spacy_bilstm_ner.network.features import FEATURES
from spacy_bilstm_ner.network.ngrams import (
    N_PLACES,
    NGRAMS_SHARE,
    REACH,
    Weights,
    score_docs,
)
from spacy_bilstm_ner.network.vectors import NO_VECTORS, VectorTable
from spacy_bilstm_ner.sequences.words import whole_docs
from tests.util import (
    SENTENCES,
    blank,
    doc_of,
    entities,
    examples,
    plain_logits,
    small_model,
    texts,
    train,
    transitions,
    write_vectors,
)

TEXT = " ".join(texts())
MIXED = ["", *texts(), " ", "Qwfp Zxcvar!", "\n\n", TEXT, "a", f"{TEXT}\n\n{TEXT} Qwfp"]
# All that the embedding would have to know for the words' ids to be computed once for both.
SHARED = {
    "@architectures": "spacy_bilstm_ner.WordEmbedding.v1",
    "features": ["form", "lower", "prefix3", "suffix2", "suffix3", "shape"],
    "widths": [8] * 6,
    "rows": [100] * 6,
    "feature_dropout": 0.0,
}


def new(**parts: Any) -> Language:
    return blank(model=small_model(ngrams=True, **parts))


def initialized(nlp: Language) -> Language:
    nlp.get_pipe("ner").initialize(lambda: examples(nlp), nlp=nlp, corpus=examples)
    return nlp


def fitted(**parts: Any) -> Language:
    """Fitted, and trained a little."""
    nlp = initialized(new(**parts))
    train(nlp, steps=5)
    return nlp


def weights_of(nlp: Language) -> Weights:
    return nlp.get_pipe("ner").model.attrs["ngrams"]


def logits(nlp: Language, *words: str) -> np.ndarray:
    return nlp.get_pipe("ner").model.predict([nlp.make_doc(text) for text in words]).scores


def mixed_transitions(nlp: Language) -> np.ndarray:
    return nlp.get_pipe("ner").model.predict([nlp.make_doc("Oslo")]).transitions


def table_of(rows: dict[int, list[int]], width: int) -> tuple[np.ndarray, np.ndarray]:
    keys = np.array(sorted(rows), dtype="uint32")
    return keys, np.array([*(rows[key] for key in keys.tolist()), [0] * width], dtype="int8")


def hashed(value: str | int) -> int:
    return value if isinstance(value, int) else hash_string(value)


def part_key(feature: str, value: str) -> int:
    """Of what counts for the word alone."""
    ids = np.zeros((1, len(FEATURES)), dtype="uint64")
    column = list(FEATURES).index(feature)
    ids[0, column] = hashed(value)
    return int(ngrams._word_keys(ids)[0][0, column - 1])


def word_key(place: int, value: str | int, *, clustering: int | None = None) -> int:
    """Of a form, or of a cluster in one of the clusterings, at a place."""
    ids = np.zeros((1, len(FEATURES) + len(SIZES)), dtype="uint64")
    ids[0, 0 if clustering is None else len(FEATURES) + clustering] = hashed(value)
    return int(ngrams._word_keys(ids)[1][0, place, 0 if clustering is None else 1 + clustering])


def pair_key(number: int, first: str | int, second: str | int) -> int:
    ids = np.zeros((3, len(FEATURES)), dtype="uint64")
    ids[:2, number] = [hashed(value) for value in (first, second)]
    return int(ngrams._neighbour_keys(ngrams._neighbour_ids(ids, ids[:0, 0]))[0, number])


def pattern_key(*values: str | int) -> int:
    """Of three forms or shapes."""
    ids = np.zeros((3, ngrams.N_PAIRED + 1), dtype="uint64")
    ids[:, -1] = [hashed(value) for value in values]
    return int(ngrams._neighbour_keys(ids)[0, -1])


def scores_of(
    words: dict[int, list[int]],
    neighbours: dict[int, list[int]],
    *docs: Doc,
    common: Sequence[str] = (),
    vectors: VectorTable = NO_VECTORS,
) -> np.ndarray:
    """What weights with these rows say, in two tags."""
    weights = Weights(
        *table_of(words, 2),
        *table_of({key: [*row, 0, 0][:6] for key, row in neighbours.items()}, 6),
        np.array(sorted(map(hash_string, common)), dtype="uint64"),
        scale=np.array([0.5, 2.0], dtype="float32"),
        bias=np.array([0.25, 0.0], dtype="float32"),
        transitions=np.zeros((2, 2), dtype="float32"),
    )
    return score_docs(weights, docs, whole_docs(docs), vectors)


def test_words_score_their_neighbours():
    # Places are from two before a word to two behind it: the form "b" as the one before adds 4, and
    # so on.
    rows = {word_key(place, "b"): [1 << place, 0] for place in range(N_PLACES)}
    scores = scores_of(rows, {}, doc_of("a a b a a a"))
    assert REACH == 2
    assert_allclose(scores[:, 0] - 0.25, [8.0, 4.0, 2.0, 1.0, 0.5, 0.0])
    assert not scores[:, 1].any()


def test_clusters_score_the_neighbours_of_their_words():
    words = ["tea", "Tea", "ship"]
    keys = np.array([hash_string(word) & 0xFFFFFFFF for word in words], dtype="uint32")
    order = np.argsort(keys)
    numbers = np.array([[0, 0, 0, 0], [8, 2, 1, 1], [8, 3, 1, 1], [9, 3, 1, 1]], dtype="uint16")
    values = np.zeros((4, 1), dtype="int8")
    rows = np.append(1 + order, 0).astype("uint32")
    table = VectorTable(keys[order], rows, values, np.ones(1, dtype="float32"), numbers)
    # Clusters are counted from 1 on; 0 is for words without a vector.
    rows = {
        word_key(REACH, 8, clustering=0): [1, 0],
        word_key(REACH - 1, 3, clustering=1): [2, 0],
        word_key(REACH, 0, clustering=0): [0, 1],
        word_key(REACH + 2, 9, clustering=1): [64, 64],
    }
    scores = scores_of(rows, {}, doc_of("tea Tea ship qwfp"), vectors=table) - [0.25, 0.0]
    assert_allclose(scores, [[0.5, 0], [0.5, 0], [1, 0], [1, 2]])


def test_words_that_were_not_seen_are_known_by_their_clusters(tmp_path, monkeypatch):
    """By n-grams alone: the network has learnt nothing."""
    monkeypatch.setattr(ngram_fit, "BATCH_SIZE", 8)
    monkeypatch.setattr(clusters, "SIZES", (2,))
    cities = ["rome", "lima", "cairo", "quito", "tunis", "hanoi"]
    materials = ["milk", "stone", "wood", "glass", "paper", "wool"]
    axes = np.eye(8)
    vectors = {word: (axes[i] + 9 * axes[6]).tolist() for i, word in enumerate(cities)}
    vectors |= {word: (axes[i] + 9 * axes[7]).tolist() for i, word in enumerate(materials)}
    nlp = new(tok2vec=SHARED | {"vector_width": 8})
    seen = [
        (f"[{city}](geo)", material)
        for city, material in zip(cities[:4], materials[:4], strict=True)
    ]
    data = examples(
        nlp,
        [
            f"They saw {first} and {second} ."
            for pair in seen
            for first, second in (pair, pair[::-1])
        ]
        * 30,
    )
    source = str(write_vectors(tmp_path, vectors))
    nlp.get_pipe("ner").initialize(lambda: data, nlp=nlp, corpus=lambda _: data, vectors=source)
    assert entities(nlp("They saw hanoi and wool .")) == [(2, 3, "geo")]
    assert entities(nlp("They saw paper and tunis .")) == [(4, 5, "geo")]


def test_word_parts_score_only_the_word():
    values = {
        "suffix3": "ger",
        "shape": "Xxxxx",
        "lower": "singer",
        "prefix3": "Sin",
        "suffix2": "er",
    }
    rows = {part_key(name, value): [0, 1 << i] for i, (name, value) in enumerate(values.items())}
    assert_allclose(
        scores_of(rows, {}, doc_of("a Singer ran"))[:, 1], [0, 2 * (1 + 2 + 4 + 8 + 16), 0]
    )
    # A value of one feature is none of another.
    assert_allclose(
        scores_of(rows, {}, doc_of("a Sin ger er"))[:, 1], [0, 2 * 8, 2 * (1 + 16), 2 * 16]
    )


def test_pairs_score_both_words():
    pairs = {
        pair_key(0, "New", "York"): [1, 0, 0, 10],
        pair_key(1, "Xxx", "Xxxx"): [4, 0, 0, 40],
        pair_key(0, "York", "New"): [64, 64, 64, 64],
    }
    scores = scores_of({}, pairs, doc_of("in New York"))
    assert_allclose(scores - [0.25, 0.0], [[0, 0], [0.5 * 5, 0], [0, 2 * 50]])


def test_patterns_score_all_three_words():
    patterns = {
        pattern_key("in", "Xxx", "Xxxx"): [1, 0, 2, 0, 0, 4],
        pattern_key("in", "New", "Xxxx"): [64] * 6,
        pattern_key("xx", "Xxx", "Xxxx"): [64] * 6,
        pattern_key(ngrams.EDGE, "xx", "in"): [64, 64, 8, 0, 0, 0],
        pattern_key("Xxxx", ngrams.EDGE, ngrams.EDGE): [0, 16, 64, 64, 64, 64],
    }
    expected = [[0.5 * 8, 0], [0.5 * 1, 0], [0.5 * 2, 0], [0, 2 * (4 + 16)]]
    docs = [doc_of("up in New York")] * 2
    scores = scores_of({}, patterns, *docs, common=["in", "of"])
    assert_allclose(scores - [0.25, 0.0], expected + expected)


def test_weights_survive_bytes():
    weights = weights_of(fitted())
    loaded = Weights.from_bytes(weights.to_bytes())
    for name, array in vars(weights).items():
        assert len(array)
        assert_array_equal(getattr(loaded, name), array)
        assert getattr(loaded, name).dtype == array.dtype
    for values in (loaded.word_values, loaded.neighbour_values):
        # No row says nothing, but the last.
        assert values[:-1].any(axis=1).all()
        assert not values[-1].any()


def test_what_is_fitted_is_what_is_scored(monkeypatch):
    fitted_scores = []

    def at_random(features, allowed, lengths, *, n_rows, **old):
        n_tags = allowed.shape[1]
        values = np.random.default_rng(0).integers(-127, 128, (n_rows, n_tags)).astype("float32")
        values[1] = 127
        # What no word has is never learnt.
        values[np.setdiff1d(np.arange(n_rows), features)] = 0
        values[0] = 0
        fitted_scores.append(values[features].sum(axis=1))
        return values, np.zeros(n_tags), np.zeros((n_tags, n_tags))

    monkeypatch.setattr(ngrams, "fit_weights", at_random)
    nlp = new()
    data = examples(nlp, SENTENCES * 3)
    nlp.get_pipe("ner").initialize(lambda: data, nlp=nlp, corpus=lambda _: data)
    docs = [eg.predicted for eg in data]
    words = nlp.get_pipe("ner").model.attrs["segment"](docs)
    assert_allclose(score_docs(weights_of(nlp), docs, words, NO_VECTORS), fitted_scores[0])


def test_rare_features_have_no_weight():
    nlp = new()
    thrice = "[Zork](geo) is here."
    data = [
        eg
        for marked in [thrice] * 3 + ["[Plugh](geo) is here."] * 2
        for eg in examples(nlp, [marked])
    ]
    nlp.get_pipe("ner").initialize(lambda: data, nlp=nlp, corpus=lambda _: data)
    keys = [word_key(REACH, "Zork"), word_key(REACH, "Plugh")]
    assert np.isin(keys, weights_of(nlp).word_keys).tolist() == [True, False]


def test_ngrams_alone_predict_entities(monkeypatch):
    """Alone: the network, which has learnt nothing, scores all tags alike."""
    monkeypatch.setattr(ngram_fit, "BATCH_SIZE", 8)
    nlp = new()
    data = examples(nlp, SENTENCES * 50)
    nlp.get_pipe("ner").initialize(lambda: data, nlp=nlp, corpus=lambda _: data)
    assert not plain_logits(nlp, TEXT).any()
    assert [entities(doc) for doc in nlp.pipe(texts())] == [
        entities(eg.reference) for eg in examples(nlp)
    ]


def test_the_network_trains_without_ngrams():
    losses, pipes = [], []
    for ngrams_too in (False, True):
        nlp = blank(model=small_model(ngrams=ngrams_too))
        losses.append(train(initialized(nlp), steps=3)["ner"])
        pipes.append(nlp)
    assert losses[0] == losses[1]
    assert_array_equal(plain_logits(pipes[0], TEXT), plain_logits(pipes[1], TEXT))
    assert not np.allclose(logits(pipes[0], TEXT), logits(pipes[1], TEXT), atol=0.01)


@pytest.mark.parametrize("parts", [{}, {"tok2vec": SHARED}])
def test_predictions_are_a_mixture(monkeypatch, parts):
    nlp = fitted(**parts)
    model = nlp.get_pipe("ner").model
    for text in MIXED:
        scores = logits(nlp, text)
        with monkeypatch.context() as patch:
            patch.setattr(prediction, "supports", lambda model: False)
            assert_allclose(scores, logits(nlp, text), atol=1e-4)
        doc = nlp.make_doc(text)
        words = model.attrs["segment"]([doc])
        if len(words):
            linear = score_docs(weights_of(nlp), [doc], words, NO_VECTORS)
            expected = (1 - NGRAMS_SHARE) * plain_logits(nlp, text) + NGRAMS_SHARE * linear
            assert_allclose(scores, expected, atol=1e-4)
            assert np.abs(linear).max() > 0.1


def test_decoding_mixes_transitions():
    nlp = fitted()
    ner = nlp.get_pipe("ner")
    weights = weights_of(nlp)
    expected = (1 - NGRAMS_SHARE) * transitions(nlp) + NGRAMS_SHARE * weights.transitions
    assert_allclose(mixed_transitions(nlp), expected, atol=1e-6)
    spans = ner.predict([nlp.make_doc(TEXT)])
    lower = weights.transitions.copy()
    lower[0, 1::2] -= 80.0
    ner.model.attrs["ngrams"] = replace(weights, transitions=lower)
    after = ner.predict([nlp.make_doc(TEXT)])
    # Hardly anything begins behind a word that is none.
    assert after.confidence.sum() < spans.confidence.sum() / 2


def test_a_label_can_be_added_and_learnt():
    nlp = initialized(new())
    train(nlp, steps=30)
    before, predicted = logits(nlp, TEXT), [entities(doc) for doc in nlp.pipe(texts())]
    assert sum(map(len, predicted)) > 10
    nlp.get_pipe("ner").add_label("art")
    after = logits(nlp, TEXT)
    assert_allclose(after[:, : before.shape[1]], before, atol=1e-6)
    # As far behind the best of the others as the network has it.
    network = plain_logits(nlp, TEXT)
    assert_allclose(
        (after[:, -1] - before.max(axis=1))[: len(before)],
        (network[:, -1] - network[:, :-2].max(axis=1)),
        atol=1e-4,
    )
    assert [entities(doc) for doc in nlp.pipe(texts())] == predicted
    marked = [
        *SENTENCES,
        "[Mona Lisa](art) hung in [Oslo](geo).",
        "They saw [Mona Lisa](art) again.",
    ]
    train(nlp, marked, steps=60)
    gold = [entities(eg.reference) for eg in examples(nlp, marked)]
    assert [entities(doc) for doc in nlp.pipe(texts(marked))] == gold
    loaded = new().from_bytes(nlp.to_bytes())
    assert_allclose(logits(loaded, TEXT), logits(nlp, TEXT), atol=1e-5)


def test_ngrams_need_transitions():
    with pytest.raises(ValueError, match="ngrams = true needs transitions = true"):
        new(transitions=False)


def test_a_model_that_is_not_fitted_is_the_network():
    nlp = new()
    for label in ("geo", "per"):
        nlp.get_pipe("ner").add_label(label)
    model = nlp.get_pipe("ner").model
    model.set_dim("nO", 5)
    model.initialize(X=[nlp.make_doc(TEXT)])
    model.layers[2].get_param("W")[:] = 0.1
    assert_allclose(logits(nlp, TEXT), plain_logits(nlp, TEXT), atol=1e-4)
    assert mixed_transitions(nlp).shape == (5, 5)
