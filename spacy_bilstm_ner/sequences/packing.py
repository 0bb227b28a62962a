"""The order in which sequences of unequal length are computed: step by step, the longest first, without padding."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Packing:
    """First the first words of all sequences, longest sequence first, then their second words, and so on. Each step is
    then one slice, and a sequence gives the same result alone and in any batch."""

    rows: Ints  # n_words, the row of the sequences, one after the other, that stands at each packed place
    sequence: Ints  # n_words, the sequence of each packed word, counted from the longest
    sizes: Ints  # n_steps, how many sequences have a word at each step

    mirrored: Ints  # n_words, the packed place of the word as far from its sequence's other end


def pack(lengths: Ints) -> Packing:
    """Find the packed order of sequences with so many words each, in any order; 0 is allowed."""
    if len(lengths) == 1:
        rows = np.arange(lengths[0])
        return Packing(rows, np.zeros_like(rows), np.ones_like(rows), rows[::-1].copy())
    order = np.argsort(-lengths, kind="stable")
    falling = lengths[order]
    sizes = np.searchsorted(-falling, -np.arange(lengths.max(initial=0)), side="left")
    step = np.repeat(np.arange(len(sizes)), sizes)
    sequence = np.arange(len(step)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    first = (np.cumsum(lengths) - lengths)[order]
    mirrored = (np.cumsum(sizes) - sizes)[falling[sequence] - 1 - step] + sequence
    return Packing(first[sequence] + step, sequence, sizes, mirrored)


def groups_of_similar_length(
    lengths: Ints, *, max_sequences: int, max_words: int
) -> Iterator[Ints]:
    """Divide sequences with so many words each into groups that can be computed together with little padding and
    bounded memory: of `max_sequences` at most, and of `max_words` if each is padded to the longest, or one sequence.

    YIELDS (Ints): Numbers of sequences, the longest first.
    """
    falling = np.argsort(-lengths, kind="stable")
    while len(falling):
        longest = max(1, int(lengths[falling[0]]))
        n_sequences = max(1, min(max_sequences, max_words // longest))
        yield falling[:n_sequences]
        falling = falling[n_sequences:]
