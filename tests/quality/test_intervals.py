import numpy as np
import pytest

from spacy_bilstm_ner.quality.intervals import (
    N_DRAWS,
    bootstrap,
    cases_needed,
    percentile_interval,
)


def test_draws_are_as_large_as_the_sample_and_repeatable() -> None:
    counts = np.eye(5, dtype=int)
    draws = bootstrap(counts)
    assert draws.shape == (N_DRAWS, 5)
    assert (draws.sum(axis=1) == 5).all()
    assert (draws == bootstrap(counts)).all()


def test_the_interval_of_a_mean_agrees_with_theory() -> None:
    # 400 coins, 100 of them heads: the standard error of the share is √(0.25 · 0.75 / 400).
    counts = (np.arange(400) < 100).astype(int)
    low, high = percentile_interval(bootstrap(counts) / 400)
    error = np.sqrt(0.25 * 0.75 / 400)
    assert low == pytest.approx(0.25 - 1.96 * error, abs=0.004)
    assert high == pytest.approx(0.25 + 1.96 * error, abs=0.004)


def test_pairs_are_drawn_together() -> None:
    # B has one more in each sentence: the difference is the same in each draw.
    a = np.random.default_rng(0).integers(5, size=60)
    draws = bootstrap(np.stack([a, a + 1], axis=1))
    assert set(draws[:, 1] - draws[:, 0]) == {60.0}


def test_draws_without_a_value_are_left_out() -> None:
    draws = np.array([[0.5, np.nan], [np.nan, np.nan], [0.5, np.nan]])
    low, high = percentile_interval(draws)
    assert (low[0], high[0]) == (0.5, 0.5)
    assert np.isnan(low[1])


@pytest.mark.parametrize(("share", "n_cases"), [(0.5, 4), (0.9, 35), (0.95, 73)])
def test_the_number_of_cases_that_show_a_share(share: float, n_cases: int) -> None:
    # The lower end of Wilson's interval is n / (n + z²) if all n cases are correct.
    assert cases_needed(share) == n_cases
    assert n_cases / (n_cases + 1.96**2) >= share > (n_cases - 1) / (n_cases - 1 + 1.96**2)
