"""The clips of a data set: those to learn from as log-mel spectrograms, those held out as waveforms."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import soxr
import transformers

from and_core.errors import ClipError, DatasetError
from and_core.models.protocols import Clip, FloatArray, ProbingDataset
from precompute.training.config import ModelSizes

Progress = Callable[[str, int, int], None]
"""(what is being counted, how many are done, of how many)."""


@dataclass
class Examples:
    """Clips to learn from, and clips to be measured on."""

    spectrograms: FloatArray
    """[N, frames, mel bins] log-mel of the training clips, not normalised."""
    labels: npt.NDArray[np.int64]
    """[N] class of each."""
    held_out: list[FloatArray] = field(default_factory=list)
    """Waveforms of the held-out fold, at the network's rate."""
    held_out_labels: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Clips that could not be read, with the reason."""


def feature_extractor(sizes: ModelSizes, **normalisation: float | bool) -> transformers.ASTFeatureExtractor:
    return transformers.ASTFeatureExtractor(
        sampling_rate=sizes.sample_rate_hz, num_mel_bins=sizes.mel_bins, max_length=sizes.frames, **normalisation
    )


def read_examples(dataset: ProbingDataset, sizes: ModelSizes, held_out_fold: int, progress: Progress) -> Examples:
    """Read every clip once.

    Raises:
        DatasetError: a clip has no class or fold, or nothing is left to learn from or to measure on.
    """
    extract = feature_extractor(sizes, do_normalize=False)
    examples = Examples(np.empty(0, np.float32), np.empty(0, np.int64))
    spectrograms: list[FloatArray] = []
    labels: list[int] = []
    for index in range(len(dataset)):
        progress("clips read", index, len(dataset))
        try:
            clip = dataset.clip(index)
        except ClipError as error:
            examples.left_out.append(str(error))
            continue
        waveform = soxr.resample(clip.waveform, clip.sample_rate_hz, sizes.sample_rate_hz).astype(np.float32)
        label, fold = _label_and_fold(dataset, clip)
        if fold == held_out_fold:
            examples.held_out.append(waveform)
            examples.held_out_labels.append(label)
        else:
            features = extract(waveform, sampling_rate=sizes.sample_rate_hz, return_tensors="np")
            spectrograms.append(features["input_values"][0])
            labels.append(label)
    progress("clips read", len(dataset), len(dataset))
    _check_not_empty(dataset, held_out_fold, len(spectrograms), len(examples.held_out))
    examples.spectrograms, examples.labels = np.stack(spectrograms), np.array(labels)
    return examples


def _label_and_fold(dataset: ProbingDataset, clip: Clip) -> tuple[int, int]:
    if clip.class_name is None or clip.fold is None:
        raise DatasetError(
            f"{clip.filename} of {dataset.name} has no {'class' if clip.class_name is None else 'fold'}.",
            "Train on a data set whose clips all have both, such as esc50 or foley.",
        )
    return dataset.class_names.index(clip.class_name), clip.fold


def _check_not_empty(dataset: ProbingDataset, held_out_fold: int, training: int, held_out: int) -> None:
    if not training or not held_out:
        raise DatasetError(
            f"{dataset.name} has {training} clips to learn from and {held_out} in the held-out fold {held_out_fold}.",
            "Set held_out_fold to one of the data set's folds, or use more clips.",
        )
