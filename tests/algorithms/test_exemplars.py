"""Exemplars and statistics of activations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from and_core.algorithms import exemplars as module
from and_core.algorithms.exemplars import constant_neurons, exemplars, neuron_statistics, top_clips
from and_core.errors import NetworkError

FEW_VALUES = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 12)), elements=st.integers(-2, 2))


def test_the_most_extreme_clips_come_first_at_both_ends() -> None:
    found = exemplars(np.array([[0.0, 5.0, -3.0, 2.0]], np.float32), 2)
    assert found.high_clips.tolist() == [[1, 3]]
    assert found.high_activations.tolist() == [[5, 2]]
    assert found.low_clips.tolist() == [[2, 0]]
    assert found.low_activations.tolist() == [[-3, 0]]
    assert found.high_clips.dtype == found.low_clips.dtype == np.int32


def test_equal_activations_are_taken_in_the_order_of_the_clips() -> None:
    found = exemplars(np.array([[1, 7, 7, 7, 1, 1]], np.float32), 2)
    assert found.high_clips.tolist() == [[1, 2]]
    assert found.low_clips.tolist() == [[0, 4]]


def test_a_data_set_smaller_than_k_gives_all_its_clips() -> None:
    found = exemplars(np.array([[1, 3, 2]], np.float32), 10)
    assert found.high_clips.tolist() == [[1, 2, 0]]
    assert found.low_clips.tolist() == [[0, 2, 1]]


@settings(max_examples=60, deadline=None)
@given(FEW_VALUES, st.integers(1, 12))
def test_exemplars_equal_a_stable_sort(activations: np.ndarray, k: int) -> None:
    found = exemplars(activations, k)
    np.testing.assert_array_equal(found.high_clips, np.argsort(-activations, axis=1, kind="stable")[:, :k])
    np.testing.assert_array_equal(found.low_clips, np.argsort(activations, axis=1, kind="stable")[:, :k])


def test_cutting_a_layer_into_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    activations = np.random.default_rng(0).normal(size=(9, 40)).astype(np.float32)
    whole, statistics = top_clips(activations, 5), neuron_statistics(activations)
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 80)
    np.testing.assert_array_equal(top_clips(activations, 5), whole)
    for cut, uncut in zip(neuron_statistics(activations), statistics, strict=True):
        np.testing.assert_array_equal(cut, uncut)


def test_an_activation_that_is_not_a_number_is_refused_with_its_neuron() -> None:
    activations = np.zeros((3, 4), np.float32)
    activations[2, 1] = np.nan
    with pytest.raises(NetworkError, match="Neuron 2"):
        exemplars(activations, 2)


def test_no_exemplar_at_all_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        exemplars(np.zeros((1, 4), np.float32), 0)


def test_statistics_agree_with_numpy() -> None:
    activations = np.random.default_rng(1).normal(3, 2, size=(5, 101)).astype(np.float32)
    mean, std, quantiles = neuron_statistics(activations)
    np.testing.assert_allclose(mean, activations.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(std, activations.std(axis=1), rtol=1e-5)
    np.testing.assert_allclose(quantiles, np.quantile(activations, np.linspace(0, 1, 33), axis=1).T, atol=1e-5)


def test_one_clip_is_all_of_its_quantiles() -> None:
    mean, std, quantiles = neuron_statistics(np.array([[2.5]], np.float32))
    assert (mean[0], std[0]) == (2.5, 0)
    assert quantiles.tolist() == [[2.5] * 33]


def test_a_neuron_that_hears_no_difference_is_constant() -> None:
    assert constant_neurons(np.array([[1, 1, 1], [1, 1, 2]], np.float32)).tolist() == [True, False]
