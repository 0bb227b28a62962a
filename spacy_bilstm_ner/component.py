"""The trainable pipe `bilstm_ner`: Docs in, entities with confidences out. Knows no torch."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, IS_SPACE
from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate
from thinc.types import Floats2d

from .chain import crf
from .chain import tags
from .calibration import calibrated
from .confidence import get_confidence, set_confidences
from .chain.decoding import NO_SPANS, Spans, choose, decode
from .chain.gold import gold_columns
from .network.output import ngrams_layer, predicted_transitions, transitions_layer

DEFAULT_MODEL = Config().from_str(
    """
    [model]
    @architectures = "spacy_bilstm_ner.BiLSTMTagger.v1"
    transitions = true

    [model.tok2vec]
    @architectures = "spacy_bilstm_ner.WordEmbedding.v1"
    features = ["form", "lower", "prefix3", "suffix2", "suffix3", "shape"]
    widths = [64, 64, 33, 33, 33, 33]
    rows = [15000, 8000, 6000, 1500, 5000, 1500]
    word_dropout = 0.2
    vector_width = 0

    [model.encode]
    @architectures = "spacy_bilstm_ner.BiLSTMEncoder.v1"
    hidden_width = 48
    width = 48
    input_dropout = null
    hidden_dropout = null
    dropout = 0.2

    [model.segment]
    @misc = "spacy_bilstm_ner.sentence_segments.v1"
    max_length = 128
    """
)["model"]

# How many documents `initialize` shows the model; it needs their form, not their words.
SAMPLE_SIZE = 10

# What is more probable than not is an entity, where nothing better is known.
EVEN = 0.5

if not Span.has_extension("confidence"):
    Span.set_extension("confidence", getter=get_confidence)


@Language.factory(
    "bilstm_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "span._.confidence"],
    default_config={
        "model": DEFAULT_MODEL,
        "threshold": 0.0,
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_bilstm_ner(nlp: Language, name: str, model: Model, threshold: float, scorer: Callable | None) -> "BiLSTMNER":
    """Construct the pipe from its config.

    nlp (Language): The pipeline.
    name (str): The pipe's name in it.
    model (Model[list[Doc], Floats2d]): See `BiLSTMTagger`.
    threshold (float): See `BiLSTMNER`.
    scorer (Optional[Callable]): The scoring method.
    RETURNS (BiLSTMNER): The pipe.
    """
    return BiLSTMNER(nlp.vocab, model, name, threshold=threshold, scorer=scorer)


@dataclass(frozen=True)
class Predictions:
    """What `predict` finds: spans that may be entities, and the tokens that they are counted in.

    spans (Spans): The spans with their confidences, in rows of `words`.
    words (NDArray[int64]): n_words, the tokens that are not white space, counted through all Docs.
    """

    spans: Spans
    words: NDArray[np.int64]


class BiLSTMNER(TrainablePipe):
    """Named-entity recogniser that scores BIO tags with a recurrent network and decodes legal entities.

    Entities that are set before it runs are kept, as are blocked tokens. Each entity that it predicts has a
    `span._.confidence`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Floats2d],
        name: str = "ner",
        *,
        threshold: float = 0.0,
        scorer: Callable | None = None,
    ) -> None:
        """Initialize the recogniser.

        vocab (Vocab): The shared vocabulary.
        model (Model[list[Doc], Floats2d]): Gives logits, n_tokens × n_tags, tags as in `tags.tag_names`.
        name (str): The pipe's name, used for its losses.
        threshold (float): Entities with a lower confidence are not written, nor are those below their label's
            own in `cfg["thresholds"]`, or 0.5. Both are read at each call, so that they can be set at any time.
        scorer (Optional[Callable]): The scoring method.
        RAISES ValueError: If the threshold is not between 0 and 1.
        """
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(f"threshold must be between 0 and 1, but is {threshold}")
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        # "configured_threshold" tells a threshold set at run time from one in the config when cfg is loaded.
        self.cfg: dict[str, Any] = {
            "labels": [],
            "threshold": threshold,
            "configured_threshold": threshold,
            # Slope and offset of the confidences' log-odds, fitted on held-out data after training; see `calibrated`.
            "calibration": [1.0, 0.0],
            # The least confidence of an entity by its label, fitted likewise; EVEN for labels that are not in it.
            "thresholds": {},
        }

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the model's columns."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels as `spacy init labels` writes them and `initialize` takes them."""
        return list(self.labels)

    def add_label(self, label: str) -> int:
        """Add a label; a model that is initialized already gets columns for it, and keeps those it has.

        label (str): The label.
        RETURNS (int): 0 if the label was there, otherwise 1.
        RAISES ValueError: If the label is not a string, or empty.
        """
        if not isinstance(label, str) or not label:
            raise ValueError(f"a label must be a string that is not empty, but is {label!r}")
        if label in self.labels:
            return 0
        self._allow_extra_label()
        self.cfg["labels"] = [*self.labels, label]
        self.vocab.strings.add(label)
        if self.model.has_dim("nO"):
            self.set_output(tags.n_tags(len(self.labels)))
        return 1

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
        vectors: str | None = None,
        ngrams: Callable[[Language], Iterable[Example]] | None = None,
    ) -> None:
        """Initialize the model's weights for a set of labels.

        get_examples (Callable[[], Iterable[Example]]): Gives the training examples; read as a whole for the labels
            unless they are given.
        nlp (Optional[Language]): The pipeline.
        labels (Optional[Sequence[str]]): The labels, as in `label_data`.
        vectors (Optional[str]): An installed pipeline package with word vectors, or the folder of one, for an
            embedding with static vectors. They become part of the model, not of `nlp.vocab`.
        ngrams (Optional[Callable[[Language], Iterable[Example]]]): A corpus reader. All its examples are what a model
            with n-grams fits them to; `get_examples` may give a sample only. A model without any reads nothing.
        RAISES ValueError: If there are no labels, or vectors that the model does not take, or no examples for n-grams.
        """
        validate_get_examples(get_examples, "BiLSTMNER.initialize")
        if labels is None:
            found = {ent.label_ for eg in get_examples() for ent in eg.reference.ents}
            labels = sorted(found - {""})
        for label in labels:
            self.add_label(label)
        self._require_labels()
        if vectors is not None:
            self._set_vectors(vectors)
        sample = [eg.reference for eg in islice(get_examples(), SAMPLE_SIZE)]
        if not self.model.has_dim("nO"):
            self.model.set_dim("nO", tags.n_tags(len(self.labels)))
        self.model.initialize(X=sample)
        # Last: so that nothing else depends on what they draw at random.
        if ngrams_layer(self.model) is not None:
            self._fit_ngrams([] if ngrams is None or nlp is None else list(ngrams(nlp)))

    def predict(self, docs: Iterable[Doc]) -> Predictions:
        """Find the entities of a batch, without modifying it.

        docs (Iterable[Doc]): The Docs.
        RETURNS (Predictions): All spans that may be entities, whatever the threshold; some overlap.
        """
        docs = list(docs)
        if not any(map(len, docs)):
            return Predictions(NO_SPANS, NO_SPANS.start)
        is_space, ent_iobs = np.concatenate([doc.to_array([IS_SPACE, ENT_IOB]) for doc in docs]).T
        words = np.flatnonzero(is_space == 0)
        scores = self.model.ops.to_numpy(self.model.predict(docs))
        transitions = predicted_transitions(self.model)
        spans = decode(
            scores[words],
            _words_per_doc(docs, words),
            transitions=None if transitions is None else self.model.ops.to_numpy(transitions),
            outside=_is_taken(docs)[words] if ent_iobs.any() else None,
        )
        calibration: tuple[float, float] = self.cfg["calibration"]
        return Predictions(replace(spans, confidence=calibrated(spans.confidence, *calibration)), words)

    def set_annotations(self, docs: Iterable[Doc], scores: Predictions) -> None:
        """Choose and write entities and their confidences; entities that are there already stay.

        docs (Iterable[Doc]): The Docs, as they were given to `predict`.
        scores (Predictions): What `predict` returned.
        """
        threshold, thresholds = self.cfg["threshold"], self.cfg["thresholds"]
        least = [max(threshold, thresholds.get(label, EVEN)) for label in self.labels]
        found = choose(scores.spans, np.array(least))
        starts = scores.words[found.start]
        ends = scores.words[found.end - 1] + 1
        names = self.labels
        labels = [names[i] for i in found.label.tolist()]
        confidences = found.confidence.tolist()
        docs = list(docs)
        first_tokens = np.array([0, *map(len, docs)]).cumsum()
        bounds = starts.searchsorted(first_tokens).tolist()
        starts, ends, first_tokens = starts.tolist(), ends.tolist(), first_tokens.tolist()
        for doc, first, begin, end in zip(docs, first_tokens, bounds, bounds[1:], strict=False):
            spans = [Span(doc, starts[k] - first, ends[k] - first, label=labels[k]) for k in range(begin, end)]
            if doc.has_annotation("ENT_IOB"):
                doc.set_ents([*doc.ents, *spans], blocked=_blocked(doc), default="outside")
            else:
                doc.set_ents(spans)
            if spans or doc.user_data:
                set_confidences(doc, spans, confidences[begin:end])

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch.

        Instead of TrainablePipe's, which knows one gradient of the loss: by the scores. Transitions are no scores, so
        that nothing that the model is given back can tell it theirs.

        examples (Iterable[Example]): The batch.
        drop (float): The dropout rate.
        sgd (Optional[Optimizer]): The optimizer; None to only add to the gradients.
        losses (Optional[dict[str, float]]): Losses by name, to which this one is added.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "BiLSTMNER.update")
        docs = [eg.predicted for eg in examples]
        if not any(len(doc) for doc in docs):
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(docs)
        loss, d_scores, d_transitions = self._loss(examples, scores)
        backprop(d_scores)
        layer = transitions_layer(self.model)
        if layer is not None:
            layer.inc_grad("transitions", d_transitions)
        # spaCy's way to say "not yet" is False, too.
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Floats2d) -> tuple[float, Floats2d]:
        """Negative log-likelihood of the gold tags, and its gradient, both as a mean over the tokens that have one:
        the likelihood of each tag by itself or, if the model has transitions, of the Doc's whole sequence among the
        legal ones. Tokens that cannot be aligned, that carry an unknown label, or that are white space count for
        nothing.

        examples (Iterable[Example]): The batch.
        scores (Floats2d): The network's logits, n_tokens × n_tags: what `model.begin_update` gives.
        RETURNS (tuple[float, Floats2d]): The loss in nats per token; its gradient, n_tokens × n_tags.
        """
        examples = list(examples)
        validate_examples(examples, "BiLSTMNER.get_loss")
        loss, d_scores, _ = self._loss(examples, scores)
        return loss, d_scores

    def _loss(self, examples: Sequence[Example], scores: Floats2d) -> tuple[float, Floats2d, Floats2d | None]:
        """As `get_loss`, and the gradient by the transitions, if there are any."""
        docs = [eg.predicted for eg in examples]
        gold = np.concatenate([gold_columns(eg, self.labels) for eg in examples])
        is_word = _is_word(docs)
        layer = transitions_layer(self.model)
        if layer is not None:
            rows = np.flatnonzero(is_word)
            words, lengths = self.model.ops.asarray(rows), _words_per_doc(docs, rows)
            loss, d_words, d_transitions = crf.loss(
                scores[words], layer.get_param("transitions"), gold[is_word], lengths
            )
            d_scores = self.model.ops.xp.zeros_like(scores)
            d_scores[words] = d_words
            return loss, d_scores, d_transitions
        loss, d_scores = self._cross_entropy(scores, np.where(is_word, gold, tags.MISSING))
        return loss, d_scores, None

    def _cross_entropy(self, scores: Floats2d, gold: NDArray[np.int64]) -> tuple[float, Floats2d]:
        known = self.model.ops.asarray(np.flatnonzero(gold != tags.MISSING))
        gold = self.model.ops.asarray(gold)[known]
        d_scores = self.model.ops.xp.zeros_like(scores)
        if not len(known):
            return 0.0, d_scores
        probs = self.model.ops.softmax(scores[known])
        rows = self.model.ops.xp.arange(len(known))
        loss = -float(self.model.ops.xp.log(probs[rows, gold] + 1e-12).mean())
        probs[rows, gold] -= 1.0
        d_scores[known] = probs / len(known)
        return loss, d_scores

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "BiLSTMNER":
        """Load from a bytestring. A threshold that was configured otherwise than in the saved pipe stays.

        bytes_data (bytes): What `to_bytes` returned.
        exclude (Iterable[str]): Names of serialization fields to leave out.
        RETURNS (BiLSTMNER): The pipe itself.
        """
        configured = self.cfg["configured_threshold"]
        super().from_bytes(bytes_data, exclude=tuple(exclude))
        self._keep_configured(configured)
        return self

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "BiLSTMNER":
        """Load from a directory. A threshold that was configured otherwise than in the saved pipe stays.

        path (str | Path): What `to_disk` was given.
        exclude (Iterable[str]): Names of serialization fields to leave out.
        RETURNS (BiLSTMNER): The pipe itself.
        """
        configured = self.cfg["configured_threshold"]
        super().from_disk(path, exclude=tuple(exclude))
        self._keep_configured(configured)
        return self

    def _keep_configured(self, threshold: float) -> None:
        # Not equality: spaCy's JSON rounds the last bits.
        if not math.isclose(threshold, self.cfg["configured_threshold"]):
            self.cfg["threshold"] = self.cfg["configured_threshold"] = threshold

    def _set_vectors(self, source: str) -> None:
        takers = [node for node in self.model.walk() if "set_vectors" in node.attrs]
        if not takers:
            raise ValueError(
                f"vectors are given ({source}), but no layer of {self.name!r} takes any: use "
                "spacy_bilstm_ner.WordEmbedding.v1 with a vector_width as its model's tok2vec, or set vectors = null"
            )
        for taker in takers:
            taker.attrs["set_vectors"](taker, source)

    def _fit_ngrams(self, examples: Sequence[Example]) -> None:
        if not any(len(eg.predicted) for eg in examples):
            raise ValueError(
                f"the model of {self.name!r} has n-grams, but there are no examples to fit them to: set ngrams in "
                f"[initialize.components.{self.name}] to a corpus reader, say ${{corpora.train}}, or do without by "
                f"ngrams = false in [components.{self.name}.model]"
            )
        docs = [eg.predicted for eg in examples]
        is_word = _is_word(docs)
        gold = np.concatenate([gold_columns(eg, self.labels) for eg in examples])
        self.model.attrs["fit_ngrams"](self.model, docs, gold[is_word], _words_per_doc(docs, np.flatnonzero(is_word)))

    def _require_labels(self) -> None:
        if not self.labels:
            raise ValueError(Errors.E143.format(name=self.name))


def _is_word(docs: Sequence[Doc]) -> NDArray[np.bool_]:
    """n_tokens, False for white space, which carries no tag: entities run across it, none starts or ends on it."""
    return np.concatenate([doc.to_array(IS_SPACE) for doc in docs]) == 0


def _words_per_doc(docs: Sequence[Doc], words: NDArray[np.int64]) -> NDArray[np.int64]:
    lengths = words.searchsorted(np.array([*map(len, docs)]).cumsum())
    lengths[1:] -= lengths[:-1]
    return lengths


def _is_taken(docs: Sequence[Doc]) -> NDArray[np.bool_]:
    """n_tokens, True where an entity or a block was set before."""
    taken = np.zeros(sum(len(doc) for doc in docs), dtype=bool)
    first = 0
    for doc in docs:
        for span in (*doc.ents, *_blocked(doc)):
            taken[first + span.start : first + span.end] = True
        first += len(doc)
    return taken


def _blocked(doc: Doc) -> list[Span]:
    return [doc[t.i : t.i + 1] for t in doc if t.ent_iob_ == "B" and not t.ent_type]
