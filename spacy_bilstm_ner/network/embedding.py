"""Words → vectors, from each word's form and parts of it."""

from collections.abc import Callable, Sequence

import numpy as np
from spacy.attrs import ORTH
from spacy.strings import hash_string
from spacy.tokens import Doc
from thinc.api import HashEmbed, Model, concatenate
from thinc.initializers import configure_uniform_init
from thinc.types import ArrayXd, Floats2d, Ints2d

from ..ranges import check_range
from .characters import Characters, character_ids
from .features import FEATURES, plain
from .vectors import NO_VECTORS, StaticVectors, VectorTable, read_vectors

# Features that say which word it is; a static vector is found by them.
WORD_FEATURES = ("form", "lower")
# What stands in place of a feature that is hidden.
HIDDEN = hash_string("<hidden>")
# A vector is the sum of four rows: with this range its values start with a standard deviation of 0.3.
INITIAL_RANGE = 0.26
# Distinct words whose feature ids are kept. They depend on no weight, so they never go stale.
MAX_KNOWN_WORDS = 50_000


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
    """Embed each token by its word form and sub-word features, concatenated. Registered as
    `spacy_bilstm_ner.WordEmbedding.v1`; fits wherever spaCy takes an embedding layer.

    Each feature has a table of its own, whose rows are found by hashing (Svenstrup et al. 2017, "Hash Embeddings
    for Efficient Word Representations"): a value's vector is the sum of four rows, so that two values share one
    vector only if all four collide. No corpus is scanned, and a word never seen has a vector, too.

    features (Sequence[str]): Names from `spacy_bilstm_ner.network.features.FEATURES`.
    widths, rows (Sequence[int]): Width of each feature's vectors, and rows of its table.
    feature_dropout (float): Share of the features that are hidden while training, each by itself, so that the model
        learns to do without what it will not know. In [0, 1); [training] dropout does not change it.
    full_dropout_words (int): In a corpus of more words than this, fewer features are hidden, in inverse proportion: the
        more words, the less is learnt by heart. 0 for the same share in any corpus.
    min_words (int): In a corpus of fewer words than this, "form" and "lower" are hidden altogether: what is learnt
        there about single words does not hold for others.
    character_width (int): Width of vectors that are computed from the word's characters, 0 for none.
    vector_width (int): Width of static word vectors, 0 for none: reduced to this width if they are wider, frozen, and
        stored in the model. A model that is initialized without a source of vectors (see `BiLSTMNER.initialize`) has
        none of these columns.
    max_vectors (int): How many different vectors are kept, the first ones of the source; 0 for all. 120,000 of width
        100 make a stored model ten megabytes larger.
    RETURNS (Model[list[Doc], list[Floats2d]]): Per Doc, n_tokens × (sum(widths) + character_width + vector_width).
    RAISES ValueError: If a feature is unknown, or the lists' lengths differ, or feature_dropout is out of range, or
        another number is too small.
    """
    unknown = [name for name in features if name not in FEATURES]
    if unknown or not features:
        raise ValueError(
            f"features must be of {', '.join(FEATURES)}, but got {', '.join(unknown) or 'none'}"
        )
    n, n_widths, n_rows = map(len, (features, widths, rows))
    if not n == n_widths == n_rows:
        raise ValueError(
            f"features, widths and rows must be equally long, but have {n}, {n_widths} and {n_rows} items"
        )
    check_range("feature_dropout", feature_dropout, 0, 1)
    for size in (*widths, *rows):
        check_range("each of widths and rows", size, 1)
    for name, number in (
        ("full_dropout_words", full_dropout_words),
        ("min_words", min_words),
        ("character_width", character_width),
        ("vector_width", vector_width),
        ("max_vectors", max_vectors),
    ):
        check_range(name, number, 0)
    initializer = configure_uniform_init(lo=-INITIAL_RANGE, hi=INITIAL_RANGE)
    layers = [
        HashEmbed(widths[i], rows[i], column=i, seed=i + 1, initializer=initializer)
        for i in range(n)
    ]
    # Behind the features' ids stand those that the vectors are found by, where dropout does not reach, and then
    # the characters.
    keys = [*features, *WORD_FEATURES]
    if character_width:
        layers.append(Characters(character_width, column=len(keys)))
    if vector_width:
        layers.append(StaticVectors(vector_width, column=len(features), max_rows=max_vectors))
    return Model(
        "word_embedding",
        _forward,
        init=_init,
        layers=[concatenate(*layers)],
        dims={"nO": None},
        attrs={
            "features": list(features),
            "feature_dropout": feature_dropout,
            "hides_words": False,
            # See `fit_to_size`.
            "configured_dropout": feature_dropout,
            "full_dropout_words": full_dropout_words,
            "min_words": min_words,
            "ids": FeatureIds(keys, character_width > 0),
        },
    )


def embed_words(model: Model, ids: Ints2d) -> Floats2d:
    """Vectors of words, outside training: from what the model's `FeatureIds` give, n_words × n_features, with at least
    one word, n_words × width."""
    return model.layers[0].predict(model.ops.asarray(_without_words(model, ids)))


def set_vectors(model: Model, source: str | None) -> None:
    """Give the word embedding of a model its static vectors, before the model is initialized.

    source (str | None): An installed pipeline package with word vectors, or the folder of one; None
        for no vectors.
    RAISES ValueError: If the model has no word embedding with columns for vectors, or the source
        has no vectors.
    """
    takers = [node for node in model.walk() if node.name == "static_vectors"]
    if source is not None and not takers:
        raise ValueError(
            f"vectors are given ({source}), but the model takes none: use "
            "spacy_bilstm_ner.WordEmbedding.v1 with a vector_width, 100, say, as its tok2vec, or "
            "set vectors = null"
        )
    for taker in takers:
        taker.attrs["table"] = NO_VECTORS
        if source is not None:
            width, max_rows = taker.attrs["width"], taker.attrs["max_rows"]
            taker.attrs["table"] = read_vectors(source, width, max_rows=max_rows)


def fit_to_size(model: Model, n_words: int) -> None:
    """Fit the feature dropout of a model's word embedding to the size of the corpus.

    For `full_dropout_words` and `min_words`, see `WordEmbedding`.

    n_words (int): Words of the corpus, at least one.
    """
    for node in model.walk():
        if node.name == "word_embedding":
            full_dropout_words = node.attrs["full_dropout_words"]
            share = min(1.0, full_dropout_words / n_words) if full_dropout_words else 1.0
            node.attrs["feature_dropout"] = node.attrs["configured_dropout"] * share
            node.attrs["hides_words"] = n_words < node.attrs["min_words"]


def vector_table(model: Model) -> VectorTable:
    """The static vectors of an embedding layer: of any one, and NO_VECTORS if it is not ours."""
    layer = _columns(model)[-1] if model.name == "word_embedding" else model
    return layer.attrs["table"] if layer.name == "static_vectors" else NO_VECTORS


def sources(model: Model) -> list[ArrayXd]:
    """All that words' vectors depend on, besides the words."""
    found: list[ArrayXd] = []
    # Not by `walk`: predictions ask for this at each call.
    for layer in _columns(model):
        owner = layer.layers[-1] if layer.layers else layer
        found += [owner.get_param(name) for name in owner.param_names]
        if layer.name == "static_vectors":
            table = layer.attrs["table"]
            found += [table.keys, table.rows, table.values, table.scale]
    return found


def _columns(model: Model) -> list[Model]:
    """The layers whose vectors are concatenated, those of features in their order."""
    whole = model.layers[0]
    # thinc concatenates nothing where there is one alone.
    return [whole] if whole.layers[-1].name == "hashembed" else whole.layers


class FeatureIds:
    """The ids of words' features, and of their characters behind them if these are asked for: computed once per word.
    Starts empty when it is copied or pickled."""

    def __init__(self, features: Sequence[str], characters: bool = False) -> None:
        self._features = list(features)
        self._characters = characters
        self._known: dict[int, list[int]] = {}

    def __reduce__(self) -> tuple:
        return FeatureIds, (self._features, self._characters)

    def __call__(self, docs: Sequence[Doc], words: Sequence[int], *, keep: bool = True) -> Ints2d:
        """Ids of the features of words, n_words × n_features, uint64, by the hashes of their text, at least one, which
        the Docs' vocabularies know. They are kept if `keep`."""
        if len(self._known) > MAX_KNOWN_WORDS:
            self._known = {}
        known = self._known
        ids = [known.get(word) or self._compute(docs, word) for word in words]
        if keep:
            known.update(zip(words, ids, strict=True))
        return np.array(ids, dtype="uint64")

    def columns(self, features: Sequence[str]) -> list[int] | None:
        """Where the ids of some features stand; None if there are none for one of them."""
        if not set(features) <= set(self._features):
            return None
        return [self._features.index(name) for name in features]

    def _compute(self, docs: Sequence[Doc], word: int) -> list[int]:
        # Docs of several vocabularies may be in one batch.
        text = plain(next(doc.vocab.strings[word] for doc in docs if word in doc.vocab.strings))
        ids = [hash_string(FEATURES[name](text)) for name in self._features]
        return ids + character_ids(text) if self._characters else ids


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    ops = model.ops
    ends = np.cumsum([len(doc) for doc in docs])
    if not ends[-1]:
        return [ops.alloc2f(0, model.get_dim("nO")) for _ in docs], lambda d_vectors: docs
    orths = np.concatenate([doc.to_array(ORTH) for doc in docs])
    words, word_of_token = np.unique(orths, return_inverse=True)
    ids = model.attrs["ids"](docs, words.tolist())
    if not is_train:
        return ops.xp.split(
            embed_words(model, ids)[word_of_token], ends[:-1].tolist()
        ), lambda d_vectors: docs
    # Each token's features may be hidden or not by themselves, so equal words are kept apart.
    ids = _without_words(model, ids)[word_of_token]
    features = ids[:, : len(model.attrs["features"])]
    features[np.random.random(features.shape) < model.attrs["feature_dropout"]] = HIDDEN
    flat, backprop_flat = model.layers[0](ops.asarray(ids), is_train)

    def backprop(d_vectors: list[Floats2d]) -> list[Doc]:
        backprop_flat(ops.xp.concatenate(d_vectors))
        return docs

    return ops.xp.split(flat, ends[:-1].tolist()), backprop


def _without_words(model: Model, ids: Ints2d) -> Ints2d:
    """The ids, with words' own hidden if the model has learnt without them."""
    if model.attrs["hides_words"]:
        ids = ids.copy()
        ids[:, [i for i, name in enumerate(model.attrs["features"]) if name in WORD_FEATURES]] = (
            HIDDEN
        )
    return ids


def _init(model: Model, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    # Every width is in the config, or in the vectors: no sample is needed.
    model.layers[0].initialize()
    for name, column in zip(model.attrs["features"], _columns(model), strict=False):
        if model.attrs["hides_words"] and name in WORD_FEATURES:
            # One row is enough for what is always hidden.
            table = column.layers[-1]
            table.set_param("E", table.get_param("E")[:1].copy())
    model.set_dim("nO", sum(layer.get_dim("nO") for layer in _columns(model)), force=True)
