"""Embed words by features of their form, by their characters, and by static vectors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.strings import hash_string
from spacy.tokens import Doc
from thinc.api import HashEmbed, Model
from thinc.initializers import configure_uniform_init
from thinc.types import Floats2d

from ..ranges import check_range
from . import characters
from .features import FEATURES, Ids, feature_ids, look_up_words
from .vectors import NO_VECTORS, Rows, StaticVectors, VectorTable, read_vectors

# Features that identify a word
WORD_FEATURES = ("form", "lower")
# The id that replaces a hidden feature
HIDDEN = hash_string("<hidden>")
# Range of the initial rows. A vector is the sum of four rows, so its standard deviation is 0.3.
INITIAL_RANGE = 0.26


def WordEmbedding(
    features: Sequence[str],
    *,
    widths: Sequence[int],
    rows: Sequence[int],
    feature_dropout: float = 0.0,
    full_dropout_words: int = 0,
    min_words: int = 0,
    character_width: int = 0,
    vector_width: int = 0,
    max_vectors: int = 120_000,
) -> Model[list[Doc], list[Floats2d]]:
    """Embed each token by its word form and sub-word features.

    Registered as `spacy_bilstm_ner.WordEmbedding.v1`. It can be used wherever spaCy takes an
    embedding layer. In pipes other than `bilstm_ner`, it has no static vectors, and
    `full_dropout_words` and `min_words` have no effect. The vectors of the features are
    concatenated.

    Each feature has its own table, whose rows are found by hashing (Svenstrup et al. 2017, "Hash
    Embeddings for Efficient Word Representations"). The vector of a value is the sum of four rows,
    so two values share a vector only if all four collide. No vocabulary is built from the corpus,
    and an unseen word has a vector as well.

    features (Sequence[str]): Names from `spacy_bilstm_ner.network.features.FEATURES`.
    widths, rows (Sequence[int]): For each feature, the width of its vectors and the number of rows
        of its table.
    feature_dropout (float): Dropout rate of whole features during training, in [0, 1]. [training]
        dropout does not change it.
    full_dropout_words (int): Above this number of words, the rate decreases in inverse proportion
        to the number of words in the corpus. 0 for the same rate in any corpus.
    min_words (int): In a corpus of fewer words, the features "form" and "lower" are always hidden.
    character_width (int): Width of vectors computed from a word's characters, 0 for none.
    vector_width (int): Width of static word vectors, 0 for none. Wider vectors are reduced to this
        width. They are not trained, and they are stored in the model. A model that is initialized
        without vectors (see `BiLSTMNER.initialize`) has no such columns.
    max_vectors (int): Maximum number of different vectors, the first ones of the source; 0 for all.
        120,000 vectors of width 100 make a stored model ten megabytes larger.
    RETURNS (Model[list[Doc], list[Floats2d]]): Per Doc, n_tokens × (sum(widths) + character_width +
        vector_width).
    RAISES ValueError: If a feature is unknown, the lists differ in length, or a number is out of
        range.
    """
    for name in features:
        if name not in FEATURES:
            raise ValueError(f"features must be among {', '.join(FEATURES)}, but got {name}")
    if not len(features) == len(widths) == len(rows):
        raise ValueError("features, widths and rows must be equally long")
    check_range("feature_dropout", feature_dropout, 0, 1)
    for size in (*widths, *rows):
        check_range("each of widths and rows", size, 1)
    for size in (character_width, vector_width, max_vectors):
        check_range("each of character_width, vector_width and max_vectors", size, 0)
    initializer = configure_uniform_init(lo=-INITIAL_RANGE, hi=INITIAL_RANGE)
    layers = []
    for seed, (width, n_rows) in enumerate(zip(widths, rows, strict=True), 1):
        layers.append(HashEmbed(width, n_rows, seed=seed, initializer=initializer))
    if character_width:
        layers.append(characters.Characters(character_width))
    if vector_width:
        layers.append(StaticVectors(vector_width, max_rows=max_vectors))
    return Model(
        "word_embedding",
        _forward,
        init=_init,
        layers=layers,
        dims={"nO": None},
        attrs={
            "features": list(features),
            "feature_dropout": feature_dropout,
            "hides_words": False,
            # See `fit_to_size`.
            "configured_dropout": feature_dropout,
            "full_dropout_words": full_dropout_words,
            "min_words": min_words,
        },
    )


def set_vectors(model: Model, source: str | None) -> None:
    """Give the word embedding of a model its static vectors, before the model is initialized.

    source (str | None): An installed pipeline package, or the folder of a pipeline. None for no
        vectors; a trained model then keeps those that it has.
    RAISES ValueError: If the model has no word embedding with columns for vectors, or the source
        has no vectors.
    """
    layers = [node for node in model.walk() if node.name == "static_vectors"]
    if source is not None and not layers:
        raise ValueError(
            f"vectors are given ({source}), but the model takes none: use "
            "spacy_bilstm_ner.WordEmbedding.v1 with a vector_width (such as 100) as tok2vec, or "
            "set vectors = null"
        )
    for layer in layers:
        if source is not None:
            width, max_rows = layer.attrs["width"], layer.attrs["max_rows"]
            layer.attrs["table"] = read_vectors(source, width, max_rows=max_rows)


def fit_to_size(model: Model, n_words: int) -> None:
    """Fit a model's word embedding to the size of the corpus.

    For `full_dropout_words` and `min_words`, see `WordEmbedding`. `min_words` only has an effect on
    a model that is initialized afterwards.

    n_words (int): Number of words in the corpus.
    """
    for node in model.walk():
        if node.name == "word_embedding":
            attrs = node.attrs
            attrs["feature_dropout"] = attrs["configured_dropout"]
            if 0 < attrs["full_dropout_words"] < n_words:
                attrs["feature_dropout"] *= attrs["full_dropout_words"] / n_words
            attrs["hides_words"] = n_words < attrs["min_words"]


def vector_table(model: Model) -> VectorTable:
    """Return the static vectors of a model, or of a part of it; NO_VECTORS if it has none."""
    for node in model.walk():
        if node.name == "static_vectors":
            return node.attrs["table"]
    return NO_VECTORS


def prepared(model: Model) -> Callable[[Sequence[str], Ids, Rows], Floats2d]:
    """Return the embedding as a function for prediction.

    Its arguments are words, their `feature_ids`, and their rows in the table of static vectors. It
    returns the vectors, n_words × width.
    """
    functions: list[Callable] = []
    for layer in model.layers:
        if layer.name == "characters":
            functions.append(characters.prepared(layer))
        else:
            functions.append(layer.predict)

    def embed(words: Sequence[str], ids: Ids, vector_rows: Rows) -> Floats2d:
        inputs = _layer_inputs(model, words, ids, vector_rows)
        columns = [function(x) for function, x in zip(functions, inputs, strict=True)]
        return np.concatenate(columns, axis=1)

    return embed


def _layer_inputs(model: Model, words: Sequence[str], ids: Ids, vector_rows: Rows) -> list[Any]:
    """Return the input of each layer for words."""
    names = list(FEATURES)
    inputs: list[Any] = []
    for name in model.attrs["features"]:
        inputs.append(ids[:, names.index(name)])
    for layer in model.layers[len(inputs) :]:
        if layer.name == "characters":
            inputs.append(words)
        else:
            inputs.append(vector_rows)
    return inputs


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    ops = model.ops
    ends = np.cumsum([len(doc) for doc in docs])
    orths = np.concatenate([doc.to_array(ORTH) for doc in docs])
    hashes, word_of_token = np.unique(orths, return_inverse=True)
    words = look_up_words(docs, hashes.tolist())
    # The last row of `ids` replaces hidden features. Features are hidden per token, so tokens of
    # the same word may differ.
    hidden_word = np.full((1, len(FEATURES)), HIDDEN)
    ids = np.concatenate((feature_ids(words), hidden_word))
    vector_rows = vector_table(model).find(ids)
    inputs = _layer_inputs(model, [*words, ""], ids, vector_rows)
    word_by_layer = np.repeat(word_of_token[None], len(inputs), axis=0)
    if is_train:
        n_features = len(model.attrs["features"])
        is_hidden = np.random.random((len(orths), n_features)) < model.attrs["feature_dropout"]
        word_by_layer[:n_features][is_hidden.T] = len(words)
    columns = []
    backprops = []
    for layer, layer_inputs, layer_words in zip(model.layers, inputs, word_by_layer, strict=True):
        column, backprop_layer = _apply_to_words(layer, layer_inputs, layer_words, is_train)
        columns.append(column)
        backprops.append(backprop_layer)
    column_ends = np.cumsum([column.shape[1] for column in columns])

    def backprop(d_vectors: list[Floats2d]) -> list[Doc]:
        d_flat = ops.xp.concatenate(d_vectors)
        d_columns = ops.xp.split(d_flat, column_ends[:-1].tolist(), axis=1)
        for d_column, backprop_layer in zip(d_columns, backprops, strict=True):
            backprop_layer(ops.as_contig(d_column))
        return docs

    vectors = ops.xp.concatenate(columns, axis=1)
    return ops.xp.split(vectors, ends[:-1].tolist()), backprop


def _apply_to_words(
    layer: Model, word_inputs: Any, word_of_token: NDArray[np.int64], is_train: bool
) -> tuple[Floats2d, Callable]:
    """Apply a layer to distinct words, and return the output of each token's word."""
    vectors, backprop_vectors = layer(word_inputs, is_train)
    token_rows = layer.ops.asarray1i(word_of_token)

    def backprop(d_tokens: Floats2d) -> Any:
        d_vectors = layer.ops.alloc2f(*vectors.shape)
        layer.ops.scatter_add(d_vectors, token_rows, d_tokens)
        return backprop_vectors(d_vectors)

    return vectors[token_rows], backprop


def _init(model: Model, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    # All widths are known from the config and the vectors, so no sample is needed.
    for layer in model.layers:
        layer.initialize()
    if model.attrs["hides_words"]:
        for feature, layer in zip(model.attrs["features"], model.layers, strict=False):
            if feature in WORD_FEATURES:
                # One row is enough for a feature that is always hidden.
                layer.set_param("E", layer.get_param("E")[:1].copy())
    width = sum(layer.get_dim("nO") for layer in model.layers)
    model.set_dim("nO", width, force=True)
