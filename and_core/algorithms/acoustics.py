"""What can be measured in a clip: level, pitch, spectrum, envelope, rhythm, silence, change.

Mean amplitude and median frequency are those of the paper's appendix C.
"""

import numpy as np
import numpy.typing as npt

from and_core.algorithms.events import attack_and_decay, event_frames, onset_strength, repetition
from and_core.algorithms.pitch import pitch
from and_core.algorithms.spectrum import FLOOR_DBFS, FloatArray, Spectrum, decibels, mel_db, short_time_spectrum

VERSION = 1
"""To be raised when a measure changes its meaning; part of the keys of what is computed from measurements."""
AUDIBLE_FROM_HZ = 20.0
SILENT_BELOW_LOUDEST_DB = 45.0
SILENT_BELOW_DBFS = -65.0


def measure(waveform: FloatArray, sample_rate_hz: int) -> dict[str, float]:
    """Everything the captioner and the pages want to know about a clip.

    Args:
        waveform: [T samples] float32 mono, nominally within -1..1.

    Returns:
        Name -> finite number; the unit is the end of the name (dbfs, db, hz, s), other values are shares from 0 to 1.
        `pitch_hz` is missing where nothing has a pitch.

    Raises:
        ValueError: no samples, or samples that are not finite.
    """
    waveform = np.asarray(waveform, dtype=np.float32)
    if waveform.ndim != 1 or not len(waveform):
        raise ValueError(f"a waveform is one row of samples, not of shape {waveform.shape}")
    if not np.isfinite(waveform).all():
        raise ValueError("the waveform holds samples that are not finite")
    spectrum = short_time_spectrum(waveform, sample_rate_hz)
    onsets = onset_strength(spectrum, sample_rate_hz)
    events = event_frames(onsets, spectrum.step_s)
    return {
        "duration_s": len(waveform) / sample_rate_hz,
        **_levels(waveform, spectrum.levels_dbfs),
        **_spectral_shape(spectrum),
        **pitch(spectrum, sample_rate_hz),
        **attack_and_decay(waveform, sample_rate_hz, events * spectrum.step_s),
        "event_rate_hz": len(events) / (len(waveform) / sample_rate_hz),
        "repetition": repetition(onsets, spectrum.step_s) if len(events) >= 3 else 0.0,
        **_change(waveform, spectrum),
    }


def mel_spectrogram_db(waveform: FloatArray, sample_rate_hz: int, mel_bins: int = 128) -> FloatArray:
    """Mel spectrogram for the eye, 0 Hz to 11 kHz (or half the sampling rate where that is less).

    Args:
        waveform: [T samples] float32.

    Returns:
        [mel_bins, F frames] float32, dB re full scale per Fourier bin, low band first, at most 80 dB below its maximum.
    """
    return mel_db(short_time_spectrum(waveform, sample_rate_hz), sample_rate_hz, mel_bins).T


def _levels(waveform: FloatArray, levels_dbfs: FloatArray) -> dict[str, float]:
    """Level of the whole clip, of its background and of its loudest moments; the share of silent frames."""
    loudest = float(np.percentile(levels_dbfs, 98))
    silent_below = max(SILENT_BELOW_DBFS, loudest - SILENT_BELOW_LOUDEST_DB)
    silent = levels_dbfs < silent_below
    return {
        "loudness_dbfs": float(decibels(np.square(waveform, dtype=np.float64).mean())),
        "peak_dbfs": float(decibels(float(np.abs(waveform).max()) ** 2)),
        "mean_amplitude": float(np.abs(waveform).mean(dtype=np.float64)),
        "background_dbfs": float(np.percentile(levels_dbfs, 10)),
        "level_range_db": loudest - float(np.percentile(levels_dbfs, 10)),
        "silence_share": float(silent.mean()),
    }


def _spectral_shape(spectrum: Spectrum) -> dict[str, float]:
    """Where the energy lies, how wide it spreads, and how much it resembles noise."""
    mean_power = np.where(spectrum.frequencies_hz >= AUDIBLE_FROM_HZ, spectrum.power.mean(axis=0, dtype=np.float64), 0)
    total = mean_power.sum()
    if total <= 10 ** (FLOOR_DBFS / 10):
        return {"median_frequency_hz": 0.0, "brightness_hz": 0.0, "bandwidth_hz": 0.0, "noisiness": 0.0}
    brightness, bandwidth = _centroid(np.sqrt(mean_power), spectrum.frequencies_hz)
    half = np.searchsorted(np.cumsum(mean_power), total / 2)
    return {
        "median_frequency_hz": float(spectrum.frequencies_hz[min(half, len(mean_power) - 1)]),
        "brightness_hz": brightness,
        "bandwidth_hz": bandwidth,
        "noisiness": _flatness(spectrum),
    }


def _centroid(magnitude: npt.NDArray[np.float64], frequencies_hz: FloatArray) -> tuple[float, float]:
    """Spectral centroid and spread around it, Hz, of a magnitude spectrum [B bins]."""
    weights = magnitude / max(magnitude.sum(), 1e-12)
    centroid = float(weights @ frequencies_hz)
    return centroid, float(np.sqrt(weights @ (frequencies_hz - centroid) ** 2))


def _flatness(spectrum: Spectrum) -> float:
    """Spectral flatness from 50 Hz to 8 kHz, each frame weighted by its energy; white noise gets about 0.56."""
    band = (spectrum.frequencies_hz >= 50) & (spectrum.frequencies_hz <= 8000)
    power = spectrum.power[:, band] + np.float32(1e-14)
    if not power.shape[1]:
        return 0.0
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    return float(np.clip(np.average(flatness, weights=power.sum(axis=1)), 0, 1))


def _change(waveform: FloatArray, spectrum: Spectrum) -> dict[str, float]:
    """Last third against first third: level (digital silence counts as -70 dBFS) and centroid."""
    third = max(len(waveform) // 3, 1)
    first, last = (
        max(float(decibels(np.square(part, dtype=np.float64).mean())), -70.0)
        for part in (waveform[:third], waveform[-third:])
    )
    frames = max(len(spectrum.power) // 3, 1)
    early, late = (
        _centroid(np.sqrt(part.mean(axis=0, dtype=np.float64)), spectrum.frequencies_hz)[0]
        for part in (spectrum.power[:frames], spectrum.power[-frames:])
    )
    audible = min(first, last) > -70.0
    return {"loudness_change_db": last - first, "brightness_change_hz": late - early if audible else 0.0}
