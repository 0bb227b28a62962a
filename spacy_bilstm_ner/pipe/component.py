"""The trainable pipe `bilstm_ner`: predict entities with confidences."""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from spacy.attrs import ENT_IOB
from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer

from ..default_config import default_model
from ..network import tagger
from ..network.embedding import fit_to_size, set_vectors
from ..sequences import tags
from ..sequences.decoding import NO_SPANS, Spans, choose, decode
from ..sequences.gold import Bools, Ints, allowed_tags
from ..sequences.words import TagScores, Words
from . import confidence, learning, saving
from .decisions import UNCALIBRATED, calibrated, check_settings, min_confidences

# Values of `token.ent_iob` for tokens of entities and blocked tokens
INSIDE_OR_BEGIN = (1, 3)
# Settings that are fitted on held-out data, and their values before the fit: slope and offset of
# `decisions.calibrated`, and the threshold of each label
UNFITTED = {"calibration": list(UNCALIBRATED), "thresholds": {}}


@Language.factory(
    "bilstm_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "span._.confidence"],
    default_config={
        "model": default_model(),
        "threshold": 0.0,
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_bilstm_ner(
    nlp: Language, name: str, model: Model, threshold: float, scorer: Callable | None
) -> "BiLSTMNER":
    """Construct the pipe from its config: see `BiLSTMNER`."""
    return BiLSTMNER(nlp.vocab, model, name, threshold=threshold, scorer=scorer)


class BiLSTMNER(TrainablePipe):
    """Recognise named entities: score BIO tags with a recurrent network and decode the entities.

    Entities and blocked tokens that are set before the pipe runs are kept. Each entity that it
    predicts has a `span._.confidence`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], TagScores],
        name: str = "ner",
        *,
        threshold: float = 0.0,
        scorer: Callable | None = None,
    ) -> None:
        """Initialize the pipe.

        model (Model[list[Doc], TagScores]): A tagger, see `network.tagger.BiLSTMTagger`.
        threshold (float): Entities below the threshold are discarded, and so are entities below the
            threshold of their label, see `decisions.min_confidences`. The thresholds of labels are
            in `cfg["thresholds"]`. If it is empty, all labels have 0.5. Otherwise, a label without
            a threshold has 0.25. All thresholds can be changed at any time.
        RAISES ValueError: If the threshold is not between 0 and 1.
        """
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.cfg: dict[str, Any] = {
            "labels": [],
            "threshold": threshold,
            # The threshold in the config. If it differs from the saved one, the user has changed
            # the config, and `_load_parts` keeps the new threshold.
            "configured_threshold": threshold,
            **deepcopy(UNFITTED),
        }
        check_settings(self.cfg)
        # Fingerprints of the training sentences, see `training.fingerprints`.
        self.fingerprints = b""
        self._reset_learning(is_loaded=False)

    def _reset_learning(self, *, is_loaded: bool) -> None:
        self._is_loaded = is_loaded
        self._cfg_before_fit: dict[str, Any] = {}
        # A copy of the model from before training was continued. `nlp.resume_training` sets it as
        # well.
        self._rehearsal_model: Model[list[Doc], TagScores] | None = None
        self._memory = learning.Memory()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the model's columns."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels for `spacy init labels`."""
        return list(self.labels)

    def add_label(self, label: str) -> int:
        """Add a label. If the model is initialized, also add the columns of its tags.

        RETURNS (int): 0 if the pipe already has the label, otherwise 1.
        RAISES ValueError: If the label is not a string.
        """
        if not isinstance(label, str):
            raise ValueError(Errors.E187)
        if label in self.labels:
            return 0
        self.cfg["labels"] = [*self.labels, label]
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
        corpus: Callable[[Language], Iterable[Example]] | None = None,
    ) -> None:
        """Initialize the weights of the model for a set of labels.

        get_examples (Callable[[], Iterable[Example]]): Returns training examples.
        labels (Sequence[str] | None): The labels; None for the labels of the examples.
        vectors (str | None): The source of static word vectors: an installed pipeline package, or
            the folder of a pipeline. They become part of the model, not of `nlp.vocab`. None for no
            vectors; a trained model then keeps those that it has.
        corpus (Callable[[Language], Iterable[Example]] | None): A reader of all examples, for the
            labels and the n-grams. With [training] max_epochs = -1, `get_examples` returns only the
            first hundred examples. None for `get_examples`.
        RAISES ValueError: If there are no labels, or if vectors are given and the model takes none.
        """
        validate_get_examples(get_examples, "BiLSTMNER.initialize")
        examples = list(corpus(nlp) if corpus and nlp else get_examples())
        for label in _entity_labels(examples) if labels is None else labels:
            self.add_label(label)
        if not self.labels:
            raise ValueError(Errors.E143.format(name=self.name))
        set_vectors(self.model, vectors)
        docs = _predicted_docs(examples)
        n_words = sum(map(len, docs))
        if n_words:
            fit_to_size(self.model, n_words)
        # Calibration and thresholds were fitted to the previous weights.
        self.cfg |= deepcopy(UNFITTED)
        self._reset_learning(is_loaded=False)
        if not self.model.has_dim("nO"):
            self.model.set_dim("nO", tags.n_tags(len(self.labels)))
        # Only the widths of the layers are needed, so a few documents are enough.
        self.model.initialize(X=docs[:10])
        # This fit draws random numbers. It comes last, so that the initial weights do not depend on
        # these numbers.
        if tagger.has_ngrams(self.model) and n_words:
            tagger.fit_ngrams(self.model, docs, self._allowed_tags(examples))

    def predict(self, docs: Iterable[Doc]) -> Spans:
        """Return candidate spans for a batch.

        They may overlap. Offsets are token indices into the concatenated batch. Docs are not
        modified.
        """
        check_settings(self.cfg)
        docs = list(docs)
        if not any(map(len, docs)):
            return NO_SPANS
        if self.model.maybe_get_dim("nO") is None:
            raise ValueError(Errors.E109.format(name=self.name))
        output: TagScores = self.model.predict(docs)
        words = output.words
        scores = self.model.ops.to_numpy(output.scores)
        if not np.isfinite(scores).all():
            raise self._not_finite("a prediction")
        transitions = output.transitions
        if transitions is not None:
            transitions = self.model.ops.to_numpy(transitions)
        lengths, is_outside = words.per_block, None
        if any(doc.has_annotation("ENT_IOB") for doc in docs):
            lengths, is_outside = _exclude_entities(docs, words)
        spans = decode(scores, lengths, transitions=transitions, outside=is_outside)
        return replace(
            spans,
            start=words.tokens[spans.start],
            end=words.tokens[spans.end - 1] + 1,
            confidence=calibrated(spans.confidence, *self.cfg["calibration"]),
        )

    def set_annotations(self, docs: Iterable[Doc], scores: Spans) -> None:
        """Choose entities among the spans of `predict`, and write them with confidences.

        Entities that a Doc already has are kept.
        """
        minima = min_confidences(self.labels, self.cfg["threshold"], self.cfg["thresholds"])
        chosen = choose(scores, minima)
        labels = self.labels
        starts, ends = chosen.start.tolist(), chosen.end.tolist()
        label_numbers, confidences = chosen.label.tolist(), chosen.confidence.tolist()
        doc_start = next_span = 0
        for doc in docs:
            doc_end = doc_start + len(doc)
            spans = []
            while next_span < len(starts) and starts[next_span] < doc_end:
                start, end = starts[next_span] - doc_start, ends[next_span] - doc_start
                spans.append(Span(doc, start, end, label=labels[label_numbers[next_span]]))
                next_span += 1
            if doc.has_annotation("ENT_IOB"):
                blocked = [doc[t.i : t.i + 1] for t in doc if t.ent_iob_ == "B" and not t.ent_type]
                doc.set_ents([*doc.ents, *spans], blocked=blocked)
            else:
                doc.set_ents(spans)
            confidence.set_confidences(spans, confidences[next_span - len(spans) : next_span])
            doc_start = doc_end

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch. The weights change, so the effect of `set_fitted` is undone.

        If the pipe was loaded, or `nlp.resume_training` was called, the update also includes
        made-up sentences, so that the pipe does not forget: see `learning`.
        """
        examples = list(examples)
        validate_examples(examples, "BiLSTMNER.update")
        if not examples:
            return losses or {}
        self.cfg |= self._cfg_before_fit
        self._cfg_before_fit = {}
        # The model is copied here, before labels are added.
        teacher = self._teacher()
        added = self._add_labels(examples)
        if teacher is None:
            self._imprint_new_tags(examples)
        else:
            if added:
                warnings.warn(learning.LABELS_ADDED.format(", ".join(added)), stacklevel=2)
            self._remember(examples)
            examples = self._rehearsal_batch(examples)
        return super().update(examples, drop=drop, sgd=sgd, losses=losses)

    def _rehearsal_batch(self, examples: list[Example]) -> list[Example]:
        """Add remembered examples and made-up sentences to a batch.

        RETURNS (list[Example]): An empty list if neither the examples of the batch nor the added
            examples are annotated.
        """
        rng = np.random.default_rng(np.random.randint(2**31))
        examples = self._memory.fill_up(examples, rng)
        if self._allowed_tags(examples).all():
            return []
        made_up = learning.make_sentences(
            examples, self.labels, self._new_labels(), self._memory.source, rng
        )
        return [*examples, *made_up]

    def _new_labels(self) -> tuple[str, ...]:
        # Each label has two tags.
        return self.labels[tagger.n_trained_tags(self._teacher()) // 2 :]

    def prepare(self, examples: Iterable[Example]) -> None:
        """Prepare a trained pipe for further training on these examples.

        New labels are added and get their first weights, and the n-grams are fitted to them.
        Without this call, `update` does the same with the examples that it has seen.
        """
        if self._teacher() is not None:
            examples = list(examples)
            self._add_labels(examples)
            self._remember(examples)
            self._memory.is_complete = True

    def _add_labels(self, examples: list[Example]) -> list[str]:
        return [label for label in _entity_labels(examples) if self.add_label(label)]

    def _remember(self, examples: list[Example]) -> None:
        """Remember examples. If `Memory.add` returns True, fit new tags to all remembered examples.

        Fitting computes the initial weights of the tags, and the weights of their n-grams.
        """
        if not self._memory.add(examples):
            return
        examples = list(self._memory.examples.values())
        docs = _predicted_docs(examples)
        new_labels = self._new_labels()
        self._memory.source = learning.word_source(self.vocab, self.model, examples, new_labels)
        fit_to_size(self.model, sum(map(len, docs)))
        self._imprint_new_tags(examples)
        if not new_labels:
            return
        allowed = self._allowed_tags(examples)
        teacher = self._teacher()
        if tagger.has_ngrams(self.model):
            tagger.fit_ngrams(self.model, docs, allowed, teacher=teacher)
        if learning.lacks_old_labels(allowed, tagger.n_trained_tags(teacher)):
            warnings.warn(learning.OLD_LABELS_MISSING.format(", ".join(new_labels)), stacklevel=2)
        for new, old in learning.labels_of_same_entities(teacher, docs, allowed):
            names = {"new": self.labels[new], "old": self.labels[old]}
            warnings.warn(learning.SAME_ENTITIES.format(**names), stacklevel=2)

    def _imprint_new_tags(self, examples: list[Example]) -> None:
        if tagger.n_trained_tags(self.model) < self.model.get_dim("nO"):
            allowed = self._allowed_tags(examples)
            tagger.imprint_new_tags(self.model, _predicted_docs(examples), allowed)

    def finish_update(self, sgd: Optimizer) -> None:
        """Change the weights by their gradients. Take more steps if few examples are remembered."""
        super().finish_update(sgd)
        for _ in range(self._memory.n_more_steps):
            if examples := self._rehearsal_batch([]):
                scores, backprop = self.model.begin_update(_predicted_docs(examples))
                _, d_scores = self.get_loss(examples, scores)
                backprop(d_scores)
                super().finish_update(sgd)
        tagger.forget_words(self.model)

    def get_loss(self, examples: Iterable[Example], scores: TagScores) -> tuple[float, TagScores]:
        """Compute the loss and its gradient.

        The loss is the negative log-likelihood of the annotation, as a mean over the labelled words
        (see `learning.annotation_loss`). If training is continued, this mean is weighted, and the
        loss also includes rehearsal (see `learning.loss_with_rehearsal`). Tokens that cannot be
        aligned, that have an unknown label, or that are white space are ignored.

        RETURNS (tuple[float, TagScores]): The loss in nats, and its gradient.
        RAISES ValueError: If the loss is not finite.
        """
        examples = list(examples)
        allowed = self._allowed_tags(examples)[scores.words.tokens]
        teacher = self._teacher()
        if teacher is None:
            loss, d_scores = learning.annotation_loss(scores, allowed, self.model.ops)
        else:
            docs = _predicted_docs(examples)
            loss, d_scores = learning.loss_with_rehearsal(teacher, docs, allowed, scores)
        if not np.isfinite(loss):
            raise self._not_finite("the loss")
        return loss, d_scores

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """Score examples with the pipe's scorer. For partly annotated ones, see `as_scored`."""
        return super().score([learning.as_scored(eg) for eg in examples], **settings)

    def set_fitted(self, calibration: tuple[float, float], thresholds: dict[str, float]) -> None:
        """Set the calibration and the thresholds.

        The next update restores the previous ones. `initialize` restores those of a new pipe.
        """
        self._cfg_before_fit = self._cfg_before_fit or {key: self.cfg[key] for key in UNFITTED}
        self.cfg |= {"calibration": list(calibration), "thresholds": thresholds}

    @property
    def is_fitted(self) -> bool:
        """Whether `set_fitted` was called since the last update."""
        return bool(self._cfg_before_fit)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save to a folder, see `to_bytes`. If a weight is not finite, no file is changed."""
        parts = self._write_parts()
        Path(path).mkdir(exist_ok=True)
        for name, data in parts.items():
            (Path(path) / name).write_bytes(data)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Save as bytes. The parts belong together, so none can be excluded.

        RAISES ValueError: If a weight is not finite.
        """
        return srsly.msgpack_dumps(self._write_parts())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "BiLSTMNER":
        """Load from a folder. A threshold that was changed in the config overrides the saved one.

        RAISES ValueError: If the settings or the weights are damaged, or were saved with another
            model. The fingerprints are not checked.
        """
        parts = {name: (Path(path) / name).read_bytes() for name in saving.PARTS}
        return self._load_parts(parts, str(path))

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "BiLSTMNER":
        """Load from bytes, see `from_disk`."""
        return self._load_parts(srsly.msgpack_loads(bytes_data), f"the saved {self.name}")

    def _write_parts(self) -> dict[str, bytes]:
        if not saving.has_finite_weights(self.model):
            raise self._not_finite("a weight")
        weights = self.model.to_bytes()
        cfg = saving.write_cfg(self.cfg, self.model, weights)
        return {"cfg": cfg, "model": weights, "fingerprints": self.fingerprints}

    def _load_parts(self, parts: dict[str, bytes], where: str) -> "BiLSTMNER":
        configured_threshold = self.cfg["configured_threshold"]
        self.cfg |= saving.load_cfg_and_weights(parts, self.model, where)
        # spaCy's JSON rounds the last bits of a number.
        if not math.isclose(configured_threshold, self.cfg["configured_threshold"]):
            self.cfg["threshold"] = self.cfg["configured_threshold"] = configured_threshold
        self.fingerprints = parts["fingerprints"]
        self._reset_learning(is_loaded=True)
        return self

    def _not_finite(self, subject: str) -> ValueError:
        return ValueError(
            f"{self.name}: {subject} is not finite. Load the last checkpoint again. If this "
            "happened in training, lower the learning rate"
        )

    def _allowed_tags(self, examples: Iterable[Example]) -> Bools:
        """Return the tags that the examples' tokens may have, n_tokens × n_tags."""
        return np.concatenate([allowed_tags(eg, self.labels) for eg in examples])

    def _teacher(self) -> Model[list[Doc], TagScores] | None:
        """Return the model from before training was continued.

        RETURNS: None if the pipe is trained for the first time, or if its model cannot rehearse.
        """
        if not learning.can_rehearse(self.model):
            return None
        if self._is_loaded and self._rehearsal_model is None:
            self._rehearsal_model = deepcopy(self.model)
        return self._rehearsal_model


def _exclude_entities(docs: Sequence[Doc], words: Words) -> tuple[Ints, Bools]:
    """Find the words that were in an entity, or blocked, before the pipe ran.

    A new block begins at each of these words.

    RETURNS (tuple): The number of words of each block, n_blocks; whether each word is excluded,
        n_words.
    """
    iob = np.concatenate([doc.to_array(ENT_IOB) for doc in docs])
    is_annotated = np.isin(iob, INSIDE_OR_BEGIN)
    annotated_words = words.tokens.searchsorted(np.flatnonzero(is_annotated))
    block_ends = np.union1d(annotated_words, np.cumsum(words.per_block))
    lengths = np.diff(block_ends, prepend=0)
    return lengths, is_annotated[words.tokens]


def _predicted_docs(examples: Iterable[Example]) -> list[Doc]:
    return [example.predicted for example in examples]


def _entity_labels(examples: Iterable[Example]) -> list[str]:
    labels: set[str] = set()
    for example in examples:
        labels.update(entity.label_ for entity in example.reference.ents)
    return sorted(labels)
