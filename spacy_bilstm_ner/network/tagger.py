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
    NO_WEIGHTS,
    NGrams,
    Weights,
    d_unmixed,
    fit,
    mixed_scores,
    mixed_transitions,
)
from .output import imprint, output_layer, resized, untaught
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

    tok2vec (Model): The embedding: `spacy_bilstm_ner.WordEmbedding.v1`, an embedding of spaCy's, or
        a listener.
    encode (Model): The recurrent part: `spacy_bilstm_ner.BiLSTMEncoder.v1`, or any layer of this
        type.
    segment (Segmenter | None): Cuts Docs into the sequences that `encode` reads; None for whole
        Docs.
    transitions (bool): Also score the transitions between tags, and decode sequences of tags.
    words (bool): Compute the tag scores from the word vectors and the output of `encode`, instead
        of from the latter alone.
    ngrams (bool): Combine predictions with those of a linear tagger of words, pairs of words and
        patterns of three words. It is fitted when the pipe is initialized, and the network trains
        without it. Needs transitions.
    nO (int | None): Number of tags; None to set it at initialization.
    RETURNS (Model[list[Doc], TagScores]): At least one Doc → the logits of its words. In training
        they are those of the network alone.
    RAISES ValueError: If ngrams is true and transitions is not.
    """
    if ngrams and not transitions:
        raise ValueError(
            "ngrams = true needs transitions = true: n-grams are fitted to sequences of tags"
        )
    layers = [tok2vec, encode, output_layer(nO, transitions=transitions)]
    if ngrams:
        layers.append(NGrams())
    return Model(
        "bilstm_tagger",
        _forward,
        init=_init,
        layers=layers,
        # spaCy looks for listeners under this name.
        refs={"tok2vec": tok2vec},
        dims={"nO": nO},
        attrs={
            "segment": segment or whole_docs,
            # spaCy calls this when a label is added.
            "resize_output": _resize_output,
            "words": words,
            # [training] dropout, for the word vectors that the tag scores are computed from
            "dropout_rate": 0.0,
            "word_gates": prediction.WordCache(),
        },
    )


def has_ngrams(model: Model) -> bool:
    """Return whether a tagger has n-grams."""
    return parts(model).ngrams is not None


def fit_ngrams(
    model: Model, docs: list[Doc], allowed: NDArray[np.bool_], *, teacher: Model | None = None
) -> None:
    """Fit a tagger's n-grams to annotated Docs.

    docs (list[Doc]): At least one Doc.
    allowed (NDArray[bool]): n_tokens × n_tags, see `gold.allowed_tags`.
    teacher (Model | None): A tagger with n-grams for the first tags, which stay as they are.
    """
    layers = parts(model)
    words: Words = model.attrs["segment"](docs)
    fit(
        layers.ngrams,
        docs,
        words,
        allowed[words.tokens],
        vectors=vector_table(layers.tok2vec),
        old=NO_WEIGHTS if teacher is None else _ngram_weights(teacher),
    )


def _ngram_weights(model: Model) -> Weights:
    ngrams = parts(model).ngrams
    return NO_WEIGHTS if ngrams is None else ngrams.attrs["weights"]


def without_ngrams(model: Model) -> Model:
    """Return a tagger with the same layers except for the n-grams."""
    layers = parts(model)
    network = BiLSTMTagger(
        layers.tok2vec,
        layers.encode,
        segment=model.attrs["segment"],
        words=model.attrs["words"],
        nO=model.get_dim("nO"),
    )
    network.layers[2] = layers.output
    network.attrs["word_gates"] = model.attrs["word_gates"]
    return network


def mix_with_ngrams(
    model: Model, docs: list[Doc], scores: TagScores
) -> tuple[TagScores, Callable[[TagScores], TagScores]]:
    """Combine the scores of the network with those of the n-grams, if the tagger has n-grams.

    scores (TagScores): The scores of the network for the Docs. It may have more tags than the
        n-grams.
    RETURNS (tuple): The combined scores; a function from their gradient to that of the network's
        scores.
    """
    tok2vec, _, _, ngrams = parts(model)
    words = scores.words
    if ngrams is None or not len(words):
        return scores, lambda d_mixed: d_mixed
    ngram_scores = ngrams.predict((docs, words, vector_table(tok2vec)))
    n_tags = ngram_scores.shape[1]

    def backprop(d_mixed: TagScores) -> TagScores:
        d_transitions = d_unmixed(d_mixed.transitions, n_tags, n_rows=n_tags)
        return TagScores(words, d_unmixed(d_mixed.scores, n_tags), d_transitions)

    mixed = mixed_scores(scores.scores, ngram_scores)
    return TagScores(words, mixed, _mix_transitions(model, scores.transitions)), backprop


def n_trained_tags(model: Model) -> int:
    """Return the number of tags before the first one that was added and has no weights yet."""
    untrained = untaught(parts(model).output)
    return int(untrained[0]) if len(untrained) else model.get_dim("nO")


def has_untrained_tags(model: Model) -> bool:
    """Return whether a tagger has tags that were added and have no weights yet."""
    return len(untaught(parts(model).output)) > 0


def imprint_new_tags(model: Model, docs: list[Doc], allowed: NDArray[np.bool_]) -> None:
    """Give tags that were added their first weights, if they occur: see `output.imprint`.

    docs (list[Doc]): At least one Doc.
    allowed (NDArray[bool]): n_tokens × n_tags, see `gold.allowed_tags`.
    """
    output = parts(model).output
    words: Words = model.attrs["segment"](docs)
    allowed = allowed[words.tokens]
    is_known = allowed.sum(axis=1) == 1
    word_tags = np.where(is_known, allowed.argmax(axis=1), -1)
    if np.isin(untaught(output), word_tags).any():
        inputs, _ = _encode(model, docs, words, is_train=True)
        imprint(output, inputs, word_tags)


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[TagScores, Backprop]:
    words: Words = model.attrs["segment"](docs)
    if is_train and len(words):
        return _train(model, docs, words)
    return _predict(model, docs, words), lambda d_scores: docs


def _predict(model: Model, docs: list[Doc], words: Words) -> TagScores:
    output = parts(model).output
    if not len(words):
        return TagScores(words, model.ops.alloc2f(0, output.get_dim("nO")), _transitions(model))
    if prediction.fits(model):
        return prediction.predict(model, docs, words)
    inputs, _ = _encode(model, docs, words, is_train=False)
    scores = TagScores(words, output.predict(inputs), _transitions(model))
    mixed, _ = mix_with_ngrams(model, docs, scores)
    return mixed


def _train(model: Model, docs: list[Doc], words: Words) -> tuple[TagScores, Backprop]:
    output = parts(model).output
    inputs, backprop_encode = _encode(model, docs, words, is_train=True)
    scores, backprop_output = output(inputs, is_train=True)

    def backprop(d_scores: TagScores) -> list[Doc]:
        if d_scores.transitions is not None:
            output.inc_grad("transitions", d_scores.transitions)
        return backprop_encode(backprop_output(d_scores.scores))

    return TagScores(words, scores, _transitions(model)), backprop


def _transitions(model: Model) -> Floats2d | None:
    output = parts(model).output
    return output.get_param("transitions") if "transitions" in output.param_names else None


def _mix_transitions(model: Model, transitions: Floats2d | None) -> Floats2d | None:
    if parts(model).ngrams is None:
        return transitions
    return mixed_transitions(transitions, model.ops.asarray2f(_ngram_weights(model).transitions))


def _encode(
    model: Model, docs: list[Doc], words: Words, *, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], list[Doc]]]:
    """Compute the inputs of the output layer, n_words × width, for at least one word."""
    tok2vec, encode, _, _ = parts(model)
    xp = model.ops.xp
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    token_vectors = xp.concatenate(vectors)
    tokens = model.ops.asarray(words.tokens)
    word_vectors = token_vectors[tokens]
    sequence_ends = np.cumsum(words.lengths)[:-1].tolist()
    encoded, backprop_encode = encode(xp.split(word_vectors, sequence_ends), is_train)
    inputs = xp.concatenate(encoded)
    if model.attrs["words"]:
        rate = model.attrs["dropout_rate"] if is_train else 0.0
        mask = model.ops.get_dropout_mask(word_vectors.shape, rate)
        inputs = xp.concatenate((word_vectors * mask, inputs), axis=1)

    def backprop(d_inputs: Floats2d) -> list[Doc]:
        word_width = d_inputs.shape[1] - encode.get_dim("nO")
        d_encoded = xp.split(d_inputs[:, word_width:], sequence_ends)
        d_word_vectors = xp.concatenate(backprop_encode(d_encoded))
        if word_width:
            d_word_vectors = d_word_vectors + d_inputs[:, :word_width] * mask
        d_token_vectors = xp.zeros_like(token_vectors)
        d_token_vectors[tokens] = d_word_vectors
        doc_ends = np.cumsum([len(doc_vectors) for doc_vectors in vectors])[:-1].tolist()
        return backprop_tok2vec(xp.split(d_token_vectors, doc_ends))

    return inputs, backprop


def _init(model: Model, X: list[Doc] | None = None, Y: TagScores | None = None) -> None:
    tok2vec, encode, output, _ = parts(model)
    if model.has_dim("nO"):
        output.set_dim("nO", model.get_dim("nO"))
    tok2vec.initialize(X=X)
    # The embedding knows its width, and the other layers only need widths.
    encode.initialize(X=[model.ops.alloc2f(1, tok2vec.get_dim("nO"))])
    width = encode.get_dim("nO")
    if model.attrs["words"]:
        width += tok2vec.get_dim("nO")
    output.initialize(X=model.ops.alloc2f(1, width))


def _resize_output(model: Model, nO: int) -> Model:
    output = parts(model).output
    model.layers[model.layers.index(output)] = resized(output, nO)
    model.set_dim("nO", nO, force=True)
    return model
