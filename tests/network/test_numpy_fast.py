"""The recurrence in numpy, against torch's and against its own definition."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from spacy_bilstm_ner.network import numpy_fast, torch_fast
from spacy_bilstm_ner.network.packed import packing_order

HIDDEN, WIDTH, N_WORDS = 6, 5, 40


def weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    shapes = {
        "forward": (4 * HIDDEN, HIDDEN),
        "backward": (4 * HIDDEN, HIDDEN),
        "top_input": (4 * WIDTH, 2 * HIDDEN),
        "top_recurrent": (4 * WIDTH, WIDTH),
        "top_bias": (4 * WIDTH,),
    }
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def packed(lengths: list[int]) -> tuple[np.ndarray, list[int]]:
    """For each packed row the one as far from its sequence's other end; and the number of rows of each step."""
    _, sequences, batch_sizes = packing_order(np.array(lengths))
    falling = sorted(lengths, reverse=True)
    steps = np.repeat(np.arange(falling[0]), batch_sizes)
    row_at = {place: row for row, place in enumerate(zip(sequences.tolist(), steps.tolist(), strict=True))}
    mirrored = [row_at[sequence, falling[sequence] - 1 - step] for sequence, step in row_at]
    return np.array(mirrored), batch_sizes.tolist()


@pytest.mark.parametrize(
    "lengths", [[1], [7], [3, 3, 3], [1, 9, 4, 4, 2], [5, 5, 1, 1, 1], list(range(1, 90))], ids=str
)
def test_it_is_what_torch_computes(lengths):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(N_WORDS, 8 * HIDDEN)).astype("float32")
    made = weights(rng)
    mirrored, batch_sizes = packed(lengths)
    words = rng.integers(N_WORDS, size=len(mirrored))
    found = numpy_fast.encode(table, words, mirrored, batch_sizes, numpy_fast.prepare(**made))
    expected = torch_fast.encode(table, words, mirrored, batch_sizes, torch_fast.prepare(**made))
    assert found.dtype == np.float32
    assert_allclose(found, expected, atol=1e-5)


def test_nothing_that_it_is_given_is_overwritten():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(N_WORDS, 8 * HIDDEN)).astype("float32")
    prepared = numpy_fast.prepare(**weights(rng))
    mirrored, batch_sizes = packed([4, 2, 2])
    words = np.arange(8)
    arguments = [table, words, mirrored, *prepared]
    before = [argument.copy() for argument in arguments]
    first = numpy_fast.encode(table, words, mirrored, batch_sizes, prepared)
    for argument, copy in zip(arguments, before, strict=True):
        assert (argument == copy).all()
    assert (numpy_fast.encode(table, words, mirrored, batch_sizes, prepared) == first).all()


def test_one_step_by_hand():
    # One word: no state before it, in either direction nor on top.
    made = weights(np.random.default_rng(2))
    gates = np.random.default_rng(3).normal(size=8 * HIDDEN).astype("float32")

    def first_state(gates: np.ndarray) -> np.ndarray:
        # Input, forget, output and, doubled, new cell content
        into, _, out, new = np.split(gates.astype("float64"), 4)
        return np.tanh(np.tanh(new / 2) / (1 + np.exp(-into))) / (1 + np.exp(-out))

    both = np.concatenate([first_state(half) for half in np.split(gates, 2)])
    expected = first_state(made["top_input"] @ both + made["top_bias"])
    zero = np.zeros(1, dtype="int64")
    found = numpy_fast.encode(gates[None], zero, zero, [1], numpy_fast.prepare(**made))
    assert_allclose(found, expected[None], atol=1e-5)
