"""How far a mean may be off because there were only so many things to average over."""

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
LEVEL = 0.95


def mean_intervals(
    values: npt.NDArray[np.floating], seed: int = 0, resamples: int = RESAMPLES, level: float = LEVEL
) -> npt.NDArray[np.float64]:
    """Percentile bootstrap intervals of column means, all columns resampled together.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Where every value is the same, no
    resample differs and the interval has no width: it says nothing of rare exceptions that few values do not show.

    Args:
        values: [n, columns] finite; n is what is drawn from, with replacement, n at a time.

    Returns:
        [2, columns] lower and upper end.
    """
    n = len(values)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    return np.asarray(np.quantile(drawn @ values / n, [(1 - level) / 2, (1 + level) / 2], axis=0))
