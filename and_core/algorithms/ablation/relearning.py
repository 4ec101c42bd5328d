"""The relearning probe: how much of a pruned concept comes back when only a linear head is fitted anew.

It reads what the network's own head reads: the last hidden representation of a clip, pooled. If a fresh head finds the
concept there, pruning hid it from the old head and did not take it out of the network.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.algorithms.ablation.bootstrap import Bootstrap, Estimate, estimate
from and_core.errors import SelectionError

MOST_SPLITS = 5


@dataclass(frozen=True)
class Relearning:
    """Share of clips of the concept that are named rightly, 0..1, by four heads."""

    before: Estimate
    """The network's own head, nothing pruned."""
    pruned: Estimate
    """The network's own head after pruning."""
    refitted: Estimate
    """A head fitted to the pruned network's representations of other clips."""
    refitted_before: Estimate
    """The same of the unpruned network: what such a head can reach at all."""
    splits: int
    """How often a head was fitted: each time to the clips outside a part, and asked about those in it."""
    groups: str
    """What is never in both parts: folds, source recordings, or clips."""

    @property
    def regained(self) -> float | None:
        """Share of what pruning took that the fresh head gives back, 0..1 and beyond; None where it took nothing."""
        lost = self.before.value - self.pruned.value
        return None if lost <= 0 else (self.refitted.value - self.pruned.value) / lost


@dataclass(frozen=True)
class Probe:
    """What relearning is measured on: N clips, their classes, and what may not be split."""

    labels: npt.NDArray[np.intp]
    """[N]"""
    groups: npt.NDArray[np.intp]
    """[N] clips of one group are in the same part."""
    said_of_groups: str
    """`folds`, `source recordings` or `clips`."""
    seed: int = 0


def relearning(
    probe: Probe,
    label: int,
    logits: tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]],
    representations: tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]],
) -> Relearning:
    """Fit heads by cross-validation and compare them on the clips of one class.

    Args:
        label: the class that was to be forgotten.
        logits: [N, C] before and after pruning.
        representations: [N, D] before and after: what the head reads.

    Raises:
        SelectionError: the clips cannot be parted so that every part leaves clips of two classes to learn from.
    """
    parts = _parts(probe)
    clips = Bootstrap(probe.labels, seed=probe.seed)
    place = int(np.searchsorted(clips.classes, label))
    answers = [array.argmax(axis=1) for array in logits]
    answers += [_refitted_answers(array, probe.labels, parts) for array in representations]
    before, pruned, refitted_before, refitted = (
        estimate(clips.class_means((answer == probe.labels).astype(np.float64)[:, None])[:, place, 0])
        for answer in answers
    )
    return Relearning(before, pruned, refitted, refitted_before, len(parts), probe.said_of_groups)


def _parts(probe: Probe) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """(clips to learn from, clips to be asked about), each clip asked about once."""
    from sklearn.model_selection import StratifiedGroupKFold

    most_of_a_class = int(np.bincount(probe.labels).max())
    splits = min(MOST_SPLITS, len(np.unique(probe.groups)), most_of_a_class)
    if splits < 2 or len(np.unique(probe.labels)) < 2:
        raise SelectionError(
            "A head cannot be fitted anew: it needs clips of two classes, to learn from and to be asked.",
            "Take more clips a class, or clips of every fold.",
        )
    with warnings.catch_warnings():
        # A class with fewer clips than parts is in fewer parts; that is no reason to stop.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        folds = StratifiedGroupKFold(splits, shuffle=True, random_state=probe.seed)
        return list(folds.split(np.zeros(len(probe.labels)), probe.labels, probe.groups))


def _refitted_answers(
    representations: npt.NDArray[np.floating],
    labels: npt.NDArray[np.intp],
    parts: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]],
) -> npt.NDArray[np.intp]:
    """[N] what heads say that were fitted without the clip's part."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    answers = np.empty(len(labels), np.intp)
    for learn, ask in parts:
        head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        answers[ask] = head.fit(representations[learn], labels[learn]).predict(representations[ask])
    return answers
