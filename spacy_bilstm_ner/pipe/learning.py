"""Going on with a trained pipe: learn from new examples and keep what is known.

A few new sentences say nothing about all other text. Each update therefore gets made-up sentences,
on which the pipe learns to answer as before (Li & Hoiem 2016, "Learning without Forgetting"; Robins
1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal"). No old text has to be stored. Half
of the sentences are new ones in which the words of entities and half of the other words are
replaced; the others are words drawn at random. They make no sense, but show nearly all that the
network knows of words and their neighbours.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model, Ops

from ..network.embedding import vector_rows
from ..sequences import tags
from ..sequences.crf import crf_loss, marginals
from ..sequences.cross_entropy import cross_entropy
from ..sequences.gold import allowed_tags
from ..sequences.words import TagScores

# Made-up sentences of an update
N_SENTENCES = 16
# Share of them that is made from new sentences, and share of these sentences' words that stay.
NEW_SHARE = 0.5
KEPT_SHARE = 0.5
# Length of the other sentences, in words
MIN_LENGTH, MAX_LENGTH = 4, 20
EPSILON = 1e-9


class WordSource(NamedTuple):
    """Words to make sentences of, and the probability to draw each of them."""

    words: list[str]
    probabilities: NDArray[np.float64]  # n_words


def word_source(vocab: Vocab, model: Model) -> WordSource:
    """The words that the vocabulary has seen. Those with a static vector are drawn by their rank among the vectors,
    which tells how frequent they are in any text (Zipf 1935); without vectors, all are equally probable."""
    words = [word for word in vocab.strings if word.isalpha()] or list(vocab.strings)
    weights = np.ones(len(words))
    rows = vector_rows(model, words)
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


def with_rehearsal(
    examples: list[Example], labels: Sequence[str], source: WordSource, vocab: Vocab
) -> list[Example]:
    """Add made-up examples without annotation to a batch.

    RETURNS (list[Example]): No examples if the batch has no annotation.
    """
    allowed = [allowed_tags(example, labels) for example in examples]
    if all(rows.all() for rows in allowed):
        return []
    docs = [example.predicted for example in examples]
    rng = np.random.default_rng(np.random.randint(2**31))
    made_up_docs = made_up(docs, allowed, source, vocab, rng)
    return examples + [Example.from_dict(doc, {}) for doc in made_up_docs]


def can_rehearse(model: Model) -> bool:
    """Return whether a model can rehearse.

    It cannot if it shares its embedding with other pipes: the embedding learns, too, and does not
    read the made-up sentences.
    """
    return not any(isinstance(node, Tok2VecListener) for node in model.walk())


def annotation_loss(
    examples: Sequence[Example], labels: Sequence[str], scores: TagScores, ops: Ops
) -> tuple[float, TagScores]:
    """Compute the negative log-likelihood of the annotation, and its gradient.

    With transitions, it is that of the Doc's sequence of tags among the legal sequences; without,
    that of each tag by itself.

    scores (TagScores): The scores of `example.predicted` of all examples.
    RETURNS (tuple[float, TagScores]): The loss in nats per labelled word, and its gradient.
    """
    words = scores.words
    logits = ops.to_numpy(scores.scores)
    allowed = np.concatenate([allowed_tags(example, labels) for example in examples])[words.tokens]
    if scores.transitions is None:
        loss, d_logits = cross_entropy(logits, allowed)
        return loss, TagScores(words, ops.asarray(d_logits), None)
    loss, d_logits, d_transitions = crf_loss(
        logits, ops.to_numpy(scores.transitions), allowed, words.per_doc
    )
    return loss, TagScores(words, ops.asarray(d_logits), ops.asarray(d_transitions))


def rehearsal_loss(
    examples: Sequence[Example], scores: TagScores, teacher_scores: TagScores, ops: Ops
) -> tuple[float, NDArray]:
    """Compute the distance of the predictions from the teacher's, for examples without annotation.

    scores, teacher_scores (TagScores): The scores of all examples.
    RETURNS (tuple[float, NDArray]): See `drift`.
    """
    is_annotated = [example.reference.has_annotation("ENT_IOB") for example in examples]
    without_annotation = ~np.repeat(is_annotated, scores.words.per_doc)
    return drift(scores, teacher_scores, without_annotation, ops)


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
