"""The network: embedding → BiLSTM → LSTM → a score for each tag of each word."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..sequences.words import Segmenter, TagScores, Words, whole_docs
from . import prediction
from .embedding import vector_table
from .ngrams import (
    NGRAMS_SHARE,
    NO_WEIGHTS,
    Weights,
    fit,
    mixed_scores,
    mixed_transitions,
    score_docs,
)
from .output import imprint, output_layer, resized, untrained_tags
from .parts import parts

Backprop = Callable[[TagScores], list[Doc]]


def BiLSTMTagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    encode: Model[list[Floats2d], list[Floats2d]],
    *,
    segment: Segmenter | None = None,
    transitions: bool = False,
    words: bool = False,
    ngrams: bool = False,
    nO: int | None = None,
) -> Model[list[Doc], TagScores]:
    """Score every tag for every word. Registered as `spacy_bilstm_ner.BiLSTMTagger.v1`.

    tok2vec (Model): The embedding: `spacy_bilstm_ner.WordEmbedding.v1`, an embedding of spaCy, or a
        listener.
    encode (Model): The recurrent part: `spacy_bilstm_ner.BiLSTMEncoder.v1`, or any layer of this
        type.
    segment (Segmenter | None): Cuts Docs into the sequences that `encode` reads; None for whole
        Docs.
    transitions (bool): Also score the transitions between tags, and train on whole sequences of
        tags. Otherwise, the loss of each word is computed independently. In both cases, only legal
        sequences are decoded.
    words (bool): Compute the tag scores from the word vectors in addition to the output of
        `encode`.
    ngrams (bool): Combine predictions with those of a linear tagger of words, pairs of words and
        patterns of three words. It is fitted when the pipe is initialized, and the network is
        trained without it. For continued training, see `learning.loss_with_rehearsal`. Needs
        transitions.
    nO (int | None): Number of tags; None to set it at initialization.
    RETURNS (Model[list[Doc], TagScores]): A layer from Docs (at least one) to the logits of their
        words. In training, n-grams are not used.
    RAISES ValueError: If ngrams is true and transitions is not.
    """
    if ngrams and not transitions:
        raise ValueError(
            "ngrams = true needs transitions = true: n-grams are fitted to sequences of tags"
        )
    output = output_layer(nO, transitions=transitions)
    attrs = {
        "segment": segment or whole_docs,
        # spaCy calls this when a label is added.
        "resize_output": _resize_output,
        "words": words,
        "ngrams": NO_WEIGHTS if ngrams else None,
        # Set by spaCy to [training] dropout: dropout of the word vectors for the tag scores
        "dropout_rate": 0.0,
        "word_cache": prediction.WordCache(),
    }
    return Model(
        "bilstm_tagger",
        _forward,
        init=_init,
        layers=[tok2vec, encode, output],
        # `spacy debug model` looks for a listener under this name.
        refs={"tok2vec": tok2vec},
        dims={"nO": nO},
        attrs=attrs,
    )


def has_ngrams(model: Model) -> bool:
    """Return whether a tagger has n-grams."""
    return model.attrs["ngrams"] is not None


def fit_ngrams(
    model: Model, docs: list[Doc], allowed: NDArray[np.bool_], *, teacher: Model | None = None
) -> None:
    """Fit a tagger's n-grams to annotated Docs.

    docs (list[Doc]): At least one Doc.
    allowed (NDArray[bool]): n_tokens × n_tags, see `gold.allowed_tags`.
    teacher (Model | None): An earlier tagger. The weights of its n-grams are kept for its tags.
    """
    words: Words = model.attrs["segment"](docs)
    old = NO_WEIGHTS
    if teacher is not None:
        old = teacher.attrs["ngrams"]
    vectors = vector_table(model)
    model.attrs["ngrams"] = fit(docs, words, allowed[words.tokens], vectors=vectors, old=old)


def without_ngrams(model: Model) -> Model:
    """Return a tagger with the same layers and without n-grams."""
    dims = {"nO": model.get_dim("nO")}
    attrs = {**model.attrs, "ngrams": None}
    return Model(model.name, _forward, layers=model.layers, dims=dims, attrs=attrs)


def mix_with_ngrams(
    model: Model, docs: list[Doc], scores: TagScores
) -> tuple[TagScores, Callable[[TagScores], TagScores]]:
    """Combine the scores of the network with those of the n-grams, if the tagger has n-grams.

    scores (TagScores): The scores of the network, for at least one word. The network may have more
        tags than the n-grams.
    RETURNS (tuple): The combined scores, and the backward pass: a function from their gradient to
        that of the network's scores.
    """
    weights: Weights | None = model.attrs["ngrams"]
    if weights is None:
        return scores, lambda d_mixed: d_mixed
    ops = model.ops
    words = scores.words
    ngram_scores = score_docs(weights, docs, words, vector_table(model))
    mixed = mixed_scores(scores.scores, ops.asarray2f(ngram_scores))
    transitions = mixed_transitions(scores.transitions, ops.asarray2f(weights.transitions))
    n_old = len(weights.transitions)

    def backprop(d_mixed: TagScores) -> TagScores:
        # The shift of added tags, which depends on old tags, is treated as a constant.
        d_scores = ops.xp.array(d_mixed.scores)
        d_scores[:, :n_old] *= 1 - NGRAMS_SHARE
        d_transitions = ops.xp.array(d_mixed.transitions)
        d_transitions[:n_old, :n_old] *= 1 - NGRAMS_SHARE
        return TagScores(words, d_scores, d_transitions)

    return TagScores(words, mixed, transitions), backprop


def forget_words(model: Model) -> None:
    """Empty the cache of words. This is necessary after weights were changed in place."""
    model.attrs["word_cache"].clear()


def n_trained_tags(model: Model) -> int:
    """Return the number of tags before the first tag that has no weights yet."""
    untrained = untrained_tags(parts(model).output)
    return int(untrained[0]) if len(untrained) else model.get_dim("nO")


def imprint_new_tags(model: Model, docs: list[Doc], allowed: NDArray[np.bool_]) -> None:
    """Compute the initial weights of added tags that occur in Docs, see `output.imprint`.

    docs (list[Doc]): At least one Doc.
    allowed (NDArray[bool]): n_tokens × n_tags, see `gold.allowed_tags`.
    """
    output = parts(model).output
    words: Words = model.attrs["segment"](docs)
    allowed = allowed[words.tokens]
    is_known = allowed.sum(axis=1) == 1
    word_tags = np.where(is_known, allowed.argmax(axis=1), -1)
    if np.isin(untrained_tags(output), word_tags).any():
        inputs, _ = _encode(model, docs, words, is_train=True)
        imprint(output, inputs, word_tags)
        forget_words(model)


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[TagScores, Backprop]:
    output = parts(model).output
    transitions = output.maybe_get_param("transitions")
    words: Words = model.attrs["segment"](docs)
    if not len(words):
        no_scores = model.ops.alloc2f(0, output.get_dim("nO"))
        return TagScores(words, no_scores, transitions), lambda d_scores: docs
    if not is_train and prediction.supports(model):
        return prediction.predict(model, docs, words), lambda d_scores: docs
    inputs, backprop_encode = _encode(model, docs, words, is_train=is_train)
    logits, backprop_output = output(inputs, is_train)
    scores = TagScores(words, logits, transitions)
    if not is_train:
        scores, _ = mix_with_ngrams(model, docs, scores)

    def backprop(d_scores: TagScores) -> list[Doc]:
        if transitions is not None:
            output.inc_grad("transitions", d_scores.transitions)
        d_inputs = backprop_output(d_scores.scores)
        return backprop_encode(d_inputs)

    return scores, backprop


def _encode(
    model: Model, docs: list[Doc], words: Words, *, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], list[Doc]]]:
    """Compute the inputs of the output layer, n_words × width, for at least one word."""
    tok2vec, encode, _ = parts(model)
    ops = model.ops
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    token_vectors = ops.flatten(vectors)
    tokens = ops.asarray(words.tokens)
    word_vectors = token_vectors[tokens]
    sequences = ops.unflatten(word_vectors, words.lengths)
    encoded, backprop_encode = encode(sequences, is_train)
    inputs = ops.flatten(encoded)
    word_width = 0
    if model.attrs["words"]:
        word_width = word_vectors.shape[1]
        rate = model.attrs["dropout_rate"] if is_train else 0.0
        mask = ops.get_dropout_mask(word_vectors.shape, rate)
        inputs = ops.xp.concatenate((word_vectors * mask, inputs), axis=1)

    def backprop(d_inputs: Floats2d) -> list[Doc]:
        d_encoded = ops.unflatten(d_inputs[:, word_width:], words.lengths)
        d_word_vectors = ops.flatten(backprop_encode(d_encoded))
        if word_width:
            d_word_vectors = d_word_vectors + d_inputs[:, :word_width] * mask
        d_token_vectors = ops.xp.zeros_like(token_vectors)
        d_token_vectors[tokens] = d_word_vectors
        n_tokens = np.array([len(doc) for doc in docs])
        return backprop_tok2vec(ops.unflatten(d_token_vectors, n_tokens))

    return inputs, backprop


def _init(model: Model, X: list[Doc] | None = None, Y: TagScores | None = None) -> None:
    tok2vec, encode, output = parts(model)
    if model.has_dim("nO"):
        output.set_dim("nO", model.get_dim("nO"))
    tok2vec.initialize(X=X)
    # The embedding knows its width, and the other layers only need widths.
    word_width = tok2vec.get_dim("nO")
    encode.initialize(X=[model.ops.alloc2f(1, word_width)])
    input_width = encode.get_dim("nO")
    if model.attrs["words"]:
        input_width += word_width
    output.initialize(X=model.ops.alloc2f(1, input_width))


def _resize_output(model: Model, nO: int) -> Model:
    output = parts(model).output
    model.layers[model.layers.index(output)] = resized(output, nO)
    model.set_dim("nO", nO, force=True)
    return model
