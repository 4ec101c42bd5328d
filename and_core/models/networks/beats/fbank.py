"""What BEATs hears: the log-mel filter bank of Kaldi, normalised with the statistics of AudioSet (Chen et al. 2023)."""

import torch
import torchaudio.compliance.kaldi
from torch.nn import functional

from and_core.models.networks.beats.config import MEL_BINS, SAMPLE_RATE_HZ

MEAN, STANDARD_DEVIATION = 15.41663, 6.55582
"""Of the log-mel energies on AudioSet."""

FULL_SCALE = 2**15
"""Kaldi's samples are 16-bit integers."""

FRAME_LENGTH_MS, FRAME_SHIFT_MS = 25.0, 10.0


def shortest_samples(patch_frames: int) -> int:
    """Samples of the shortest clip that fills `patch_frames` frames."""
    return round((FRAME_LENGTH_MS + (patch_frames - 1) * FRAME_SHIFT_MS) * SAMPLE_RATE_HZ / 1000)


def fbank(
    waveform: torch.Tensor, patch_frames: int = 16, mean: float = MEAN, standard_deviation: float = STANDARD_DEVIATION
) -> torch.Tensor:
    """The normalised filter bank of one clip.

    Args:
        waveform: [T samples] float32 mono at 16 kHz, nominally within -1..1; padded with silence to one patch.
        patch_frames: frames a patch.

    Returns:
        [frames, 128 mel bins] float32: (log energy - mean) / (2 x standard deviation).
    """
    missing = shortest_samples(patch_frames) - len(waveform)
    padded = functional.pad(waveform.float(), (0, max(0, missing)))
    log_mel = torchaudio.compliance.kaldi.fbank(
        padded[None] * FULL_SCALE,
        num_mel_bins=MEL_BINS,
        sample_frequency=SAMPLE_RATE_HZ,
        frame_length=FRAME_LENGTH_MS,
        frame_shift=FRAME_SHIFT_MS,
        window_type="povey",
        dither=0.0,
    )
    return (log_mel - mean) / (2 * standard_deviation)
