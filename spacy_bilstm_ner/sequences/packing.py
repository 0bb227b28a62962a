"""Pack sequences of different lengths, so that an LSTM can run over a batch without padding."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Packing:
    """An order of the words of a batch: all first words, all second words, and so on.

    Sequences are sorted by length, the longest first. Each step is one slice of the array. The
    output of an LSTM for a sequence does not depend on the other sequences of the batch.
    """

    # n_words, for each packed word its row in the concatenated sequences
    rows: Ints
    # n_words, for each packed word the number of its sequence, of which 0 is the longest
    sequence: Ints
    # n_steps, the number of sequences that have a word at each step
    sizes: Ints
    # n_words, for each packed word the place of the word that it is exchanged with if its sequence
    # is reversed
    mirrored: Ints


def pack(lengths: Ints, firsts: Ints | None = None) -> Packing:
    """Return the packed order of sequences.

    lengths (Ints): n_sequences, the number of words of each, in any order; 0 is allowed.
    firsts (Ints | None): n_sequences, the row of each first word; None for sequences that follow
        one another.
    """
    if firsts is None:
        firsts = np.cumsum(lengths) - lengths
    if len(lengths) == 1:
        steps = np.arange(lengths[0])
        mirrored = steps[::-1].copy()
        return Packing(firsts[0] + steps, np.zeros_like(steps), np.ones_like(steps), mirrored)
    order = np.argsort(-lengths, kind="stable")
    sorted_lengths = lengths[order]
    sizes = np.searchsorted(-sorted_lengths, -np.arange(lengths.max(initial=0)), side="left")
    step = np.repeat(np.arange(len(sizes)), sizes)
    begins = np.cumsum(sizes) - sizes
    sequence = np.arange(len(step)) - np.repeat(begins, sizes)
    mirrored = begins[sorted_lengths[sequence] - 1 - step] + sequence
    return Packing(firsts[order][sequence] + step, sequence, sizes, mirrored)


def groups_of_similar_length(
    lengths: Ints, *, max_sequences: int, max_words: int
) -> Iterator[Ints]:
    """Divide sequences into groups of similar length, for little padding and bounded memory.

    lengths (Ints): n_sequences, the number of words of each.
    max_sequences (int): Maximum number of sequences in a group.
    max_words (int): Maximum number of words in a group, including padding. A longer sequence is a
        group by itself.
    YIELDS (Ints): Indices of sequences, the longest first.
    """
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        longest = max(1, int(lengths[order[0]]))
        n_sequences = max(1, min(max_sequences, max_words // longest))
        yield order[:n_sequences]
        order = order[n_sequences:]
