"""Random changes to a batch of clips, so that a small data set is not learnt by heart.

Clips come normalised as the network reads them, log-mel spectrograms [B, frames, mel bins] or waveforms [B, samples],
so that 0 is the mean. Nothing is changed in place.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from and_core.models.protocols import FloatArray
from precompute.training.config import Augmentation

Scalar = TypeVar("Scalar", bound=np.generic)

FRAMES_PER_SECOND = 100
LOG_MEL_PER_DB = np.log(10) / 10
"""Log-mel is the natural logarithm of a power, so a gain in dB is an addition."""


Augment = Callable[[FloatArray, FloatArray, Augmentation, np.random.Generator], tuple[FloatArray, FloatArray]]
"""(batch [B, ...], labels [B, C] shares of classes, settings, rng) -> both, augmented."""


def augment_spectrograms(
    batch: FloatArray, labels: FloatArray, settings: Augmentation, rng: np.random.Generator, log_mel_std: float
) -> tuple[FloatArray, FloatArray]:
    """Shift, gain, masks and mixup, in this order.

    Args:
        batch: [B, frames, mel bins].
        labels: [B, C] shares of classes.
        log_mel_std: by which log-mel was divided (twice) to normalise it.

    Returns:
        spectrograms [B, frames, mel bins] and labels [B, C], both float32.
    """
    batch = shifted(batch, round(settings.shift_s * FRAMES_PER_SECOND), rng)
    batch = batch + rng.uniform(-1, 1, (len(batch), 1, 1)) * settings.gain_db * LOG_MEL_PER_DB / (2 * log_mel_std)
    for _ in range(settings.time_masks):
        batch = masked(batch, 1, settings.time_mask_frames, rng)
    for _ in range(settings.mel_masks):
        batch = masked(batch, 2, settings.mel_mask_bins, rng)
    batch, labels = mixed(batch, labels, settings.mixup, rng)
    return batch.astype(np.float32), labels.astype(np.float32)


def augment_waveforms(
    batch: FloatArray, labels: FloatArray, settings: Augmentation, rng: np.random.Generator, sample_rate_hz: int
) -> tuple[FloatArray, FloatArray]:
    """Shift, gain, masks in time and mixup, in this order.

    Args:
        batch: [B, samples].
        labels: [B, C] shares of classes.

    Returns:
        waveforms [B, samples] and labels [B, C], both float32.
    """
    batch = shifted(batch, round(settings.shift_s * sample_rate_hz), rng)
    gain = 10 ** (rng.uniform(-1, 1, (len(batch), 1)) * settings.gain_db / 20)
    batch = batch * gain.astype(np.float32)
    longest = round(settings.time_mask_frames * sample_rate_hz / FRAMES_PER_SECOND)
    for _ in range(settings.time_masks):
        batch = masked(batch, 1, longest, rng)
    batch, labels = mixed(batch, labels, settings.mixup, rng)
    return batch.astype(np.float32), labels.astype(np.float32)


def mix_only(
    batch: FloatArray, labels: FloatArray, settings: Augmentation, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Mixup alone, for features of which only that is known: they are numbers."""
    return mixed(batch, labels, settings.mixup, rng)


def shifted(batch: FloatArray, longest: int, rng: np.random.Generator) -> FloatArray:
    """Each clip rolled along time, its axis 1, by -longest..longest positions."""
    size = batch.shape[1]
    shifts = rng.integers(-longest, longest + 1, (len(batch), 1))
    source = (np.arange(size) - shifts) % size
    return np.take_along_axis(batch, _along(source, 1, batch.ndim), axis=1)


def masked(batch: FloatArray, axis: int, longest: int, rng: np.random.Generator) -> FloatArray:
    """Each clip with one block of 0..longest positions along `axis` (1 time, 2 mel bins) set to 0."""
    size = batch.shape[axis]
    length = rng.integers(0, min(longest, size) + 1, (len(batch), 1))
    start = rng.integers(0, size - length + 1)
    position = np.arange(size)
    inside = (position >= start) & (position < start + length)
    return np.where(_along(inside, axis, batch.ndim), np.float32(0), batch)


def mixed(
    batch: FloatArray, labels: FloatArray, alpha: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Each clip and its label mixed with another's: share x own + (1 - share) x other's, share >= 1/2."""
    if not alpha:
        return batch, labels
    drawn = rng.beta(alpha, alpha, len(batch)).astype(np.float32)
    share: FloatArray = np.maximum(drawn, np.float32(1) - drawn)
    other = rng.permutation(len(batch))
    clip_share, label_share = _along(share[:, None], 1, batch.ndim), share[:, None]
    return (
        clip_share * batch + (1 - clip_share) * batch[other],
        label_share * labels + (1 - label_share) * labels[other],
    )


def _along(rows: npt.NDArray[Scalar], axis: int, axes: int) -> npt.NDArray[Scalar]:
    """[B, size] as [B, ..., size, ...] with `size` at `axis` of `axes`."""
    shape = [1] * axes
    shape[0], shape[axis] = rows.shape
    return rows.reshape(shape)
