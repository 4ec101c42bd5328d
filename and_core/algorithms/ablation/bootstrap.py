"""Intervals: how far a mean over clips would move if other clips of the same classes had been played.

Clips are drawn anew within each class (a stratified percentile bootstrap). What is computed from means is computed from
all draws at once, so that differences between networks played the same clips are paired.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
LEVEL = 0.95
"""Share of the draws that an interval holds."""

Draws = npt.NDArray[np.float64]
"""[1 + resamples, ...] first what was measured, then what each draw of clips gives."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval."""

    value: float
    low: float
    high: float


def estimate(draws: Draws) -> Estimate:
    """The number and interval of [1 + resamples] draws."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws[1:], [tail, 1 - tail]) if len(draws) > 1 else (draws[0], draws[0])
    return Estimate(float(draws[0]), float(low), float(high))


class Bootstrap:
    """Draws of clips, the same for every network that is played them."""

    def __init__(self, labels: npt.ArrayLike, resamples: int = RESAMPLES, seed: int = 0) -> None:
        """
        Args:
            labels: [N] class of each clip.

        Raises:
            ValueError: there is no clip.
        """
        self.labels, self.resamples, self.seed = np.asarray(labels, np.intp), resamples, seed
        if not len(self.labels):
            raise ValueError("there is no clip to draw from")
        self.classes, self.clip_counts = np.unique(self.labels, return_counts=True)
        chance = np.random.default_rng(seed)
        self._turns = [_turns(int(count), resamples, chance) for count in self.clip_counts]

    def of(self, clips: npt.ArrayLike) -> "Bootstrap":
        """Draws of some of the clips only, by their positions [n]."""
        return Bootstrap(self.labels[np.asarray(clips, np.intp)], self.resamples, self.seed)

    def class_means(self, values: npt.NDArray[np.float64]) -> Draws:
        """[1 + resamples, L classes that have clips, M] means of values [N, M] over the clips of each class."""
        return np.stack(
            [
                turns @ values[self.labels == label] / count
                for label, turns, count in zip(self.classes, self._turns, self.clip_counts, strict=True)
            ],
            axis=1,
        )

    def over_clips(self, class_means: Draws) -> Draws:
        """[1 + resamples, ...] means over all clips, from those of the classes."""
        shares = self.clip_counts / self.clip_counts.sum()
        return np.tensordot(class_means, shares, axes=([1], [0]))


def _turns(clips: int, resamples: int, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """[1 + resamples, clips] how often each clip is drawn; in the first row once each."""
    drawn = chance.multinomial(clips, np.full(clips, 1 / clips), size=resamples)
    return np.concatenate([np.ones((1, clips)), drawn])


def mean_of_runs(runs: npt.NDArray[np.float64], seed: int = 0) -> Draws:
    """[1 + resamples] the mean over S runs that differ by their seed, each [1 + resamples]: runs are drawn anew too."""
    chance = np.random.default_rng(seed)
    drawn = chance.integers(len(runs), size=(len(runs), runs.shape[1]))
    drawn[:, 0] = np.arange(len(runs))
    return np.take_along_axis(runs, drawn, axis=0).mean(axis=0)
