"""What happens in time: onsets, their rate and regularity, how events begin and die away."""

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from and_core.algorithms.spectrum import FLOOR_DBFS, FloatArray, Spectrum, mel_db

ONSET_PROMINENCE_DB = 6.0
"""How far the mean rise over mel bands stands out where a listener hears an event."""
HEARD_RANGE_DB = 40.0
ENVELOPE_STEP_S = 0.005


def onset_strength(spectrum: Spectrum, sample_rate_hz: int) -> FloatArray:
    """How much begins in each frame: the rise over two frames, of the mean mel band or of the level if that is more.

    The mean of 40 bands catches a click in loud hum, the level catches a chirp, which is in few bands.

    Returns:
        [F frames] dB; only the uppermost 40 dB of the clip count.
    """
    mel = mel_db(spectrum, sample_rate_hz, 40)
    levels = spectrum.levels_dbfs[:, None]
    onsets = np.zeros(len(mel), dtype=np.float32)
    for bands in (mel, levels):
        heard = np.maximum(bands, max(bands.max() - HEARD_RANGE_DB, FLOOR_DBFS))
        onsets[2:] = np.maximum(onsets[2:], np.maximum(heard[2:] - heard[:-2], 0).mean(axis=1))
    return onsets


def event_frames(onsets: FloatArray, step_s: float) -> npt.NDArray[np.int64]:
    """Frames at which something begins, at least 60 ms from each other."""
    padded = np.concatenate([[0.0], onsets, [0.0]])
    distance = max(round(0.06 / step_s), 1)
    return scipy.signal.find_peaks(padded, prominence=ONSET_PROMINENCE_DB, distance=distance)[0] - 1


def repetition(onsets: FloatArray, step_s: float) -> float:
    """Regularity of the onsets, 0..1: the highest autocorrelation at a period from 0.1 s to half the clip, at most 2 s.

    A frame of tolerance to each side (a short smoothing) lets a living rhythm count as regular.
    """
    smooth = np.convolve(onsets, np.hanning(7)[1:-1] / np.hanning(7).sum(), mode="same")
    centred = smooth - smooth.mean()
    energy = float(centred @ centred)
    first, last = max(round(0.1 / step_s), 2), min(round(2.0 / step_s), len(onsets) // 2)
    if energy <= 1e-9 or last <= first + 1:
        return 0.0
    size = scipy.fft.next_fast_len(2 * len(centred), real=True)
    correlation = scipy.fft.irfft(np.abs(scipy.fft.rfft(centred, size)) ** 2, size)[: last + 1]
    correlation *= len(centred) / (len(centred) - np.arange(last + 1)) / energy
    peaks = scipy.signal.find_peaks(correlation[first:])[0]
    return float(np.clip(correlation[first:][peaks].max(initial=0.0), 0, 1))


def attack_and_decay(
    waveform: FloatArray, sample_rate_hz: int, event_times_s: npt.NDArray[np.floating]
) -> dict[str, float]:
    """Median attack (10 % to 90 % of the peak) and decay (peak to 10 %, that is -20 dB) of the five loudest events."""
    step = max(round(ENVELOPE_STEP_S * sample_rate_hz), 1)
    padded = np.pad(waveform, (0, -len(waveform) % step)).reshape(-1, step)
    envelope = np.sqrt(np.square(padded, dtype=np.float64).mean(axis=1))
    envelope = np.convolve(envelope, [0.25, 0.5, 0.25], mode="same")
    if envelope.max() <= 10 ** (FLOOR_DBFS / 20):
        return {"attack_s": 0.0, "decay_s": 0.0}
    step_s = step / sample_rate_hz
    reach = max(round(0.15 / step_s), 1)
    starts = np.minimum((event_times_s / step_s).astype(int), len(envelope) - 1)
    peaks = {start + int(envelope[start : start + reach].argmax()) for start in starts} or {int(envelope.argmax())}
    loudest = sorted(peaks, key=lambda peak: -envelope[peak])[:5]
    times = np.array([_rise_and_fall(envelope, peak) for peak in loudest]) * step_s
    attack, decay = np.median(times, axis=0)
    return {"attack_s": float(attack), "decay_s": float(decay)}


def _rise_and_fall(envelope: npt.NDArray[np.float64], peak: int) -> tuple[int, int]:
    """Steps from 10 % to 90 % of `envelope[peak]` before it, and from the peak down to 10 % after it.

    The clip's edge stands in where a level is never reached.
    """
    before, after = envelope[: peak + 1][::-1], envelope[peak:]
    high, low = (np.flatnonzero(before < share * envelope[peak]) for share in (0.9, 0.1))
    fallen = np.flatnonzero(after < 0.1 * envelope[peak])
    ninety = int(high[0]) if len(high) else len(before)
    ten = int(low[0]) if len(low) else len(before)
    return max(ten - ninety, 0), int(fallen[0]) if len(fallen) else len(after)
