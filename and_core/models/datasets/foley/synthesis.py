"""Building blocks of synthesised sound: noise, tones, ringing bodies, envelopes and where events fall in time.

Everything is float64 at 16 kHz; every random choice comes from the generator that is passed in.
The ideas (excite a resonator, scatter grains, shape noise) are those of A. Farnell, Designing Sound, MIT Press, 2010.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

Samples = npt.NDArray[np.float64]

SAMPLE_RATE_HZ = 16_000
CLIP_SECONDS = 4.0
CLIP_SAMPLES = int(CLIP_SECONDS * SAMPLE_RATE_HZ)
NYQUIST_HZ = SAMPLE_RATE_HZ / 2


@dataclass(frozen=True)
class Sound:
    """What a recipe returns: a dry sound and what is true of it."""

    waveform: Samples
    """[CLIP_SAMPLES] at any level; loudness, room and background come later."""
    event_rate_hz: float
    """Events (barks, ticks, waves, drops) that begin in the clip, for each of its seconds."""
    attack_s: float
    """From the start of an event to its loudest moment."""
    fundamental_hz: float | None = None
    """The pitch; where it glides the middle of its range, where it changes the usual one, of several bells the first's.
    None for a sound without pitch."""


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number from low to high, all equally likely by ratio: as many between 1 and 2 as between 2 and 4."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def sample_count(seconds: float) -> int:
    """Whole samples in `seconds`, at least one."""
    return max(1, round(seconds * SAMPLE_RATE_HZ))


def silence() -> Samples:
    """A clip's worth of zeros, to add events to."""
    return np.zeros(CLIP_SAMPLES)


def add_at(clip: Samples, event: Samples, onset_s: float, gain: float = 1.0) -> None:
    """Add `event` to `clip` in place, starting at `onset_s`; what reaches past the end is cut off."""
    start = round(onset_s * SAMPLE_RATE_HZ)
    if 0 <= start < clip.size:
        kept = event[: clip.size - start]
        clip[start : start + kept.size] += gain * kept


# Noise ----------------------------------------------------------------------------------------------------------------


def shaped_noise(rng: np.random.Generator, count: int, gain: Callable[[Samples], Samples]) -> Samples:
    """[count] Gaussian noise of RMS 1 whose spectrum follows `gain`, a function from Hz to amplitude."""
    padded = fft.next_fast_len(count, real=True)
    spectrum = fft.rfft(rng.standard_normal(padded)) * gain(fft.rfftfreq(padded, 1 / SAMPLE_RATE_HZ))
    noise = fft.irfft(spectrum, padded)[:count]
    return unit_rms(noise)


def coloured_noise(rng: np.random.Generator, count: int, slope: float) -> Samples:
    """[count] noise with power as 1 / f^slope above 20 Hz: 0 is white, 1 pink, 2 brown; RMS 1."""
    return shaped_noise(rng, count, lambda hz: np.where(hz < 20, 0.0, np.maximum(hz, 20.0) ** (-slope / 2)))


def band_noise(rng: np.random.Generator, count: int, low_hz: float, high_hz: float, order: int = 2) -> Samples:
    """[count] noise between two corner frequencies, falling `order` x 6 dB an octave outside them; RMS 1."""
    return shaped_noise(rng, count, lambda hz: band_gain(hz, low_hz, high_hz, order))


def band_gain(hz: Samples, low_hz: float, high_hz: float, order: int = 2) -> Samples:
    """Amplitude of a band-pass at frequencies `hz`; 1 in the middle of a wide band."""
    hz = np.maximum(hz, 1e-3)
    return 1 / np.sqrt((1 + (low_hz / hz) ** (2 * order)) * (1 + (hz / high_hz) ** (2 * order)))


def resonance_gain(hz: Samples, centres_hz: Sequence[float], widths_hz: Sequence[float], floor: float) -> Samples:
    """Amplitude of resonances beside each other, such as the formants of a throat, above an even `floor`."""
    gain = np.full_like(hz, floor)
    for centre, width in zip(centres_hz, widths_hz, strict=True):
        gain += 1 / (1 + ((hz - centre) / (width / 2)) ** 2)
    return gain


def filtered(waveform: Samples, gain: Callable[[Samples], Samples]) -> Samples:
    """`waveform` with its spectrum multiplied by `gain`, a function from Hz to amplitude; no phase shift."""
    padded = fft.next_fast_len(waveform.size + 1024, real=True)
    spectrum = fft.rfft(waveform, padded) * gain(fft.rfftfreq(padded, 1 / SAMPLE_RATE_HZ))
    return fft.irfft(spectrum, padded)[: waveform.size]


def unit_rms(waveform: Samples) -> Samples:
    """`waveform` scaled to RMS 1; silence stays silence."""
    rms = np.sqrt(np.mean(waveform**2))
    return waveform / rms if rms > 0 else waveform


# Tones ----------------------------------------------------------------------------------------------------------------


def harmonic_tone(fundamental_hz: Samples, gain: Callable[[Samples], Samples], most: int = 40) -> Samples:
    """Sum of harmonics over a moving fundamental.

    Args:
        fundamental_hz: [T] the pitch at each sample.
        gain: amplitude of a harmonic from its number, [numbers] -> [numbers].
        most: harmonics at most; those above the Nyquist frequency are left out.
    """
    numbers = np.arange(1, max(1, min(most, int(0.95 * NYQUIST_HZ / fundamental_hz.max()))) + 1, dtype=np.float64)
    cycle = np.exp(2j * np.pi * np.cumsum(fundamental_hz) / SAMPLE_RATE_HZ)
    # Horner's rule: powers of one complex oscillation are its harmonics, without a sine for each.
    total = np.zeros_like(cycle)
    for amplitude in gain(numbers)[::-1]:
        total = (total + amplitude) * cycle
    return np.ascontiguousarray(total.imag)


def ringing(
    frequencies_hz: Sequence[float] | Samples, decays_s: Sequence[float] | Samples, gains: Sequence[float] | Samples
) -> Samples:
    """A struck body: one dying sine for each mode, as long as the longest rings or the clip lasts.

    Args:
        frequencies_hz: [modes]; those above the Nyquist frequency are left out.
        decays_s: [modes] seconds in which a mode falls by 60 dB.
        gains: [modes] amplitude at the strike.
    """
    body = np.zeros(sample_count(min(CLIP_SECONDS, float(np.max(decays_s)))))
    for frequency, decay, gain in zip(frequencies_hz, decays_s, gains, strict=True):
        if frequency < 0.95 * NYQUIST_HZ:
            time = seconds(min(body.size, sample_count(decay)))
            body[: time.size] += gain * np.sin(2 * np.pi * frequency * time) * np.exp(-6.9 * time / decay)
    return body


# Envelopes and curves -------------------------------------------------------------------------------------------------


def seconds(count: int) -> Samples:
    """[count] the time of each sample."""
    return np.arange(count) / SAMPLE_RATE_HZ


def attack_decay(attack_s: float, decay_s: float) -> Samples:
    """A smooth rise to 1 over `attack_s`, then a fall by 60 dB over `decay_s`."""
    rise = np.sin(0.5 * np.pi * np.linspace(0, 1, sample_count(attack_s), endpoint=False)) ** 2
    return np.concatenate([rise, np.exp(-6.9 * seconds(sample_count(decay_s)) / decay_s)])


def swell(attack_s: float, hold_s: float, release_s: float) -> Samples:
    """A smooth rise to 1, a stay there, and a smooth fall to 0."""
    rise = np.sin(0.5 * np.pi * np.linspace(0, 1, sample_count(attack_s))) ** 2
    fall = np.cos(0.5 * np.pi * np.linspace(0, 1, sample_count(release_s))) ** 2
    return np.concatenate([rise, np.ones(sample_count(hold_s)), fall])


def curve(count: int, *points: tuple[float, float]) -> Samples:
    """[count] straight lines through (share of the length from 0 to 1, value)."""
    shares, values = zip(*points, strict=True)
    return np.interp(np.linspace(0, 1, count), shares, values)


def wandering(rng: np.random.Generator, count: int, rate_hz: float) -> Samples:
    """[count] a smooth random curve within -1..1 that turns about `rate_hz` times a second."""
    knots = max(4, int(np.ceil(count / SAMPLE_RATE_HZ * rate_hz)) + 3)
    place = np.linspace(0, knots - 1.001, count)
    left = place.astype(np.int64)
    blend = 0.5 - 0.5 * np.cos(np.pi * (place - left))
    heights = rng.uniform(-1, 1, knots)
    return heights[left] * (1 - blend) + heights[left + 1] * blend


# Onsets ---------------------------------------------------------------------------------------------------------------


def regular_onsets(rng: np.random.Generator, rate_hz: float, jitter: float, first_s: float | None = None) -> Samples:
    """Seconds at which events begin, evenly spaced to the clip's end.

    Args:
        jitter: random shift of each as a share of the spacing; 0 is a clock. None is shifted to before the clip.
        first_s: where the first falls; at random within one spacing where None.
    """
    spacing = 1 / rate_hz
    first = rng.uniform(0, spacing) if first_s is None else first_s
    onsets = np.arange(first, CLIP_SECONDS, spacing)
    shifted = np.maximum(onsets + rng.uniform(-jitter, jitter, onsets.size) * spacing, 0)
    return shifted[shifted < CLIP_SECONDS]


def scattered_onsets(rng: np.random.Generator, rate_hz: float) -> Samples:
    """Seconds at which events begin when they know nothing of each other (a Poisson process); at least one."""
    count = max(1, int(rng.poisson(rate_hz * CLIP_SECONDS)))
    return np.sort(rng.uniform(0, CLIP_SECONDS, count))


def rate_of(onsets: Samples) -> float:
    """Events a second over the whole clip."""
    return onsets.size / CLIP_SECONDS
