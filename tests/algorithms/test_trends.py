"""Lines through depth: by hand, on the paper's own numbers, and what they do at the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.trends import OVER, mean_difference, slope_difference, trend
from and_core.findings import paper


def test_a_line_through_points_on_a_line_is_that_line() -> None:
    line = trend([1, 2, 3, 4], [5.0, 4.0, 3.0, 2.0])
    assert line
    assert (line.slope, line.intercept, line.n, line.first, line.last) == (-1, 6, 4, 1, 4)
    assert line.change[0] == -3
    assert line.at(2.5) == pytest.approx(3.5)


def test_the_interval_is_students_t_of_the_slope() -> None:
    # Slope 0.5; residuals -0.25, 0.25, 0.25, -0.25 over two degrees of freedom: error sqrt(0.125 / 5), t = 4.3027.
    line = trend([0, 1, 2, 3], [0.0, 1.0, 1.5, 1.5])
    assert line
    assert line.slope == pytest.approx(0.5)
    error = np.sqrt(np.square([-0.25, 0.25, 0.25, -0.25]).sum() / 2 / 5)
    assert (line.low, line.high) == pytest.approx((0.5 - 4.3027 * error, 0.5 + 4.3027 * error), abs=1e-4)


@pytest.mark.parametrize(
    ("network", "least", "most"), [("AST", 0, 1e-3), ("BEATs-finetuned", 0, 1e-3), ("BEATs-frozen", 0.05, 1)]
)
def test_lines_through_the_papers_block_means_have_the_p_values_that_it_prints(
    network: str, least: float, most: float
) -> None:
    rows = paper.by_block().query("network == @network")
    line = trend(rows["depth"], rows["adjectives"], "block means")
    assert line
    assert line.n == 12
    assert least < line.p_value < most


def test_a_line_through_block_means_weighs_blocks_alike_whatever_their_size() -> None:
    depths, values = [1, 1, 1, 1, 2, 3], [0.0, 2.0, 0.0, 2.0, 2.0, 3.0]
    line = trend(depths, values, "block means")
    assert line
    assert (line.n, line.slope, line.mean) == (3, pytest.approx(1.0), pytest.approx(2.0))


@pytest.mark.parametrize(
    ("depths", "over"), [([1, 2], "neurons"), ([2, 2, 2], "neurons"), ([1, 1, 2, 2], "block means")]
)
def test_there_is_no_line_through_too_little(depths: list[int], over: str) -> None:
    assert trend(depths, [1.0] * len(depths), over) is None  # type: ignore[arg-type]


def test_a_measure_that_never_changes_has_no_slope_and_says_so() -> None:
    line = trend([1, 2, 3, 4], [2.0, 2.0, 2.0, 2.0])
    assert line
    assert (line.slope, line.low, line.high, line.p_value) == (0, 0, 0, 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.floats(-5, 5)), min_size=4, max_size=60), st.sampled_from(OVER))
def test_the_interval_holds_the_slope_and_turns_with_the_measure(points: list[tuple[int, float]], over: str) -> None:
    depths, values = np.array([depth for depth, _ in points]), np.array([value for _, value in points])
    line, turned = trend(depths, values, over), trend(depths, -values, over)  # type: ignore[arg-type]
    if line is None:
        assert turned is None
        return
    assert turned
    assert line.low <= line.slope <= line.high
    assert (turned.low, turned.high) == pytest.approx((-line.high, -line.low))
    assert turned.p_value == pytest.approx(line.p_value)


def test_differences_of_lines_know_their_own_uncertainty() -> None:
    rng = np.random.default_rng(0)
    depths = np.repeat([1, 2, 3, 4], 500)
    steep, flat = (
        trend(depths, slope * depths + rng.normal(0, 1, len(depths)) + offset) for slope, offset in ((-0.5, 4), (0, 1))
    )
    assert steep
    assert flat
    estimate, low, high = slope_difference(flat, steep)
    assert low < 0.5 < high
    assert estimate == pytest.approx(0.5, abs=0.1)
    assert mean_difference(steep, flat)[0] == pytest.approx(1.75, abs=0.1)
    assert mean_difference(steep, steep)[1] < 0 < mean_difference(steep, steep)[2]
