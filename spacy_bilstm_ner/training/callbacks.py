"""Callbacks for `spacy train`: fit the length of training, and fit decisions on held-out data."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import dot_to_object, logger, minibatch, registry
from thinc.api import Config

from ..pipe.component import BiLSTMNER
from ..pipe.decisions import UNCALIBRATED, calibrated, fit_calibration, fit_thresholds
from ..ranges import check_range
from ..sequences.decoding import Spans
from .fingerprints import make_fingerprints

# Calibration needs this many predicted entities, and the threshold of a label that has one already
# this many gold entities.
MIN_ENTITIES = 15
SMALLEST_RATE = 1e-12
# Settings of spaCy in the config: their minimum, and a bound that they must be below
RANGES = (
    ("training.max_steps", 0, math.inf),
    ("training.eval_frequency", 1, math.inf),
    ("training.accumulate_gradient", 1, math.inf),
    ("training.dropout", 0, 1),
    ("training.batcher.size", 1, math.inf),
    ("training.optimizer.learn_rate", SMALLEST_RATE, math.inf),
    ("nlp.batch_size", 1, math.inf),
)

Callback = Callable[[Language], Language]


def fit_length(
    *,
    passes: float = 9.0,
    min_steps: int = 1500,
    max_passes: float | None = None,
    evaluations: int = 8,
) -> Callable[[Language], None]:
    """Fit the length of training to the corpus: a callback for [initialize.before_init].

    Registered as `spacy_bilstm_ner.fit_length.v1`. It changes nothing if the corpus does not exist,
    as for a pipeline that was trained elsewhere.

    In [training], `max_steps = 0` becomes the number of updates for `passes` over the corpus; any
    other number stays. A learning rate with `num_steps` gets the same number. `eval_frequency`
    becomes a divisor of `max_steps`, so that the end is evaluated: the one nearest to the value in
    the config, or to `evaluations` if `max_steps` is 0. If the corpus is read, the pipe gets the
    fingerprints of its sentences, and a pipe that goes on learning is prepared for all of them.

    passes (float): Number of times that each word of the corpus is shown.
    min_steps (int): Minimum number of updates.
    max_passes (float | None): Maximum number of times that each word is shown, even if that takes
        fewer updates than min_steps. None for no maximum.
    evaluations (int): Approximate number of evaluations.
    RAISES ValueError: If a number is not above 0. The callback: if a setting in [training] is out
        of range.
    """
    if not min(passes, min_steps, evaluations) > 0:
        numbers = f"{passes}, {min_steps} and {evaluations}"
        raise ValueError(f"passes, min_steps and evaluations must be above 0, but are {numbers}")

    def callback(nlp: Language) -> None:
        check_training(nlp.config.interpolate())
        training = nlp.config["training"]
        if training["max_steps"] == 0:
            max_steps = _count_steps(nlp, passes, min_steps, max_passes)
            if max_steps is None:
                return
            training["max_steps"] = max_steps
            training["eval_frequency"] = max_steps // evaluations
            logger.info("%s updates, to fit the corpus", max_steps)
        max_steps = training["max_steps"]
        frequency = max(1, training["eval_frequency"])
        divisors = [n for n in range(1, max_steps + 1) if max_steps % n == 0]
        training["eval_frequency"] = min(divisors, key=lambda n: abs(math.log(n / frequency)))
        learn_rate = training["optimizer"].get("learn_rate")
        if isinstance(learn_rate, dict) and "num_steps" in learn_rate:
            learn_rate["num_steps"] = max_steps

    return callback


def check_training(config: Config) -> None:
    """Check spaCy's own settings, which spaCy does not check.

    RAISES ValueError: If one is out of range.
    """
    for path, minimum, below in RANGES:
        section, _, name = path.rpartition(".")
        value = dot_to_object(config, section).get(name, {})
        # A dict is a schedule, or a setting that does not exist.
        if not isinstance(value, dict):
            check_range(f"[{path.partition('.')[0]}] {name}", value, minimum, below)


def _count_steps(
    nlp: Language, passes: float, min_steps: int, max_passes: float | None
) -> int | None:
    batch_size = nlp.config["training"]["batcher"].get("size")
    if not isinstance(batch_size, int):
        return None
    try:
        examples = list(_read_corpus(nlp, "train_corpus"))
    except FileNotFoundError:
        return None
    docs = [example.reference for example in examples]
    for _, pipe in nlp.components:
        if isinstance(pipe, BiLSTMNER):
            pipe.fingerprints = make_fingerprints(doc.text for doc in docs)
            if pipe.goes_on:
                pipe.prepare(examples)
    batches_per_pass = sum(map(len, docs)) / batch_size
    if max_passes is not None:
        min_steps = min(min_steps, round(max_passes * batches_per_pass))
    n_steps = max(min_steps, round(passes * batches_per_pass))
    # A round number has many divisors.
    return math.ceil(n_steps / 100) * 100


def _read_corpus(nlp: Language, name: str) -> Iterable[Example]:
    """Read a corpus that [training] names, without augmentation. Other corpora may not exist."""
    config = nlp.config.interpolate()
    section = dict(dot_to_object(config, config["training"][name]))
    section.pop("augmenter", None)
    return registry.resolve({"corpus": section})["corpus"](nlp)


def fit_decisions(*, pipe: str = "ner") -> Callback:
    """Fit calibration and thresholds on the development set.

    This is a callback for [training.before_to_disk], registered as
    `spacy_bilstm_ner.fit_decisions.v1`. See `decisions`. The scores in the pipeline's meta become
    those of the saved pipeline. The next update undoes what was fitted.

    If a pipe goes on learning, the thresholds of labels that the development set hardly has stay,
    and so does the calibration if there are such labels.

    pipe (str): The recogniser's name.
    """
    examples: list[Example] = []

    def callback(nlp: Language) -> Language:
        recogniser = nlp.get_pipe(pipe)
        is_frozen = pipe in nlp.config["training"]["frozen_components"]
        if isinstance(recogniser, BiLSTMNER) and not recogniser.is_fitted and not is_frozen:
            if not examples:
                examples.extend(_read_corpus(nlp, "dev_corpus"))
                if not any(_count_entities(examples, recogniser.labels).values()):
                    logger.warning("the development set has no entity with a label of the pipe")
            _fit(nlp, recogniser, examples)
        return nlp

    return callback


class Candidates(NamedTuple):
    """What a recogniser finds in a batch, whatever the thresholds."""

    examples: list[Example]  # with what the pipes before the recogniser predict
    spans: Spans  # without calibration


class Judged(NamedTuple):
    """Predicted entities, compared with the gold ones: parallel sequences of n_entities."""

    confidences: NDArray[np.float64]
    is_correct: NDArray[np.bool_]
    labels: list[str]


def _fit(nlp: Language, recogniser: BiLSTMNER, examples: list[Example]) -> None:
    cfg = recogniser.cfg
    calibration, thresholds, threshold = cfg["calibration"], cfg["thresholds"], cfg["threshold"]
    # All candidates count, with the confidences that the network gives.
    recogniser.set_fitted(UNCALIBRATED, dict.fromkeys(recogniser.labels, 0.0))
    cfg["threshold"] = 0.0
    try:
        batches = _find_candidates(nlp, recogniser, examples)
        judged = _judge(_annotate(recogniser, batches, UNCALIBRATED))
    finally:
        cfg["threshold"] = threshold
    if len(judged.labels) >= MIN_ENTITIES:
        n_gold = _count_entities(examples, recogniser.labels)
        rare = dict(thresholds)
        for label, n_entities in n_gold.items():
            if n_entities >= MIN_ENTITIES:
                rare.pop(label, None)
        if not rare:
            calibration = fit_calibration(judged.confidences, judged.is_correct)
        confidences = calibrated(judged.confidences, *calibration)
        thresholds = fit_thresholds(confidences, judged.is_correct, judged.labels, n_gold) | rare
    recogniser.set_fitted(tuple(calibration), thresholds)
    scores = recogniser.score(_annotate(recogniser, batches, calibration))
    performance = nlp.meta.setdefault("performance", {})
    for name in performance.keys() & scores.keys():
        performance[name] = scores[name]


def _count_entities(examples: Iterable[Example], labels: Iterable[str]) -> dict[str, int]:
    """Count the gold entities of each label."""
    counts: Counter[str] = Counter()
    for example in examples:
        counts.update(entity.label_ for entity in example.reference.ents)
    return {label: counts[label] for label in labels}


def _find_candidates(
    nlp: Language, recogniser: BiLSTMNER, examples: list[Example]
) -> list[Candidates]:
    """Apply the pipes before the recogniser and find its candidates, in one pass."""
    names = nlp.component_names
    later = names[names.index(recogniser.name) :]
    batches = []
    for batch in minibatch(examples, nlp.batch_size):
        docs = list(nlp.pipe((example.predicted.copy() for example in batch), disable=later))
        batches.append(Candidates(_with_docs(batch, docs), recogniser.predict(docs)))
    return batches


def _annotate(
    recogniser: BiLSTMNER, batches: list[Candidates], calibration: tuple[float, float]
) -> list[Example]:
    """Return the examples with the entities that the recogniser chooses from the candidates."""
    annotated = []
    for examples, spans in batches:
        docs = [example.predicted.copy() for example in examples]
        confidence = calibrated(spans.confidence, *calibration)
        recogniser.set_annotations(docs, replace(spans, confidence=confidence))
        annotated += _with_docs(examples, docs)
    return annotated


def _with_docs(examples: list[Example], docs: list[Doc]) -> list[Example]:
    """Return examples with other predicted Docs."""
    return [Example(doc, example.reference) for doc, example in zip(docs, examples, strict=True)]


def _judge(examples: list[Example]) -> Judged:
    confidences, is_correct, labels = [], [], []
    for example in examples:
        gold = {(ent.start_char, ent.end_char, ent.label) for ent in example.reference.ents}
        for ent in example.predicted.ents:
            if ent._.confidence is not None:
                confidences.append(ent._.confidence)
                is_correct.append((ent.start_char, ent.end_char, ent.label) in gold)
                labels.append(ent.label_)
    return Judged(np.array(confidences), np.array(is_correct, dtype=bool), labels)
