import numpy as np
import pytest

from spacy_bilstm_ner.quality.intervals import bootstrap, interval, wilson
from spacy_bilstm_ner.quality.scores import f_scores


def test_draws_are_as_large_as_the_sample_and_always_the_same() -> None:
    counts = np.eye(5, dtype=int)
    drawn = bootstrap(counts, seed=0, draws=200)
    assert drawn.shape == (200, 5)
    assert (drawn.sum(axis=1) == 5).all()
    assert (drawn == bootstrap(counts, seed=0, draws=200)).all()
    assert (drawn != bootstrap(counts, seed=1, draws=200)).any()


def test_interval_of_a_mean_is_that_of_theory() -> None:
    # 400 coins, 100 of them heads: the standard error of the share is √(0.25 · 0.75 / 400)
    counts = (np.arange(400) < 100).astype(int)
    low, high = interval(bootstrap(counts, seed=0, draws=4000) / 400)
    error = np.sqrt(0.25 * 0.75 / 400)
    assert low == pytest.approx(0.25 - 1.96 * error, abs=0.004)
    assert high == pytest.approx(0.25 + 1.96 * error, abs=0.004)


def test_pairs_are_drawn_together() -> None:
    # B has one more right in each sentence: the difference is the same in every draw.
    a = np.random.default_rng(0).integers(5, size=60)
    drawn = bootstrap(np.stack([a, a + 1], axis=1), seed=0)
    assert set(drawn[:, 1] - drawn[:, 0]) == {60.0}


def test_f_worked_out_by_hand() -> None:
    # Right, made up, missed
    counts = np.array([[3, 1, 2], [1, 0, 0], [0, 0, 0]])
    assert f_scores(counts).tolist() == pytest.approx(
        [6 / 9, 1.0, np.nan, 8 / 11, (6 / 9 + 1) / 2], nan_ok=True
    )


def test_draws_without_a_label_are_left_out() -> None:
    drawn = np.array([[0.5, np.nan], [np.nan, np.nan], [0.5, np.nan]])
    low, high = interval(drawn)
    assert (low[0], high[0]) == (0.5, 0.5)
    assert np.isnan(low[1])


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Brown, Cai & DasGupta's and other published examples of Wilson's interval
    [
        (8, 10, 0.4902, 0.9433),
        (81, 263, 0.2553, 0.3662),
        (0, 20, 0.0, 0.1611),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson(right: int, total: int, low: float, high: float) -> None:
    assert wilson(right, total) == pytest.approx((low, high), abs=2e-4)
