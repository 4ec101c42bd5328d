"""Bootstrap intervals of means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.algorithms.bootstrap import mean_intervals


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    # 20 of 50: scipy.stats.binom(50, 0.4).ppf([0.025, 0.975]) / 50 is 0.26 and 0.54.
    values = np.repeat([[1.0], [0.0]], [20, 30], axis=0)
    lower, upper = mean_intervals(values, resamples=20_000)
    assert lower[0] == pytest.approx(0.26, abs=0.02)
    assert upper[0] == pytest.approx(0.54, abs=0.02)


def test_columns_are_resampled_together() -> None:
    values = np.random.default_rng(0).normal(size=(30, 1))
    both = mean_intervals(np.hstack([values, values + 1]))
    np.testing.assert_allclose(both[:, 0] + 1, both[:, 1])


def test_another_seed_draws_others_and_the_same_seed_the_same() -> None:
    values = np.random.default_rng(0).normal(size=(30, 1))
    np.testing.assert_array_equal(mean_intervals(values, seed=1), mean_intervals(values, seed=1))
    assert (mean_intervals(values, seed=1) != mean_intervals(values, seed=2)).any()


@given(values=st.lists(st.floats(-1, 1), min_size=1, max_size=8))
def test_an_interval_lies_within_the_values_and_about_their_mean(values: list[float]) -> None:
    lower, upper = mean_intervals(np.array([values]).T, resamples=500)[:, 0]
    assert min(values) - 1e-9 <= lower <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= upper <= max(values) + 1e-9
