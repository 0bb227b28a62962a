"""The whole network: embedding → BiLSTM → LSTM → a score for each tag of each token."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from . import fast
from .ngrams import NGrams, fit
from .output import mixed, output_layer, resize
from ..words import Segmenter, Segments, whole_docs


def BiLSTMTagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    encode: Model[list[Floats2d], list[Floats2d]],
    *,
    segment: Segmenter | None = None,
    transitions: bool = False,
    ngrams: bool = False,
    nO: int | None = None,
) -> Model[list[Doc], Floats2d]:
    """Score every tag for every token. Registered as `spacy_bilstm_ner.BiLSTMTagger.v1`.

    tok2vec (Model[list[Doc], list[Floats2d]]): The embedding: `spacy_bilstm_ner.WordEmbedding.v1`, or any of
        spaCy's, or a listener. The name is the one where spaCy's tools look for listeners.
    encode (Model[list[Floats2d], list[Floats2d]]): The recurrent part: `spacy_bilstm_ner.BiLSTMEncoder.v1`, or
        any layer from sequences of vectors to sequences of vectors.
    segment (Optional[Segmenter]): Cuts Docs into the sequences that the recurrent part reads; None for whole Docs.
    transitions (bool): Whether steps from tag to tag are scored, too: learnt with the rest, and used by the pipe
        when it reads the scores as sequences of tags.
    ngrams (bool): Whether a linear tagger of words, pairs and patterns of three has a say in predictions. It is
        fitted to examples when the pipe is initialized, and the network trains without it. Needs transitions.
    nO (Optional[int]): Number of tags; found out from the labels if None.
    RETURNS (Model[list[Doc], Floats2d]): Logits, n_tokens × n_tags, the Docs' tokens one after the other. The
        rows of whitespace tokens are 0.
    RAISES ValueError: If ngrams are asked for without transitions.
    """
    if ngrams and not transitions:
        raise ValueError("ngrams = true needs transitions = true: n-grams are fitted to sequences of tags")
    output = output_layer(nO, transitions=transitions)
    linear = [NGrams()] if ngrams else []
    return Model(
        "bilstm_tagger",
        _forward,
        init=_init,
        layers=[tok2vec, encode, output, *linear],
        refs={"tok2vec": tok2vec, "encode": encode, "output_layer": output},
        dims={"nO": nO},
        attrs={
            "segment": segment or whole_docs,
            "resize_output": _resize_output,
            "fit_ngrams": _fit_ngrams,
            "word_gates": fast.WordGates(),
        },
    )


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[Floats2d, Callable]:
    tok2vec, encode, output, *linear = model.layers
    xp = model.ops.xp
    n_tags = output.layers[0].get_dim("nO")
    n_tokens = [len(doc) for doc in docs]
    if not sum(n_tokens):
        return model.ops.alloc2f(0, n_tags), lambda d_scores: []
    segments = model.attrs["segment"](docs)
    scores = model.ops.alloc2f(sum(n_tokens), n_tags)
    if not is_train and fast.fits(model):
        scores[segments.tokens] = fast.predict(model, docs, segments)
        return scores, lambda d_scores: []
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    sequences, backprop_split = _split(model, vectors, segments)
    encoded, backprop_encode = encode(sequences, is_train)
    words = xp.concatenate(encoded) if encoded else model.ops.alloc2f(0, encode.get_dim("nO"))
    word_scores, backprop_output = output(words, is_train)
    if linear and not is_train and len(segments.tokens):
        word_scores = mixed(word_scores, linear[0].predict((docs, segments)))
    tokens = model.ops.asarray(segments.tokens)
    scores[tokens] = word_scores

    def backprop(d_scores: Floats2d) -> list[Doc]:
        if not len(segments.tokens):
            return []
        d_words = backprop_output(d_scores[tokens])
        d_sequences = backprop_encode(xp.split(d_words, np.cumsum(segments.lengths)[:-1].tolist()))
        return backprop_tok2vec(backprop_split(d_sequences))

    return scores, backprop


def _split(model: Model, vectors: list[Floats2d], segments: Segments) -> tuple[list[Floats2d], Callable]:
    xp = model.ops.xp
    flat = xp.concatenate(vectors)
    tokens = model.ops.asarray(segments.tokens)
    ends = np.cumsum(segments.lengths)[:-1].tolist()
    sequences = xp.split(flat[tokens], ends) if len(tokens) else []

    def backprop(d_sequences: list[Floats2d]) -> list[Floats2d]:
        d_flat = xp.zeros_like(flat)
        d_flat[tokens] = xp.concatenate(d_sequences)
        return xp.split(d_flat, np.cumsum([len(x) for x in vectors])[:-1].tolist())

    return sequences, backprop


def _init(model: Model, X: list[Doc] | None = None, Y: Floats2d | None = None) -> None:
    tok2vec, encode, output = model.layers[:3]
    if model.has_dim("nO"):
        output.layers[0].set_dim("nO", model.get_dim("nO"))
    tok2vec.initialize(X=X)
    # Only widths matter here, and an embedding layer knows its own: no sample has to pass the network.
    encode.initialize(X=[model.ops.alloc2f(1, tok2vec.get_dim("nO"))])
    output.initialize(X=model.ops.alloc2f(1, encode.get_dim("nO")))


def _fit_ngrams(model: Model, docs: list[Doc], gold: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
    """Fit the n-grams, if there are any, to examples.

    model (Model): The tagger.
    docs (list[Doc]): The examples.
    gold (NDArray[int64]): n_words, the tags of their tokens that are words.
    lengths (NDArray[int64]): n_docs, the number of words of each.
    """
    fit(model.layers[3], docs, model.attrs["segment"](docs), gold, lengths, n_tags=model.get_dim("nO"))


def _resize_output(model: Model, nO: int) -> Model:
    resize(model.layers[2], nO)
    model.set_dim("nO", nO, force=True)
    return model
