"""The short-time Fourier transform that all spectral measures share, and its mel bands.

Frames are 46 ms long every 11.6 ms at any sampling rate.
"""

from dataclasses import dataclass
from functools import lru_cache

import librosa
import numpy as np
import numpy.typing as npt
import scipy.fft

FloatArray = npt.NDArray[np.float32]

FLOOR_DBFS = -100.0
"""Lowest level that is reported; digital silence gets it."""
FRAME_S = 0.0464
"""Long enough for two periods of a 50 Hz hum, short enough to part clicks 50 ms away from each other."""
MEL_FMAX_HZ = 11_000.0


@dataclass(frozen=True)
class Spectrum:
    """Short-time power spectrum of one clip."""

    power: FloatArray
    """[F frames, B bins] of the Hann-windowed frames, scaled so that a row sums to the frame's mean square."""
    frequencies_hz: FloatArray
    """[B bins]"""
    step_s: float
    """From one frame to the next."""

    @property
    def levels_dbfs(self) -> FloatArray:
        """[F frames] RMS level."""
        return decibels(self.power.sum(axis=1))


def decibels(power: npt.ArrayLike) -> FloatArray:
    """Power (mean square) as dBFS, not lower than `FLOOR_DBFS`."""
    quietest = 10 ** (FLOOR_DBFS / 10)
    return np.maximum(10 * np.log10(np.maximum(power, quietest)), FLOOR_DBFS).astype(np.float32)


def short_time_spectrum(waveform: FloatArray, sample_rate_hz: int) -> Spectrum:
    """The transform that all measures share.

    Args:
        waveform: [T samples], at least one.

    Returns:
        F = 1 + T // step frames, centred on their time; the ends are mirrored, or padded with silence where the clip
        is shorter than half a frame.
    """
    size = scipy.fft.next_fast_len(max(int(FRAME_S * sample_rate_hz), 16), real=True)
    step = max(size // 4, 1)
    padded = np.pad(waveform, size // 2, mode="reflect" if len(waveform) > size // 2 else "constant")
    if len(padded) < size:
        padded = np.pad(padded, (0, size - len(padded)))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step] * window
    transform = scipy.fft.rfft(frames, axis=1)
    power = transform.real**2 + transform.imag**2
    power[:, 1 : (size + 1) // 2] *= 2  # the mirrored negative frequencies
    return Spectrum(
        power=power / np.float32(size * np.square(window).sum()),
        frequencies_hz=(np.arange(power.shape[1]) * sample_rate_hz / size).astype(np.float32),
        step_s=step / sample_rate_hz,
    )


@lru_cache(maxsize=16)
def _mel_filters(sample_rate_hz: int, frame_samples: int, mel_bins: int) -> FloatArray:
    """[mels, bins]; bands that are too narrow for the transform take their nearest bin instead of staying empty."""
    top_hz = min(MEL_FMAX_HZ, sample_rate_hz / 2)
    frequencies = np.arange(frame_samples // 2 + 1) * sample_rate_hz / frame_samples
    centres = librosa.mel_frequencies(n_mels=mel_bins + 2, fmin=0.0, fmax=top_hz)
    rise = (frequencies[None, :] - centres[:-2, None]) / np.diff(centres)[:-1, None]
    fall = (centres[2:, None] - frequencies[None, :]) / np.diff(centres)[1:, None]
    filters = np.maximum(0, np.minimum(rise, fall))
    for band in np.flatnonzero(filters.sum(axis=1) == 0):
        filters[band, np.abs(frequencies - centres[band + 1]).argmin()] = 1.0
    return (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)


def mel_db(spectrum: Spectrum, sample_rate_hz: int, mel_bins: int) -> FloatArray:
    """[F frames, mels] mean power of each band in dB, at most 80 dB below the loudest cell."""
    bins = spectrum.power.shape[1]
    frame_samples = round(sample_rate_hz / float(spectrum.frequencies_hz[1]))
    filters = _mel_filters(sample_rate_hz, frame_samples, mel_bins)[:, :bins]
    level = 10 * np.log10(np.maximum(spectrum.power @ filters.T, 1e-14))
    return np.maximum(level, level.max() - 80).astype(np.float32)
