"""The clips of a data set as a network hears them, with their classes and folds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from and_core.errors import ClipError, DatasetError
from and_core.models.protocols import Clip, FloatArray, ProbingDataset
from precompute.training.folds import deal_folds
from precompute.training.trainee import Beginning

Progress = Callable[[str, int, int], None]
"""(what is being counted, how many are done, of how many)."""
Positions = npt.NDArray[np.int64]

NO_CLASS, NO_FOLD = -1, 0


@dataclass(frozen=True)
class Examples:
    """N clips that could be read."""

    dataset: ProbingDataset
    clips: Positions
    """[N] their positions in the data set."""
    features: FloatArray
    """[N, ...] what `Beginning.features` made of each."""
    labels: npt.NDArray[np.int64]
    """[N] class of each, NO_CLASS where it has none."""
    folds: npt.NDArray[np.int64]
    """[N] fold of each; NO_FOLD for all where the data set has neither folds nor classes."""
    left_out: list[str]
    """Clips that could not be read, with the reason."""

    def split(self, held_out_fold: int) -> tuple[Positions, Positions]:
        """Positions, among the examples, of the clips to learn from, and of those held out.

        Raises:
            DatasetError: nothing is left to learn from, or the data set has folds and not this one.
        """
        held_out = self.folds == held_out_fold
        has_folds = bool((self.folds != NO_FOLD).any())
        if held_out.all() or (has_folds and not held_out.any()):
            raise DatasetError(
                f"{self.dataset.name} has {np.count_nonzero(~held_out)} clips to learn from and "
                f"{np.count_nonzero(held_out)} in the held-out fold {held_out_fold}.",
                "Set held_out_fold to one of the data set's folds, or use more clips.",
            )
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)

    def waveforms(self, positions: Positions, sample_rate_hz: int) -> Iterator[FloatArray]:
        """Read clips again, one by one, at a network's rate."""
        for clip in self.again(positions):
            yield _at_rate(clip, sample_rate_hz)

    def again(self, positions: Positions) -> Iterator[Clip]:
        """Read clips again, one by one."""
        for index in self.clips[positions]:
            yield self.dataset.clip(int(index))


def read_examples(dataset: ProbingDataset, beginning: Beginning, need_classes: bool, progress: Progress) -> Examples:
    """Read every clip once.

    Args:
        need_classes: refuse a clip without a class.

    Raises:
        DatasetError: a clip has no class although that is needed, or some have a fold and some have none.
    """
    clips: list[int] = []
    features: list[FloatArray] = []
    labels: list[int] = []
    folds: list[int | None] = []
    recordings: list[str] = []
    left_out: list[str] = []
    for index in range(len(dataset)):
        progress("clips read", index, len(dataset))
        try:
            clip = dataset.clip(index)
        except ClipError as error:
            left_out.append(str(error))
            continue
        clips.append(index)
        labels.append(_label(dataset, clip, need_classes))
        folds.append(clip.fold)
        recordings.append(clip.source_recording or clip.filename)
        features.append(beginning.features(_at_rate(clip, beginning.sample_rate_hz)))
    progress("clips read", len(dataset), len(dataset))
    if not clips:
        raise DatasetError(f"{dataset.name} has no clip that can be read.", "Check dataset in the configuration.")
    classes = np.array(labels)
    return Examples(
        dataset, np.array(clips), np.stack(features), classes, _folds(dataset, folds, classes, recordings), left_out
    )


def _at_rate(clip: Clip, sample_rate_hz: int) -> FloatArray:
    waveform: FloatArray = soxr.resample(clip.waveform, clip.sample_rate_hz, sample_rate_hz).astype(np.float32)
    return waveform


def _label(dataset: ProbingDataset, clip: Clip, needed: bool) -> int:
    if clip.class_name is not None:
        return dataset.class_names.index(clip.class_name)
    if needed:
        raise DatasetError(
            f"{clip.filename} of {dataset.name} has no class.",
            'Train on a data set whose clips all have one, such as esc50 or foley, or set task = "pretrain".',
        )
    return NO_CLASS


def _folds(
    dataset: ProbingDataset, folds: list[int | None], labels: npt.NDArray[np.int64], recordings: list[str]
) -> npt.NDArray[np.int64]:
    """The data set's folds; where it has none, folds that are dealt; where it has no classes either, no folds."""
    without = folds.count(None)
    if without == 0:
        return np.array(folds)
    if without < len(folds):
        raise DatasetError(
            f"{without} clips of {dataset.name} have no fold, and {len(folds) - without} have one.",
            "Give every clip a fold, or none.",
        )
    if (labels == NO_CLASS).all():
        return np.full(len(folds), NO_FOLD)
    return deal_folds(labels, recordings)
