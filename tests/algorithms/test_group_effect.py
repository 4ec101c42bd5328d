"""Cliff's delta: by hand, by its definition, and an interval that knows how few clips stand behind many neurons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.group_effect import cliffs_delta, group_effect


def test_delta_is_pairs_won_less_pairs_lost() -> None:
    # 3 beats 1, 2 and ties 3; 1 ties 1 and loses to 2, 3: (2 - 0) + (0 - 2) over six pairs.
    assert cliffs_delta(np.array([3.0, 1.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(0)
    assert cliffs_delta(np.array([5.0, 6.0]), np.array([1.0])) == 1
    assert cliffs_delta(np.array([0.0]), np.array([1.0, 2.0])) == -1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_delta_is_what_its_definition_says(one: list[int], other: list[int]) -> None:
    x, y = np.array(one, dtype=float), np.array(other, dtype=float)
    expected = np.sign(x[:, None] - y[None, :]).mean()
    assert cliffs_delta(x, y) == pytest.approx(expected)
    assert cliffs_delta(y, x) == pytest.approx(-expected)


def test_groups_that_differ_have_an_interval_above_zero() -> None:
    rng = np.random.default_rng(1)
    has_word = np.arange(2000) % 3 == 0
    effect = group_effect(rng.normal(has_word * 1.0, 1), has_word, rng.integers(0, 200, 2000))
    assert effect
    assert effect.n_with + effect.n_without == 2000
    assert 0 < effect.low < effect.delta < effect.high
    assert effect.median_with > effect.median_without
    assert effect.delta == pytest.approx(0.52, abs=0.06)  # 2 Phi(1 / sqrt 2) - 1


def test_the_interval_is_wider_where_few_clips_stand_behind_the_neurons() -> None:
    rng = np.random.default_rng(2)
    clips = rng.integers(0, 15, 3000)
    # Values and words come from the clip alone: 3,000 neurons know no more than their 15 clips.
    values, has_word = rng.normal(size=15)[clips], (np.arange(15) % 2 == 0)[clips]
    by_clip = group_effect(values, has_word, clips)
    by_neuron = group_effect(values, has_word, np.arange(3000))
    assert by_clip
    assert by_neuron
    assert by_clip.delta == by_neuron.delta
    assert by_clip.clusters == 15
    assert by_clip.high - by_clip.low > 5 * (by_neuron.high - by_neuron.low)


def test_the_interval_is_the_same_for_the_same_seed_and_covers_the_estimate() -> None:
    rng = np.random.default_rng(3)
    values, has_word, clips = rng.normal(size=500), rng.random(500) < 0.4, rng.integers(0, 50, 500)
    first, again = group_effect(values, has_word, clips, seed=4), group_effect(values, has_word, clips, seed=4)
    other = group_effect(values, has_word, clips, seed=5)
    assert first == again
    assert first != other
    assert first
    assert first.low <= first.delta <= first.high


@pytest.mark.parametrize("has_word", [True, False])
def test_there_is_no_effect_without_two_groups(has_word: bool) -> None:
    assert group_effect([1.0, 2.0], [has_word, has_word], [0, 1]) is None


def test_equal_values_make_no_difference() -> None:
    effect = group_effect([2.0] * 40, [True, False] * 20, list(range(40)))
    assert effect
    assert (effect.delta, effect.low, effect.high) == (0, 0, 0)
