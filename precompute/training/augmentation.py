"""Random changes to a batch of log-mel spectrograms, so that a small data set is not learnt by heart.

Spectrograms [B, frames, mel bins] come normalised as the network reads them, so 0 is the mean of the training clips.
Nothing is changed in place.
"""

import numpy as np

from and_core.models.protocols import FloatArray
from precompute.training.config import Augmentation

FRAMES_PER_SECOND = 100
LOG_MEL_PER_DB = np.log(10) / 10
"""Log-mel is the natural logarithm of a power, so a gain in dB is an addition."""


def augment(
    batch: FloatArray, labels: FloatArray, settings: Augmentation, log_mel_std: float, rng: np.random.Generator
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


def shifted(batch: FloatArray, longest: int, rng: np.random.Generator) -> FloatArray:
    """Each spectrogram rolled along time by -longest..longest frames."""
    frames = batch.shape[1]
    shifts = rng.integers(-longest, longest + 1, (len(batch), 1))
    source = (np.arange(frames) - shifts) % frames
    return np.take_along_axis(batch, source[:, :, None], axis=1)


def masked(batch: FloatArray, axis: int, longest: int, rng: np.random.Generator) -> FloatArray:
    """Each spectrogram with one block of 0..longest positions along `axis` (1 frames, 2 mel bins) set to 0."""
    size = batch.shape[axis]
    length = rng.integers(0, min(longest, size) + 1, (len(batch), 1))
    start = rng.integers(0, size - length + 1)
    position = np.arange(size)
    inside = (position >= start) & (position < start + length)
    return np.where(np.expand_dims(inside, 3 - axis), np.float32(0), batch)


def mixed(
    batch: FloatArray, labels: FloatArray, alpha: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Each spectrogram and its label mixed with another's: share x own + (1 - share) x other's, share >= 1/2."""
    if not alpha:
        return batch, labels
    drawn = rng.beta(alpha, alpha, len(batch)).astype(np.float32)
    share: FloatArray = np.maximum(drawn, np.float32(1) - drawn)
    other = rng.permutation(len(batch))
    spectral_share, label_share = share[:, None, None], share[:, None]
    return (
        spectral_share * batch + (1 - spectral_share) * batch[other],
        label_share * labels + (1 - label_share) * labels[other],
    )
