"""Schedules of the learning rate."""

from collections.abc import Iterator
from itertools import count

import numpy as np


def rise_and_fall(
    *, first: float, highest: float, last: float, num_steps: int, rise: float = 0.0333
) -> Iterator[float]:
    """Yield a rate that rises linearly and then falls linearly.

    Registered as the schedule `spacy_bilstm_ner.rise_and_fall.v1`. See Howard & Ruder 2018,
    "Universal Language Model Fine-tuning for Text Classification".

    first, highest, last (float): The rate at the beginning, at the top, and at the end. Outside of
        `spacy train`, `nlp.update` always uses the first rate.
    num_steps (int): Number of updates from the beginning to the end.
    rise (float): Share of the updates before the top.
    """
    for step in count():
        yield float(np.interp(step, (0, rise * num_steps, num_steps), (first, highest, last)))
