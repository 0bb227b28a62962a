"""How the learning rate rises and falls."""

from collections.abc import Iterator
from itertools import count

import numpy as np


def rise_and_fall(
    *, first: float, highest: float, last: float, num_steps: int, rise: float = 0.0333
) -> Iterator[float]:
    """Rise in a straight line, then fall in one (Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text
    Classification"). Registered as the schedule `spacy_bilstm_ner.rise_and_fall.v1`.

    first, highest, last (float): The rate at the beginning, at the top, and at the end. The first is what a trained
        pipe goes on learning with: `nlp.update` alone takes no step on a schedule.
    num_steps (int): Updates from the beginning to the end.
    rise (float): The share of them until the top.
    """
    for step in count():
        yield float(np.interp(step, (0, rise * num_steps, num_steps), (first, highest, last)))
