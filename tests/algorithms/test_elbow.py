"""The number of clusters by the elbow method."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.elbow import ElbowCurve, elbow_curve


def curve(*inertia: float) -> ElbowCurve:
    return ElbowCurve(np.arange(1, len(inertia) + 1, dtype=np.int32), np.array(inertia, float))


def test_the_elbow_lies_farthest_below_the_chord() -> None:
    found = curve(10, 4, 2, 1, 0)
    np.testing.assert_allclose(found.below_chord, [0, 0.35, 0.3, 0.15, 0], atol=1e-12)
    assert found.elbow == 2


def test_a_curve_without_a_bend_takes_all_clusters() -> None:
    assert curve(10, 5).elbow == 2
    assert curve(0, 0, 0).elbow == 1, "one cluster is enough for sentences that are all alike"
    assert curve(3, 2, 1, 0).elbow == 4


@pytest.mark.parametrize("groups", [3, 6, 11])
def test_groups_that_lie_apart_are_counted(groups: int) -> None:
    rng = np.random.default_rng(groups)
    centres = 20 * np.eye(groups, 16)
    points = (np.repeat(centres, 12, axis=0) + rng.normal(size=(12 * groups, 16))).astype(np.float32)
    assert elbow_curve(points, 30, seed=0).elbow == groups


@given(st.lists(st.floats(0, 100), min_size=3, max_size=12), st.floats(0.1, 50), st.floats(0, 50))
@settings(max_examples=50, deadline=None)
def test_scale_and_offset_do_not_move_the_elbow(drops: list[float], scale: float, offset: float) -> None:
    inertia = np.cumsum(np.round(sorted(drops), 3))[::-1]
    below = curve(*inertia).below_chord
    np.testing.assert_allclose(curve(*(scale * inertia + offset)).below_chord, below, atol=1e-6)
    assert ((below >= 0) & (below <= 1)).all()


def test_the_curve_falls_and_ends_where_every_sentence_has_a_cluster() -> None:
    points = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    found = elbow_curve(np.concatenate([points, points]), 30)
    assert found.clusters.tolist() == list(range(1, 10))
    assert found.inertia[0] == pytest.approx(2 * ((points - points.mean(axis=0)) ** 2).sum(), rel=1e-4)
    assert found.inertia[-1] == pytest.approx(0, abs=1e-6)


def test_no_sentence_has_no_curve() -> None:
    with pytest.raises(ValueError, match="0 sentences"):
        elbow_curve(np.empty((0, 3), np.float32), 11)
