"""The whole network: embedding → BiLSTM → LSTM → a score for each tag of each word."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..sequences.words import Segmenter, TagScores, Words, whole_docs
from . import prediction
from .embedding import vector_table
from .mixture import d_unmixed, mixed_scores, mixed_transitions
from .ngrams import NGrams, fit
from .output import imprint, output_layer, resized, untaught
from .stored import check_weights


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

    tok2vec (Model): The embedding: `spacy_bilstm_ner.WordEmbedding.v1`, or any of spaCy's, or a listener, which
        spaCy's tools look for under this name.
    encode (Model): The recurrent part: `spacy_bilstm_ner.BiLSTMEncoder.v1`, or any layer of this type.
    segment (Segmenter | None): Cuts Docs into the sequences that the recurrent part reads; None for whole Docs.
    transitions (bool): Whether steps from tag to tag are scored, too: learnt with the rest, and used when the scores
        are read as sequences of tags.
    words (bool): Whether the tag scores read the words' vectors beside what the recurrent part makes of them.
    ngrams (bool): Whether a linear tagger of words, pairs and patterns of three has a say in predictions. It is
        fitted to examples when the pipe is initialized, and the network trains without it. Needs transitions.
    nO (int | None): Number of tags; found out from the labels if None.
    RETURNS (Model[list[Doc], TagScores]): Docs, at least one → the logits of their words. In training they are the
        network's alone.
    RAISES ValueError: If ngrams are asked for without transitions.
    """
    if ngrams and not transitions:
        raise ValueError(
            "ngrams = true needs transitions = true: n-grams are fitted to sequences of tags"
        )
    return Model(
        "bilstm_tagger",
        _forward,
        init=_init,
        layers=[
            tok2vec,
            encode,
            output_layer(nO, transitions=transitions),
            *([NGrams()] if ngrams else []),
        ],
        # spaCy looks for listeners here. Our own code finds the parts by their place, which also a copy keeps.
        refs={"tok2vec": tok2vec},
        dims={"nO": nO},
        attrs={
            "segment": segment or whole_docs,
            "resize_output": _resize_output,
            "imprint": _imprint,
            # Whether it learns what to say beside the n-grams, not by itself.
            "trains_mixture": False,
            "words": words,
            # [training] dropout, on the words' vectors that the tag scores read
            "dropout_rate": 0.0,
            "word_gates": prediction.WordGates(),
            "check_weights": check_weights,
            **({"fit_ngrams": _fit_ngrams} if ngrams else {}),
        },
    )


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[TagScores, Callable]:
    output, *linear = model.layers[2:]
    words: Words = model.attrs["segment"](docs)
    transitions = output.get_param("transitions") if "transitions" in output.param_names else None
    mixes = bool(linear) and (not is_train or model.attrs["trains_mixture"])
    if mixes:
        transitions = mixed_transitions(
            transitions, model.ops.asarray2f(linear[0].attrs["weights"].transitions)
        )
    if not len(words):
        return TagScores(
            words, model.ops.alloc2f(0, output.get_dim("nO")), transitions
        ), lambda d_scores: []
    if not is_train and prediction.fits(model):
        return TagScores(
            words, prediction.predict(model, docs, words), transitions
        ), lambda d_scores: []
    read, backprop_read = _read(model, docs, words, is_train)
    scores, backprop_output = output(read, is_train)
    if mixes:
        scores = mixed_scores(
            scores, linear[0].predict((docs, words, vector_table(model.layers[0])))
        )

    def backprop(d_scores: TagScores) -> list[Doc]:
        d_logits, d_transitions = d_scores.scores, d_scores.transitions
        if mixes:
            n_old = len(linear[0].attrs["weights"].transitions)
            d_logits, d_transitions = (
                d_unmixed(d_logits, n_old),
                d_unmixed(d_transitions, n_old, n_rows=n_old),
            )
        if d_transitions is not None:
            output.inc_grad("transitions", d_transitions)
        return backprop_read(backprop_output(d_logits))

    return TagScores(words, scores, transitions), backprop


def _read(model: Model, docs: list[Doc], words: Words, is_train: bool) -> tuple[Floats2d, Callable]:
    """What the tag scores are computed from, n_words × width; at least one word."""
    tok2vec, encode = model.layers[:2]
    xp = model.ops.xp
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    flat = xp.concatenate(vectors)
    tokens = model.ops.asarray(words.tokens)
    ends = np.cumsum(words.lengths)[:-1].tolist()
    encoded, backprop_encode = encode(xp.split(flat[tokens], ends), is_train)
    read = xp.concatenate(encoded)
    if model.attrs["words"]:
        rate = model.attrs["dropout_rate"] if is_train else 0.0
        mask = model.ops.get_dropout_mask((len(tokens), flat.shape[1]), rate)
        read = xp.concatenate((flat[tokens] * mask, read), axis=1)

    def backprop(d_read: Floats2d) -> list[Doc]:
        width = d_read.shape[1] - encode.get_dim("nO")
        d_words = xp.concatenate(backprop_encode(xp.split(d_read[:, width:], ends)))
        if width:
            d_words = d_words + d_read[:, :width] * mask
        d_flat = xp.zeros_like(flat)
        d_flat[tokens] = d_words
        return backprop_tok2vec(
            xp.split(d_flat, np.cumsum([len(x) for x in vectors])[:-1].tolist())
        )

    return read, backprop


def _init(model: Model, X: list[Doc] | None = None, Y: TagScores | None = None) -> None:
    tok2vec, encode, output = model.layers[:3]
    if model.has_dim("nO"):
        output.set_dim("nO", model.get_dim("nO"))
    tok2vec.initialize(X=X)
    # Only widths matter here, and an embedding layer knows its own: no sample has to pass the network.
    encode.initialize(X=[model.ops.alloc2f(1, tok2vec.get_dim("nO"))])
    width = encode.get_dim("nO") + (tok2vec.get_dim("nO") if model.attrs["words"] else 0)
    output.initialize(X=model.ops.alloc2f(1, width))


def _fit_ngrams(model: Model, docs: list[Doc], allowed: NDArray[np.bool_]) -> None:
    """Fit the n-grams to Docs, at least one, and to the tags that their tokens may have, n_tokens × n_tags."""
    words: Words = model.attrs["segment"](docs)
    vectors = vector_table(model.layers[0])
    fit(
        model.layers[3],
        docs,
        words,
        allowed[words.tokens],
        n_tags=model.get_dim("nO"),
        vectors=vectors,
    )


def _imprint(model: Model, docs: list[Doc], get_allowed: Callable[[], NDArray[np.bool_]]) -> None:
    """Give tags that were added their first weights, where tokens have them: see `output.imprint`. What gives the
    tokens' tags is called if there are such tags."""
    output = model.layers[2]
    if not len(untaught(output)):
        return
    words: Words = model.attrs["segment"](docs)
    allowed = get_allowed()[words.tokens]
    tags_of_words = np.where(allowed.sum(axis=1) == 1, allowed.argmax(axis=1), -1)
    if np.isin(untaught(output), tags_of_words).any():
        imprint(output, _read(model, docs, words, is_train=True)[0], tags_of_words)


def _resize_output(model: Model, nO: int) -> Model:
    model.layers[2] = resized(model.layers[2], nO)
    model.set_dim("nO", nO, force=True)
    return model
