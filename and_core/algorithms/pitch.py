"""Pitch by autocorrelation, from a power spectrum that is already there."""

import numpy as np
import numpy.typing as npt
import scipy.fft

from and_core.algorithms.spectrum import FLOOR_DBFS, FloatArray, Spectrum

PITCH_RANGE_HZ = (50.0, 5000.0)
FIRST_PEAK_SHARE = 0.9
"""The shortest period wins whose peak is at least this share of the highest."""
UNPITCHED_BELOW = 0.5
"""Pitch strength under which no pitch is reported."""


def pitch(spectrum: Spectrum, sample_rate_hz: int) -> dict[str, float]:
    """Pitch by the autocorrelation of the loudest frames.

    A frame's autocorrelation is the inverse transform of its power spectrum, divided by that of the window. The first
    peak that comes near the highest one wins, so that a tone is not taken for one an octave lower.
    """
    levels = spectrum.levels_dbfs
    if levels.max() <= FLOOR_DBFS:
        return {"pitch_strength": 0.0}
    loud = np.argsort(-levels, kind="stable")[: max(len(levels) // 3, 1)]
    loud = loud[levels[loud] > levels.max() - 25]
    periods, strengths = _frame_periods(spectrum.power[loud], spectrum.frequencies_hz, sample_rate_hz)
    strength = float(np.clip(np.median(strengths), 0, 1))
    if strength < UNPITCHED_BELOW:
        return {"pitch_strength": strength}
    voiced = strengths >= UNPITCHED_BELOW
    return {"pitch_strength": strength, "pitch_hz": float(np.median(sample_rate_hz / periods[voiced]))}


def _frame_periods(
    power: FloatArray, frequencies_hz: FloatArray, sample_rate_hz: int
) -> tuple[npt.NDArray[np.float64], FloatArray]:
    """Period (samples, between samples by a parabola) and its strength 0..1 for each frame of `power` [F, B]."""
    size = round(sample_rate_hz / float(frequencies_hz[1]))
    low_hz, high_hz = PITCH_RANGE_HZ
    shortest, longest = max(int(sample_rate_hz / high_hz), 2), min(int(sample_rate_hz / low_hz), size // 2 - 2)
    correlation = _normalised_autocorrelation(np.where(frequencies_hz >= low_hz, power, 0), size, longest + 2)
    left, middle, right = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    is_peak = (middle > left) & (middle >= right)
    is_peak[:, : shortest - 1] = False
    bend = np.where(is_peak, left - 2 * middle + right, -1.0)
    shift = 0.5 * (left - right) / bend
    heights = np.where(is_peak, middle - 0.25 * (left - right) * shift, 0)
    strengths = heights.max(axis=1)
    first = (heights >= FIRST_PEAK_SHARE * strengths[:, None]).argmax(axis=1)
    return 1 + first + shift[np.arange(len(first)), first], strengths


def _normalised_autocorrelation(power: FloatArray, size: int, lags: int) -> FloatArray:
    """[F frames, lags] of -1..1: divided by what the Hann window alone would give at each lag."""
    window = np.hanning(size + 1)[:-1]
    of_window = scipy.fft.irfft(np.abs(scipy.fft.rfft(window)) ** 2, n=size)[:lags]
    correlation = scipy.fft.irfft(power, n=size, axis=1)[:, :lags]
    return correlation / np.maximum(correlation[:, :1], 1e-20) * (of_window[0] / of_window)
