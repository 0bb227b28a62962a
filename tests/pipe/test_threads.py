"""Four threads at once find what one finds."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
from numpy.testing import assert_allclose

from tests.util import confidences, entities, texts, trained

N_THREADS = 4


def test_four_threads_at_once_equal_one():
    nlp, reference = trained(), trained()
    # Words that are new to the pipeline in every text, and some that are not.
    many = [f"{text} Qwfp{i} met Zork{i}." for i in range(5) for text in texts()] + ["", " "]
    expected = [reference(text) for text in many]
    barrier = Barrier(N_THREADS)

    def work(number: int) -> list:
        order = np.random.default_rng(number).permutation(len(many))
        barrier.wait()
        return [(i, nlp(many[i])) for i in order.tolist()]

    with ThreadPoolExecutor(N_THREADS) as pool:
        for results in pool.map(work, range(N_THREADS)):
            assert len(results) == len(many)
            for i, doc in results:
                assert entities(doc) == entities(expected[i])
                assert_allclose(confidences(doc), confidences(expected[i]), atol=1e-5)
