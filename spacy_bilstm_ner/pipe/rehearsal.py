"""What keeps a trained pipe from forgetting while it learns something new: made-up sentences, on which it is to answer
as it did before (Li & Hoiem 2016, "Learning without Forgetting"; Robins 1995, "Catastrophic Forgetting, Rehearsal and
Pseudorehearsal").

A few new sentences say nothing about all other text. Made-up ones do, and no text has to be kept for them: half of them
are the new sentences with other words in place of the entities' and of half of the rest; half are just words. They make
no sense, but nearly all that the network knows of words and their neighbours shows in them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.strings import hash_string
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, Ops

from ..sequences import tags
from ..sequences.crf import marginals
from ..sequences.words import TagScores

# For each update
N_SENTENCES = 16
# What share of them is made from the new sentences, and of these sentences' words, how many stay.
NEW_SHARE = 0.5
KEPT_SHARE = 0.5
# The others' length, in words.
MIN_LENGTH, MAX_LENGTH = 4, 20
EPSILON = 1e-9


class WordSource(NamedTuple):
    """Words to make sentences of, and how probable each is to be drawn."""

    words: list[str]
    probabilities: NDArray[np.float64]


def word_source(vocab: Vocab, model: Model) -> WordSource:
    """The words that the vocabulary has seen. Those with a static vector are drawn by their rank among the vectors,
    which tells how frequent they are in any text (Zipf 1935); without vectors, all are equally probable."""
    words = [word for word in vocab.strings if word.isalpha()] or list(vocab.strings)
    weights = np.ones(len(words))
    for node in model.walk():
        if node.name == "static_vectors":
            ids = np.array(
                [[hash_string(word), hash_string(word.lower())] for word in words], dtype="uint64"
            )
            rows = node.attrs["table"].find(ids)
            if (rows >= 0).any():
                weights = np.where(rows >= 0, 1.0 / (1 + np.abs(rows)), 0.0)
    return WordSource(words, weights / weights.sum())


def made_up(
    docs: Sequence[Doc],
    allowed: Sequence[NDArray[np.bool_]],
    source: WordSource,
    vocab: Vocab,
    rng: np.random.Generator,
) -> list[Doc]:
    """Make up N_SENTENCES Docs without annotation from new sentences, at least one, the tags that their tokens may have,
    n_tokens × n_tags, and other words."""
    texts = []
    for _ in range(N_SENTENCES):
        if rng.random() < NEW_SHARE:
            number = int(rng.integers(len(docs)))
            text = [token.text for token in docs[number]]
            (replaced,) = (
                ~allowed[number][:, tags.OUTSIDE] | (rng.random(len(text)) > KEPT_SHARE)
            ).nonzero()
        else:
            text = [""] * int(rng.integers(MIN_LENGTH, MAX_LENGTH + 1))
            replaced = np.arange(len(text))
        drawn = rng.choice(len(source.words), len(replaced), p=source.probabilities)
        for place, word in zip(replaced.tolist(), drawn.tolist(), strict=True):
            text[place] = source.words[word]
        texts.append(text)
    return [Doc(vocab, words=text) for text in texts]


def drift(
    now: TagScores, before: TagScores, chosen: NDArray[np.bool_], ops: Ops
) -> tuple[float, NDArray]:
    """How far the tags of chosen words, n_words, are from what they were: the Kullback-Leibler divergence of their
    probabilities, in nats per word; and its gradient by the scores, n_words × n_tags. Tags that the earlier model does
    not have are improbable. Scores of steps are left as they are."""
    are, were = _probabilities(now, ops), np.zeros(now.scores.shape)
    were[:, : before.scores.shape[1]] = _probabilities(before, ops)
    are[~chosen], were[~chosen] = 0.0, 0.0
    n_chosen = max(1, int(chosen.sum()))
    value = (were * np.log((were + EPSILON) / (are + EPSILON))).sum() / n_chosen
    return float(value), ((are - were) / n_chosen).astype("float32")


def _probabilities(scores: TagScores, ops: Ops) -> NDArray[np.floating]:
    logits = ops.to_numpy(scores.scores)
    n_tags = logits.shape[1]
    steps = (
        np.zeros((n_tags, n_tags))
        if scores.transitions is None
        else ops.to_numpy(scores.transitions)
    )
    return marginals(logits, steps, scores.words.per_doc)
