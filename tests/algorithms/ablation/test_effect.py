"""What pruning did, with intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.algorithms.ablation.bootstrap import Bootstrap, estimate, mean_of_runs
from and_core.algorithms.ablation.confidence import confidences, confusion
from and_core.algorithms.ablation.effect import Effect, deltas, excess, mean_delta, mean_over_classes, means


def compared(clips: Bootstrap, before: np.ndarray, after: np.ndarray) -> Effect:
    """Of logits [N, C]."""
    return Effect(clips, means(clips, before), means(clips, after))


def test_confidences_by_hand() -> None:
    logits = np.array([[0, 0], [np.log(3), 0], [5, 6]])
    found = confidences(logits, [0, 0, 1])
    assert found[:, 0].tolist() == pytest.approx([0, np.log(3), 6])
    assert found[:2, 1].tolist() == pytest.approx([0.5, 0.75])
    assert found[:, 2].tolist() == [1, 1, 1]
    assert confidences(np.array([[1e4, -1e4]]), [0])[0, 1] == 1


def test_the_confusion_matrix_counts_true_classes_by_answers() -> None:
    logits = np.array([[2, 1, 0], [2, 1, 0], [0, 1, 2], [0, 3, 2]])
    assert confusion(logits, [0, 2, 2, 1]).tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]


def test_deltas_by_hand() -> None:
    labels = [0, 0, 1, 2]
    before = np.array([[3, 0, 0], [5, 0, 0], [0, 2, 0], [0, 0, 1]], float)
    after = np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 2]], float)
    found = compared(Bootstrap(labels), before, after)
    delta = found.delta(0)
    assert (delta.ablated[0], delta.remaining[0], delta.gap[0]) == pytest.approx((-3, 0, 3))
    was, now, change = found.of_class(0)
    assert (was.value, now.value, change.value) == pytest.approx((4, 1, -3))
    assert (was.low, was.high) == pytest.approx((3, 5))
    assert (change.low, change.high) == pytest.approx((-3, -3))  # both clips lost 3, whichever are drawn
    assert found.overall()[0].value == 1
    assert found.overall()[1].value == pytest.approx(1)


def test_an_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(5).normal(2, 1, (400, 1))
    draws = Bootstrap(np.zeros(400, int), resamples=4000).class_means(values)[:, 0, 0]
    found = estimate(draws)
    error = values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)


@given(seed=st.integers(0, 99))
def test_draws_are_of_clips_of_the_same_class_and_the_first_is_what_was_measured(seed: int) -> None:
    labels = np.array([4, 1, 1, 4, 4])
    values = np.array([[10.0], [1.0], [2.0], [20.0], [30.0]])
    draws = Bootstrap(labels, resamples=50, seed=seed).class_means(values)[:, :, 0]
    assert draws[0].tolist() == pytest.approx([1.5, 20])
    assert draws[:, 0].min() >= 1 and draws[:, 0].max() <= 2 and draws[:, 1].min() >= 10
    np.testing.assert_array_equal(draws, Bootstrap(labels, resamples=50, seed=seed).class_means(values)[:, :, 0])


def test_the_mean_over_all_clips_weighs_classes_by_their_clips() -> None:
    clips = Bootstrap([0, 0, 0, 1])
    assert clips.over_clips(clips.class_means(np.array([[1.0], [1.0], [1.0], [5.0]])))[0, 0] == 2


def test_an_interval_over_controls_is_wider_than_over_clips_alone() -> None:
    rng = np.random.default_rng(0)
    runs = np.repeat(np.array([[0.0], [10.0], [20.0], [30.0], [40.0]]), 501, axis=1) + rng.normal(0, 0.01, (5, 501))
    found = estimate(mean_of_runs(runs))
    assert found.value == pytest.approx(20, abs=0.1)
    assert found.low < 12 and found.high > 28


def test_excess_is_zero_against_oneself_and_paired() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 60)
    before, after = rng.normal(0, 5, (60, 3)), rng.normal(0, 5, (60, 3))
    delta = compared(Bootstrap(labels), before, after).delta(1)
    none = excess(delta, mean_delta([delta]))
    assert (none.value, none.low, none.high) == (0, 0, 0)
    row = deltas(mean_over_classes([delta, delta]))
    assert row.gap.low < row.gap.value < row.gap.high
    assert row.gap.value == pytest.approx(row.remaining.value - row.ablated.value)


def test_a_class_without_clips_and_a_single_class_are_refused() -> None:
    logits = np.eye(2)
    with pytest.raises(ValueError, match="class 7 has no clips"):
        compared(Bootstrap([0, 1]), logits, logits).delta(7)
    with pytest.raises(ValueError, match="at least one other"):
        compared(Bootstrap([0, 0]), logits, logits).delta(0)
    with pytest.raises(ValueError, match="no clip"):
        Bootstrap([])
