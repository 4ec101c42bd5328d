"""Traces worked out by hand, and what must hold for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from and_core.algorithms.token_traces import MAX_STEPS, TokenTraces, merged_steps, quantise, restore, token_traces
from and_core.errors import NetworkError

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
PROFILES = hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=NUMBERS)


def test_a_trace_is_the_highest_of_all_bands_and_a_profile_the_highest_of_all_steps() -> None:
    outputs = np.array([[[1, -9], [5, -8]], [[3, -7], [2, -6]], [[0, -5], [4, -4]]], dtype=np.float32)
    traces = token_traces(outputs, np.array([1, 0, 1]))
    assert traces.bands is not None
    assert traces.time.tolist() == [[-5, -4], [3, 5], [-5, -4]]
    assert traces.bands.tolist() == [[-8, -6, -4], [5, 3, 4], [-8, -6, -4]]
    assert traces.time.dtype == traces.bands.dtype == np.float32


def test_a_token_that_hears_all_frequencies_has_no_profile_over_bands() -> None:
    assert token_traces(np.zeros((1, 3, 2), np.float32), np.array([0])).bands is None


def test_no_neuron_has_no_trace() -> None:
    traces = token_traces(np.zeros((2, 100, 3), np.float32), np.array([], dtype=np.intp))
    quantised = quantise(traces)
    assert quantised.time.shape == (0, 50)
    assert quantised.bands is not None
    assert quantised.bands.shape == (0, 2)


@pytest.mark.parametrize(("steps", "merged"), [(1, 1), (64, 64), (65, 33), (128, 64), (129, 43), (1000, 63)])
def test_long_traces_are_merged_over_equal_spans(steps: int, merged: int) -> None:
    start = np.arange(steps, dtype=np.float32)
    starts, ends = merged_steps(start, start + 2)
    assert len(starts) == len(ends) == merged <= MAX_STEPS
    spans = np.diff(starts)
    assert (spans == spans[:1]).all()
    assert (starts[0], ends[-1]) == (0, steps + 1)


@given(st.integers(1, 300), st.integers(1, 3), st.integers(0, 1000))
def test_a_merged_step_holds_the_highest_output_of_its_time(steps: int, bands: int, seed: int) -> None:
    outputs = np.random.default_rng(seed).normal(size=(bands, steps, 2)).astype(np.float32)
    trace = token_traces(outputs, np.array([1])).time[0]
    seconds = np.arange(steps, dtype=np.float32)
    starts, ends = merged_steps(seconds, seconds + 1)
    assert trace.tolist() == [
        outputs[:, int(start) : int(end), 1].max() for start, end in zip(starts, ends, strict=True)
    ]


@given(PROFILES, st.booleans())
def test_restored_traces_are_within_half_a_level(profiles: np.ndarray, with_bands: bool) -> None:
    traces = TokenTraces(profiles, profiles[:, ::-1] if with_bands else None)
    quantised = quantise(traces)
    low, high = (end.astype(np.float64) for end in (quantised.lowest, quantised.highest))
    half = (high - low) / 255 / 2
    # What float32 rounds off besides: its 24 binary digits, or its smallest number.
    slack = np.maximum(np.abs(low), np.abs(high)) * 2.0**-24 + 2.0**-149
    for levels, numbers in ((quantised.time, traces.time), (quantised.bands, traces.bands)):
        if levels is not None and numbers is not None:
            error = np.abs(restore(levels, quantised.lowest, quantised.highest) - numbers.astype(np.float64))
            assert (error <= (half + slack)[:, None]).all()


@given(PROFILES)
def test_lowest_and_highest_come_back_exactly(profiles: np.ndarray) -> None:
    quantised = quantise(TokenTraces(profiles, None))
    restored = restore(quantised.time, quantised.lowest, quantised.highest)
    assert (restored.min(axis=1) == profiles.min(axis=1)).all()
    assert (restored.max(axis=1) == profiles.max(axis=1)).all()


def test_a_trace_that_never_changes_is_level_0_and_comes_back() -> None:
    quantised = quantise(TokenTraces(np.full((1, 3), -2.5, np.float32), None))
    assert quantised.time.tolist() == [[0, 0, 0]]
    assert restore(quantised.time, quantised.lowest, quantised.highest).tolist() == [[-2.5, -2.5, -2.5]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_output_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(NetworkError, match="not finite"):
        quantise(TokenTraces(np.array([[0, bad]], np.float32), None))
