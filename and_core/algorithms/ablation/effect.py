"""What pruning did to a network, class by class, and to the class that was to be forgotten (paper, table 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.algorithms.ablation.bootstrap import Bootstrap, Draws, Estimate, estimate, mean_of_runs
from and_core.algorithms.ablation.confidence import MEASURES, confidences


@dataclass(frozen=True)
class Delta:
    """A summand of a row of table 4, as draws of clips."""

    ablated: Draws
    """[1 + resamples] Delta A: change of confidence on clips of the class to forget."""
    remaining: Draws
    """Delta R: mean over the other classes of their change of confidence."""

    @property
    def gap(self) -> Draws:
        """Delta R - Delta A: how much more the class lost than the others. (The paper's column prints this number
        under the heading Delta A - Delta R.)"""
        return self.remaining - self.ablated


@dataclass(frozen=True)
class Effect:
    """A network before and after pruning, on the same clips."""

    clips: Bootstrap
    before: Draws
    """[1 + resamples, L classes that have clips, `MEASURES`] means over each class's clips."""
    after: Draws

    def of_class(self, label: int, measure: str = "logit") -> tuple[Estimate, Estimate, Estimate]:
        """Before, after and change of one class."""
        place, which = self._place(label), MEASURES.index(measure)
        before, after = self.before[:, place, which], self.after[:, place, which]
        return estimate(before), estimate(after), estimate(after - before)

    def overall(self, measure: str = "accuracy") -> tuple[Estimate, Estimate]:
        """Before and after, the mean over all clips."""
        which = MEASURES.index(measure)
        before, after = (self.clips.over_clips(draws)[:, which] for draws in (self.before, self.after))
        return estimate(before), estimate(after)

    def delta(self, label: int, measure: str = "logit") -> Delta:
        """What the class lost, and what the others did.

        Raises:
            ValueError: the class has no clips, or no other class has.
        """
        place = self._place(label)
        if len(self.clips.classes) < 2:
            raise ValueError(f"besides class {label} at least one other needs clips")
        change = (self.after - self.before)[:, :, MEASURES.index(measure)]
        return Delta(change[:, place], np.delete(change, place, axis=1).mean(axis=1))

    def _place(self, label: int) -> int:
        if label not in self.clips.classes:
            raise ValueError(f"class {label} has no clips; there are those of {self.clips.classes.tolist()}")
        return int(np.searchsorted(self.clips.classes, label))


def means(clips: Bootstrap, logits: npt.NDArray[np.floating]) -> Draws:
    """[1 + resamples, L, `MEASURES`] of what a network says, [N, C] of the N clips: a side of an `Effect`."""
    return clips.class_means(confidences(logits, clips.labels))


@dataclass(frozen=True)
class Deltas:
    """Delta A, Delta R and their gap, with intervals."""

    ablated: Estimate
    remaining: Estimate
    gap: Estimate


def deltas(delta: Delta) -> Deltas:
    return Deltas(estimate(delta.ablated), estimate(delta.remaining), estimate(delta.gap))


def mean_delta(runs: Sequence[Delta]) -> Delta:
    """The mean over random controls that differ by their seed; its draws are of clips and of controls."""
    return Delta(
        mean_of_runs(np.stack([run.ablated for run in runs])), mean_of_runs(np.stack([run.remaining for run in runs]))
    )


def mean_over_classes(classes: Sequence[Delta]) -> Delta:
    """A row of table 4: the mean over experiments, each with another class to forget, on the same clips."""
    return Delta(
        np.mean([delta.ablated for delta in classes], axis=0), np.mean([delta.remaining for delta in classes], axis=0)
    )


def excess(delta: Delta, control: Delta) -> Estimate:
    """How much wider the gap is than the matched random control's: more than chance where the interval is above 0."""
    return estimate(delta.gap - control.gap)
