"""Summary calibration."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms import exemplars as exemplars_module
from and_core.algorithms.b_calibration.calibrate import calibrate, calibrate_neurons


def random_points(seed: int, high: int, low: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(high, 4)).astype(np.float32), rng.normal(size=(low, 4)).astype(np.float32)


def test_a_point_that_the_low_summary_makes_too_is_struck() -> None:
    high = np.array([[1, 0], [0, 2], [1, 1]], np.float32)
    found = calibrate(high, np.array([[5, 0]], np.float32), 0.7)
    assert found.kept.tolist() == [False, True, False]
    assert found.nearest_low.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.similarity, [1, 0, 0.5**0.5], atol=1e-6)


def test_a_cosine_of_exactly_the_threshold_is_kept() -> None:
    point = np.array([[1, 0]], np.float32)
    assert calibrate(point, point, 1.0).kept.tolist() == [True]
    assert calibrate(point, point, 0.999).kept.tolist() == [False]


def test_without_a_low_summary_every_point_is_kept() -> None:
    found = calibrate(np.eye(3, dtype=np.float32), np.empty((0, 3), np.float32))
    assert found.kept.all()
    assert found.nearest_low.tolist() == [-1, -1, -1]
    assert np.isnan(found.similarity).all()


def test_a_summary_without_points_calibrates_to_nothing() -> None:
    assert len(calibrate(np.empty((0, 3), np.float32), np.eye(3, dtype=np.float32)).kept) == 0


def test_the_kept_points_equal_the_golden_pairwise_rule(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "text.json").read_text())["calibration"]["cases"]
    runs = 0
    for case in cases:
        high, low = (np.array(case[key], np.float32).reshape(-1, case["dim"]) for key in ("emb_high", "emb_low"))
        for threshold, expected in case["expected"].items():
            kept = calibrate(high, low, float(threshold)).kept
            assert [f"h{i}" for i in np.flatnonzero(kept)] == expected["no_mutation_high"]
            runs += 1
    assert runs == 42


@given(st.integers(0, 10_000), st.floats(-1, 1), st.floats(-1, 1))
@settings(max_examples=50, deadline=None)
def test_a_higher_threshold_keeps_no_fewer_points(seed: int, one: float, other: float) -> None:
    high, low = random_points(seed, 6, 5)
    strict, mild = calibrate(high, low, min(one, other)).kept, calibrate(high, low, max(one, other)).kept
    assert not (strict & ~mild).any()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8), st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_many_neurons_together_equal_each_neuron_alone(sizes: list[tuple[int, int]], seed: int) -> None:
    neurons = [random_points(seed + i, high, low) for i, (high, low) in enumerate(sizes)]
    highs, lows = (np.concatenate([pair[side] for pair in neurons]) for side in (0, 1))
    together = calibrate_neurons(
        np.concatenate([highs, lows]),
        np.arange(len(highs)),
        np.cumsum([0, *(high for high, _ in sizes)]),
        np.arange(len(highs), len(highs) + len(lows)),
        np.cumsum([0, *(low for _, low in sizes)]),
        0.3,
    )
    alone = [calibrate(*pair, 0.3) for pair in neurons]
    np.testing.assert_array_equal(together.kept, np.concatenate([one.kept for one in alone]))
    np.testing.assert_array_equal(together.nearest_low, np.concatenate([one.nearest_low for one in alone]))
    np.testing.assert_allclose(together.similarity, np.concatenate([one.similarity for one in alone]), atol=1e-6)


def test_points_that_neurons_share_are_embedded_once() -> None:
    embeddings = np.eye(2, dtype=np.float32)
    found = calibrate_neurons(
        embeddings, np.array([0, 1, 0]), np.array([0, 2, 3]), np.array([1, 0]), np.array([0, 1, 2])
    )
    assert found.kept.tolist() == [True, False, False]
    assert found.nearest_low.tolist() == [0, 0, 0]


def test_blocks_of_neurons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    high, low = random_points(3, 30, 20)
    arguments = (
        np.concatenate([high, low]),
        np.arange(30),
        np.arange(0, 31, 3),
        np.arange(30, 50),
        np.arange(0, 21, 2),
    )
    whole = calibrate_neurons(*arguments)
    monkeypatch.setattr(exemplars_module, "BLOCK_NUMBERS", 50)
    cut = calibrate_neurons(*arguments)
    np.testing.assert_array_equal(cut.kept, whole.kept)
    np.testing.assert_array_equal(cut.nearest_low, whole.nearest_low)


def test_offsets_that_do_not_fit_the_points_are_refused() -> None:
    with pytest.raises(ValueError, match="offsets"):
        calibrate_neurons(np.eye(2), np.array([0]), np.array([0, 2]), np.array([1]), np.array([0, 1]))


def test_the_released_rule_strikes_otherwise_because_it_edits_the_lists_it_walks_through(shared: Path) -> None:
    """DESIGN's table: a point of S_h goes if its cosine with any point of S_l is above t, and S_l is left alone."""
    cases = json.loads((shared / "golden" / "text.json").read_text())["calibration"]["cases"]
    runs = [(case, threshold) for case in cases for threshold in case["expected"]]
    different, low_struck = 0, 0
    for case, threshold in runs:
        high, low = (np.array(case[key], np.float32).reshape(-1, case["dim"]) for key in ("emb_high", "emb_low"))
        kept = [f"h{i}" for i in np.flatnonzero(calibrate(high, low, float(threshold)).kept)]
        different += kept != case["expected"][threshold]["high"]
        low_struck += len(case["expected"][threshold]["low"]) < len(low)
    assert (different, len(runs)) == (27, 42)
    assert low_struck > 0, "ours has no way to strike a point of S_l"
