"""How far two groups of neurons lie apart in a measure: Cliff's delta with an interval (for the paper's Figure 8).

Cliff's delta is the share of pairs in which the neuron with the word has the higher value, less the share in which it
has the lower: 1 where every one is higher, 0 where neither tends to be, -1 where every one is lower. It asks nothing of
how values are spread, and levels and frequencies are spread unevenly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from and_core.algorithms.trends import CONFIDENCE

DRAWS = 500
RANK_BINS = 256
"""Values are put in so many bins of equal size before resampling: it moves delta by less than 1/256."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupEffect:
    """Neurons with a word against those without it."""

    delta: float
    """Cliff's delta, -1..1."""
    low: float
    """Of its 95 % bootstrap interval."""
    high: float
    n_with: int
    n_without: int
    median_with: float
    median_without: float
    clusters: int
    """Different clips that were resampled."""


def group_effect(
    values: npt.ArrayLike, has_word: npt.ArrayLike, clusters: npt.ArrayLike, seed: int = 0, draws: int = DRAWS
) -> GroupEffect | None:
    """Compare the two groups.

    Neurons share clips: thousands of them may stand for a few hundred. So clips are resampled and not neurons. Each
    draw takes clips with replacement, and with each clip all the neurons that it excites most.

    Args:
        values: [J] the measure of every neuron, finite.
        has_word: [J] bool.
        clusters: [J] the clip that excites each neuron most, any integers.
        seed: of the bootstrap.
        draws: of the bootstrap.

    Returns:
        None where a group is empty.
    """
    x, chosen = np.asarray(values, dtype=np.float64), np.asarray(has_word, dtype=bool)
    n_with, n_without = int(chosen.sum()), int((~chosen).sum())
    if not n_with or not n_without:
        return None
    names, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = _resampled(x, chosen, cluster, len(names), seed, draws)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (-1.0, 1.0)
    return GroupEffect(
        delta=cliffs_delta(x[chosen], x[~chosen]),
        low=float(low),
        high=float(high),
        n_with=n_with,
        n_without=n_without,
        median_with=float(np.median(x[chosen])),
        median_without=float(np.median(x[~chosen])),
        clusters=len(names),
    )


def cliffs_delta(one: Floats, other: Floats) -> float:
    """Share of pairs in which `one` is higher less the share in which it is lower; neither may be empty."""
    ranks = stats.rankdata(np.concatenate([one, other]))[: len(one)]
    wins = ranks.sum() - len(one) * (len(one) + 1) / 2  # Mann-Whitney's U: pairs won, ties half
    return float(2 * wins / (len(one) * len(other)) - 1)


def _resampled(
    values: Floats, chosen: npt.NDArray[np.bool_], cluster: npt.NDArray[np.intp], clusters: int, seed: int, draws: int
) -> Floats:
    """Delta of every draw in which both groups have neurons, from counts by clip and bin: no draw visits neurons."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, RANK_BINS + 1)[1:-1]))
    place = cluster * (len(edges) + 1) + np.searchsorted(edges, values, side="left")
    shape = (clusters, len(edges) + 1)
    weights = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    drawn_with, drawn_without = (
        weights.astype(np.float32)
        @ np.bincount(place[group], minlength=clusters * shape[1]).reshape(shape).astype(np.float32)
        for group in (chosen, ~chosen)
    )
    below = np.cumsum(drawn_without, axis=1, dtype=np.float64) - drawn_without
    above = drawn_without.sum(axis=1, keepdims=True, dtype=np.float64) - drawn_without - below
    pairs = drawn_with.sum(axis=1, dtype=np.float64) * drawn_without.sum(axis=1, dtype=np.float64)
    won = (drawn_with * (below - above)).sum(axis=1)
    delta: Floats = won[pairs > 0] / pairs[pairs > 0]
    return delta
