"""How a measure of neurons changes with depth: a straight line, its slope with p-value and interval (paper, Figure 5).

The paper prints p < 0.001, p < 0.001 and p > 0.05 for its three networks and does not say what was regressed. The
twelve block means that its figure shows give p = 0.0008, 0.0001 and 0.53, so a line through block means tells the same;
a line through all neurons is the other choice, and the only one with any power in a network of few blocks. Neurons of
a network share clips and are not independent, so that their p-values are lower bounds.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
Over = Literal["neurons", "block means"]
OVER: tuple[Over, ...] = get_args(Over)


@dataclass(frozen=True)
class Trend:
    """A least-squares line through a measure over depth."""

    slope: float
    """Change of the measure from one block to the next."""
    low: float
    """Of the slope's 95 % interval (Student's t)."""
    high: float
    standard_error: float
    """Of the slope."""
    p_value: float
    """Two-sided, of a slope of 0."""
    intercept: float
    """The line at depth 0."""
    n: int
    """Points that the line goes through."""
    first: int
    """The shallowest depth."""
    last: int
    mean: float
    """Of the measure over the n points."""
    spread: float
    """Its standard deviation over the n points."""

    @property
    def change(self) -> tuple[float, float, float]:
        """From the first block to the last along the line: estimate, low and high end of its 95 % interval."""
        blocks = self.last - self.first
        return self.slope * blocks, self.low * blocks, self.high * blocks

    def at(self, depth: float) -> float:
        """The line at a depth."""
        return self.intercept + self.slope * depth


def trend(depths: npt.ArrayLike, values: npt.ArrayLike, over: Over = "neurons") -> Trend | None:
    """Fit the line.

    Args:
        depths: [J] the block of every neuron.
        values: [J] the measure of every neuron.
        over: what the line goes through.

    Returns:
        None where there are fewer than three points or a single depth: no line has an interval there.
    """
    x, y = np.asarray(depths, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if over == "block means":
        x, y = block_means(x, y)
    if len(x) < 3 or x.min() == x.max():
        return None
    fit = stats.linregress(x, y)
    flat = y.min() == y.max()  # scipy gives no error and no p-value for it
    error, p_value = (0.0, 1.0) if flat else (float(fit.stderr), float(fit.pvalue))
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2)) * error
    return Trend(
        slope=float(fit.slope),
        low=float(fit.slope) - margin,
        high=float(fit.slope) + margin,
        standard_error=error,
        p_value=p_value,
        intercept=float(fit.intercept),
        n=len(x),
        first=int(x.min()),
        last=int(x.max()),
        mean=float(y.mean()),
        spread=float(y.std(ddof=1)),
    )


def block_means(
    depths: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The different depths, rising, and the mean of the values at each."""
    blocks, rows = np.unique(depths, return_inverse=True)
    return blocks, np.bincount(rows, weights=values) / np.bincount(rows)


def slope_difference(one: Trend, other: Trend) -> tuple[float, float, float]:
    """Slope of `one` less that of `other`: estimate, low and high end of its 95 % interval."""
    error = float(np.hypot(one.standard_error, other.standard_error))
    return _interval(one.slope - other.slope, error, one.n + other.n - 4)


def mean_difference(one: Trend, other: Trend) -> tuple[float, float, float]:
    """Mean of `one` less that of `other`: estimate, low and high end of its 95 % interval."""
    error = float(np.hypot(one.spread / one.n**0.5, other.spread / other.n**0.5))
    return _interval(one.mean - other.mean, error, one.n + other.n - 2)


def _interval(estimate: float, error: float, freedom: int) -> tuple[float, float, float]:
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    return estimate, estimate - margin, estimate + margin
