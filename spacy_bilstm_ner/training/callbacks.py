"""What a plain `spacy train` does besides, for a config that names it: how long to train, and what to fit at the end."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from spacy.language import Language
from spacy.training import Example
from spacy.util import logger, registry, resolve_dot_names

from ..calibration import UNCALIBRATED, calibrated, fit_calibration, fit_thresholds
from ..component import BiLSTMNER

# So many entities tell what confidences are worth.
MIN_ENTITIES = 15

Callback = Callable[[Language], Language]


def fit_length(*, passes: float = 9.0, min_steps: int = 1500, evaluations: int = 10) -> Callable[[Language], None]:
    """Fit the length of training to the corpus: a callback for [initialize.before_init]. Registered as
    `spacy_bilstm_ner.fit_length.v1`.

    It reads [training] and changes it. `max_steps = 0` becomes the updates that `passes` over the corpus take; any
    other number stays. A learning rate whose `num_steps` is 0 falls over the whole training. `eval_frequency` becomes a
    divisor of `max_steps`, so that the end is evaluated: the one nearest to what the config says, or to a tenth of the
    training if that is 0 updates long or longer than the training.

    passes (float): How often each word of the corpus is shown.
    min_steps (int): The least updates for a small corpus.
    evaluations (int): About how many evaluations there are, where `max_steps` is 0.
    RETURNS (Callable[[Language], None]): The callback. It changes nothing for a pipeline that is already trained, whose
        corpus may be elsewhere.
    """

    def callback(nlp: Language) -> None:
        training = nlp.config["training"]
        if training["max_steps"] == 0:
            steps = _steps(nlp, passes=passes, min_steps=min_steps)
            if steps is None:
                return
            training["max_steps"] = steps
            training["eval_frequency"] = max(1, steps // evaluations)
            logger.info("%s updates, to fit the corpus", steps)
        steps = training["max_steps"]
        training["eval_frequency"] = _nearest_divisor(steps, training["eval_frequency"])
        rate = training["optimizer"].get("learn_rate")
        if isinstance(rate, dict) and rate.get("num_steps") == 0:
            rate["num_steps"] = steps

    return callback


def _steps(nlp: Language, *, passes: float, min_steps: int) -> int | None:
    config = nlp.config.interpolate()
    (corpus,) = resolve_dot_names(config, [config["training"]["train_corpus"]])
    size = config["training"]["batcher"].get("size")
    if not isinstance(size, int):
        return None
    try:
        n_words = sum(len(example.reference) for example in corpus(nlp))
    except FileNotFoundError:
        return None
    steps = max(min_steps, round(passes * n_words / size))
    # A round number has many divisors.
    return math.ceil(steps / 100) * 100


def _nearest_divisor(number: int, wanted: int) -> int:
    divisors = [n for n in range(1, number + 1) if number % n == 0]
    return min(divisors, key=lambda n: abs(math.log(n / max(1, wanted))))


def fit_decisions(*, pipe: str = "ner") -> Callback:
    """Fit a recogniser's calibration and thresholds on the development set: a callback for [training.before_to_disk].
    Registered as `spacy_bilstm_ner.fit_decisions.v1`. The scores in the pipeline's meta become those of the pipeline
    that is saved.

    pipe (str): The recogniser's name.
    RETURNS (Callable[[Language], Language]): The callback. The next update undoes what it has fitted.
    """
    kept: list[Example] = []

    def callback(nlp: Language) -> Language:
        recogniser = nlp.get_pipe(pipe)
        if not isinstance(recogniser, BiLSTMNER) or recogniser.is_fitted:
            return nlp
        if not kept:
            config = nlp.config.interpolate()
            (corpus,) = resolve_dot_names(config, [config["training"]["dev_corpus"]])
            kept.extend(corpus(nlp))
        _fit(nlp, recogniser, kept)
        return nlp

    return callback


def _fit(nlp: Language, recogniser: BiLSTMNER, examples: list[Example]) -> None:
    examples = [Example(example.predicted.copy(), example.reference) for example in examples]
    docs: Iterable = [example.predicted for example in examples]
    for _, proc in nlp.pipeline:
        if proc is recogniser:
            break
        docs = proc.pipe(docs)
    docs = list(docs)
    parts = [docs[i : i + nlp.batch_size] for i in range(0, len(docs), nlp.batch_size)]
    cfg = recogniser.cfg
    recogniser.set_fitted(UNCALIBRATED, dict.fromkeys(recogniser.labels, 0.0))
    raise NotImplementedError(cfg, parts)
