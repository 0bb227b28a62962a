"""Callbacks for `spacy train`: fit the length of training, and fit decisions on held-out data."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from spacy.attrs import ENT_IOB
from spacy.language import Language
from spacy.training import Example
from spacy.util import dot_to_object, logger, registry

from ..pipe.component import BiLSTMNER
from ..pipe.decisions import UNCALIBRATED, calibrated, fit_calibration, fit_thresholds
from ..pipe.learning import as_scored
from ..ranges import check_range
from .fingerprints import make_fingerprints

# Calibration and thresholds are only fitted to at least this many predicted entities. A stored
# threshold is only replaced if the label has at least this many gold entities.
MIN_ENTITIES = 15


def fit_length(
    *,
    passes: float = 9.0,
    min_steps: int = 1500,
    max_passes: float | None = None,
    evaluations: int = 8,
) -> Callable[[Language], None]:
    """Fit the length of training to the corpus: a callback for [initialize.before_init].

    Registered as `spacy_bilstm_ner.fit_length.v1`. It changes three settings in [training]:

    1. If `max_steps` is 0, it becomes the number of updates for `passes` over the corpus, and
       `eval_frequency` becomes this number divided by `evaluations`. The pipe also gets
       fingerprints of the sentences. A pipe whose training continues is prepared for them: see
       `BiLSTMNER.prepare`.
    2. `eval_frequency` is changed to the nearest divisor of `max_steps`, so that the last step is
       evaluated.
    3. If the learning rate has the setting `num_steps`, this is set to `max_steps`.

    passes (float): Approximate number of times that each word of the corpus is shown. The size in
        [training.batcher] must be a number of words.
    min_steps (int): Minimum number of updates.
    max_passes (float | None): Limits min_steps to the number of updates for this many passes. None
        for no limit. It does not limit `passes`. The number of updates is rounded up to a multiple
        of 100, so each word of a very small corpus may be shown more often.
    evaluations (int): Approximate number of evaluations.
    """

    def callback(nlp: Language) -> None:
        training = nlp.config["training"]
        max_steps = training["max_steps"]
        if max_steps == 0:
            max_steps = _count_steps(nlp, passes, min_steps, max_passes)
            training["max_steps"] = max_steps
            training["eval_frequency"] = max_steps // evaluations
            logger.info("Number of updates, from the size of the corpus: %s", max_steps)
        frequency = max(1, training["eval_frequency"])
        divisors = filter(lambda n: max_steps % n == 0, range(1, max_steps + 1))
        training["eval_frequency"] = min(divisors, key=lambda n: abs(math.log(n / frequency)))
        learn_rate = training["optimizer"].get("learn_rate")
        if isinstance(learn_rate, dict) and "num_steps" in learn_rate:
            learn_rate["num_steps"] = max_steps

    return callback


def _count_steps(nlp: Language, passes: float, min_steps: int, max_passes: float | None) -> int:
    """Return the number of updates. Also give fingerprints to pipes, and prepare them.

    Frozen pipes are not changed.

    RAISES ValueError: If the batch size is not a number, but a schedule.
    """
    training = nlp.config["training"]
    batch_size = training["batcher"]["size"]
    check_range("[training.batcher] size", batch_size, 1)
    examples = list(_read_corpus(nlp, "train_corpus"))
    docs = [example.reference for example in examples]
    for name, pipe in nlp.components:
        if isinstance(pipe, BiLSTMNER) and name not in training["frozen_components"]:
            pipe.fingerprints = make_fingerprints(map(str, docs))
            pipe.prepare(examples)
    batches_per_pass = sum(map(len, docs)) / batch_size
    if max_passes is not None:
        min_steps = min(min_steps, round(max_passes * batches_per_pass))
    n_steps = max(min_steps, round(passes * batches_per_pass))
    # A round number has many divisors.
    return math.ceil(n_steps / 100) * 100


def _read_corpus(nlp: Language, name: str) -> Iterable[Example]:
    """Read a corpus that [training] names, without augmentation.

    Only this corpus is read, since the files of other corpora may not exist.
    """
    config = nlp.config.interpolate()
    section = dict(dot_to_object(config, config["training"][name]))
    section.pop("augmenter", None)
    return registry.resolve({"corpus": section})["corpus"](nlp)


def fit_decisions(*, pipe: str = "ner") -> Callable[[Language], Language]:
    """Fit calibration and thresholds on the development set.

    This is a callback for [training.before_to_disk], registered as
    `spacy_bilstm_ner.fit_decisions.v1`. See `decisions`. The next update undoes the fit. The scores
    in the pipeline's meta are those that `spacy train` has printed, before the fit.

    If a pipe already has thresholds, those of labels with few entities in the development set are
    kept. If there are such labels, the calibration is kept as well.

    pipe (str): The name of the pipe.
    """
    examples: list[Example] = []

    def callback(nlp: Language) -> Language:
        recogniser = nlp.get_pipe(pipe)
        is_frozen = pipe in nlp.config["training"]["frozen_components"]
        if isinstance(recogniser, BiLSTMNER) and not recogniser.is_fitted and not is_frozen:
            if not examples:
                examples.extend(_read_corpus(nlp, "dev_corpus"))
                if not _count_entities(examples, recogniser.labels).total():
                    logger.warning("the development set has no entity with a label of the pipe")
            _fit(nlp, recogniser, examples)
        return nlp

    return callback


def _fit(nlp: Language, recogniser: BiLSTMNER, examples: list[Example]) -> None:
    cfg, labels = recogniser.cfg, recogniser.labels
    calibration, thresholds, threshold = cfg["calibration"], cfg["thresholds"], cfg["threshold"]
    # Predict all candidates, with uncalibrated confidences.
    recogniser.set_fitted(UNCALIBRATED, dict.fromkeys(labels, 0.0))
    cfg["threshold"] = 0.0
    docs = nlp.pipe([example.predicted.copy() for example in examples])
    judged: list[tuple[float, bool, str]] = []
    for doc, example in zip(docs, examples, strict=True):
        judged.extend(_judge(as_scored(Example(doc, example.reference))))
    cfg["threshold"] = threshold
    if len(judged) >= MIN_ENTITIES:
        confidences, is_correct, judged_labels = map(np.array, zip(*judged, strict=True))
        n_gold = _count_entities(examples, labels)
        fixed = {
            label: label_threshold
            for label, label_threshold in thresholds.items()
            if n_gold[label] < MIN_ENTITIES
        }
        if not fixed:
            calibration = fit_calibration(confidences, is_correct)
        confidences = calibrated(confidences, *calibration)
        thresholds = fit_thresholds(confidences, is_correct, list(judged_labels), n_gold) | fixed
    recogniser.set_fitted(tuple(calibration), thresholds)


def _count_entities(examples: Iterable[Example], labels: Iterable[str]) -> Counter[str]:
    """Count the gold entities of each label."""
    counts = Counter(dict.fromkeys(labels, 0))
    for example in examples:
        for ent in example.reference.ents:
            if ent.label_ in counts:
                counts[ent.label_] += 1
    return counts


def _judge(example: Example) -> Iterator[tuple[float, bool, str]]:
    """Compare predicted entities with gold ones. Entities on unannotated words are left out.

    YIELDS (tuple): Confidence, whether it is correct, label.
    """
    reference = example.reference
    gold = {(ent.start_char, ent.end_char, ent.label) for ent in reference.ents}
    for ent in example.predicted.ents:
        words = reference.char_span(ent.start_char, ent.end_char, alignment_mode="expand")
        if ent._.confidence is not None and words.to_array([ENT_IOB]).all():
            is_correct = (ent.start_char, ent.end_char, ent.label) in gold
            yield ent._.confidence, is_correct, ent.label_
