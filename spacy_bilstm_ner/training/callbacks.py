"""What `spacy train` does besides, for a config that names it: how long to train, and what to fit on held-out data."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.training import Example
from spacy.util import dot_to_object, logger, registry
from thinc.api import Config

from ..pipe.component import BiLSTMNER
from ..pipe.decisions import UNCALIBRATED, calibrated, fit_calibration, fit_thresholds
from ..ranges import check_range
from .fingerprints import KEY, fingerprints

# So many entities tell what confidences are worth.
MIN_ENTITIES = 15
SMALLEST_RATE = 1e-12
# Where a setting stands in the config, and what it must be at least, and below
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
    *, passes: float = 9.0, min_steps: int = 1500, evaluations: int = 8
) -> Callable[[Language], None]:
    """Fit the length of training to the corpus: a callback for [initialize.before_init]. Registered as
    `spacy_bilstm_ner.fit_length.v1`. It changes nothing for a pipeline that is trained, whose corpus may be elsewhere.

    In [training], `max_steps = 0` becomes the updates that `passes` over the corpus take; any other number stays.
    A learning rate that has `num_steps` gets as many: it rises and falls over the whole training. `eval_frequency`
    becomes a divisor of `max_steps`, so that the end is evaluated: the one nearest to what the config says, or to what
    makes so many `evaluations`. Fingerprints of the sentences go into the pipeline's meta if the corpus is read for it.

    passes (float): How often each word of the corpus is shown.
    min_steps (int): The least updates for a small corpus.
    evaluations (int): About how many there are, where `max_steps` is 0.
    RAISES ValueError: If a number is not above 0. The callback, too: for what in [training] is out of range.
    """
    if not min(passes, min_steps, evaluations) > 0:
        given = f"{passes}, {min_steps} and {evaluations}"
        raise ValueError(f"passes, min_steps and evaluations must be above 0, but are {given}")

    def callback(nlp: Language) -> None:
        check_training(nlp.config.interpolate())
        training = nlp.config["training"]
        if training["max_steps"] == 0:
            steps = _steps(nlp, passes=passes, min_steps=min_steps)
            if steps is None:
                return
            training |= {"max_steps": steps, "eval_frequency": max(1, steps // evaluations)}
            logger.info("%s updates, to fit the corpus", steps)
        steps, wanted = training["max_steps"], max(1, training["eval_frequency"])
        divisors = [n for n in range(1, steps + 1) if steps % n == 0]
        training["eval_frequency"] = min(divisors, key=lambda n: abs(math.log(n / wanted)))
        rate = training["optimizer"].get("learn_rate")
        if isinstance(rate, dict) and "num_steps" in rate:
            rate["num_steps"] = steps

    return callback


def check_training(config: Config) -> None:
    """RAISES ValueError: If one of spaCy's own settings is out of its range; spaCy does not look."""
    for place, low, below in RANGES:
        section, _, name = place.rpartition(".")
        value = dot_to_object(config, section).get(name, {})
        # Else it is a schedule, or not there
        if not isinstance(value, dict):
            check_range(f"[{place.partition('.')[0]}] {name}", value, low, below)


def _steps(nlp: Language, *, passes: float, min_steps: int) -> int | None:
    size = nlp.config["training"]["batcher"].get("size")
    if not isinstance(size, int):
        return None
    try:
        sentences = [example.reference for example in _corpus(nlp, "train_corpus")]
    except FileNotFoundError:
        return None
    nlp.meta[KEY] = fingerprints(sentence.text for sentence in sentences)
    steps = max(min_steps, round(passes * sum(map(len, sentences)) / size))
    # A round number has many divisors.
    return math.ceil(steps / 100) * 100


def _corpus(nlp: Language, name: str) -> Iterable[Example]:
    """The examples of a corpus that [training] names; the other one is not needed, and may not be there."""
    config = nlp.config.interpolate()
    section = dot_to_object(config, config["training"][name])
    return registry.resolve({"corpus": section})["corpus"](nlp)


def fit_decisions(*, pipe: str = "ner") -> Callback:
    """Fit a recogniser's calibration and thresholds on the development set: a callback for [training.before_to_disk].
    Registered as `spacy_bilstm_ner.fit_decisions.v1`. The scores in the pipeline's meta become those of the pipeline
    that is saved. The next update undoes what has been fitted.

    pipe (str): The recogniser's name.
    """
    kept: list[Example] = []

    def callback(nlp: Language) -> Language:
        recogniser = nlp.get_pipe(pipe)
        is_frozen = pipe in nlp.config["training"]["frozen_components"]
        if isinstance(recogniser, BiLSTMNER) and not recogniser.is_fitted and not is_frozen:
            if not kept:
                kept.extend(_corpus(nlp, "dev_corpus"))
            _fit(nlp, recogniser, kept)
        return nlp

    return callback


def _fit(nlp: Language, recogniser: BiLSTMNER, examples: list[Example]) -> None:
    cfg = recogniser.cfg
    threshold = cfg["threshold"]
    # All that may be an entity, as sure as the network itself is.
    recogniser.set_fitted(UNCALIBRATED, dict.fromkeys(recogniser.labels, 0.0))
    cfg["threshold"] = 0.0
    try:
        confidences, right, labels = _judged(_predicted(nlp, recogniser, examples))
    finally:
        cfg["threshold"] = threshold
    calibration, thresholds = UNCALIBRATED, {}
    if len(confidences) >= MIN_ENTITIES:
        calibration = fit_calibration(confidences, right)
        found = Counter(ent.label_ for example in examples for ent in example.reference.ents)
        gold = {label: found[label] for label in recogniser.labels}
        thresholds = fit_thresholds(calibrated(confidences, *calibration), right, labels, gold)
    recogniser.set_fitted(calibration, thresholds)
    scores = recogniser.score(_predicted(nlp, recogniser, examples))
    performance = nlp.meta.setdefault("performance", {})
    performance.update({key: value for key, value in scores.items() if key in performance})


def _predicted(nlp: Language, recogniser: BiLSTMNER, examples: list[Example]) -> list[Example]:
    """The examples with what the recogniser predicts after all pipes before it."""
    names = nlp.component_names
    docs = (example.predicted.copy() for example in examples)
    found = nlp.pipe(docs, disable=names[names.index(recogniser.name) + 1 :])
    return [Example(doc, example.reference) for doc, example in zip(found, examples, strict=True)]


def _judged(examples: list[Example]) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """The confidence of each predicted entity, whether it is right, and its label."""
    confidences, right, labels = [], [], []
    for example in examples:
        gold = {(ent.start_char, ent.end_char, ent.label) for ent in example.reference.ents}
        for ent in example.predicted.ents:
            if ent._.confidence is not None:
                confidences.append(ent._.confidence)
                right.append((ent.start_char, ent.end_char, ent.label) in gold)
                labels.append(ent.label_)
    return np.array(confidences), np.array(right, dtype=bool), labels
