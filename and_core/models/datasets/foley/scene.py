"""Put a dry sound into a place: the room, the background, the recording level."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from and_core.models.datasets.foley.synthesis import (
    CLIP_SAMPLES,
    SAMPLE_RATE_HZ,
    Samples,
    Sound,
    band_gain,
    between,
    coloured_noise,
    filtered,
    sample_count,
    seconds,
    unit_rms,
)
from and_core.models.protocols import FloatArray

LOUDNESS_DBFS = (-35.0, -12.0)
NOISE_SHARES = (3e-6, 0.1)
PEAK = 0.98


@dataclass(frozen=True)
class Recording:
    """A finished clip, and what is true of it."""

    waveform: FloatArray
    """[CLIP_SAMPLES] float32 within -1..1."""
    loudness_dbfs: float
    """RMS over the whole clip, relative to an amplitude of 1."""
    noise_share: float
    """Background's share of the clip's energy, 0 to 1."""


def record(rng: np.random.Generator, sound: Sound) -> Recording:
    """Play a sound in a room with some background noise, and record it at some level.

    An impulsive sound cannot be as loud as a steady one without clipping: there the level is what its peak allows.
    """
    place = unit_rms(_in_room(rng, sound.waveform))
    background = _background(rng)
    noise_share = between(rng, *NOISE_SHARES)
    mix = np.sqrt(1 - noise_share) * place + np.sqrt(noise_share) * background
    wanted_rms = 10 ** (rng.uniform(*LOUDNESS_DBFS) / 20)
    waveform = unit_rms(mix) * wanted_rms
    waveform *= min(1.0, PEAK / float(np.abs(waveform).max()))
    loudness_dbfs = 10 * np.log10(np.mean(waveform**2))
    return Recording(waveform.astype(np.float32), float(loudness_dbfs), noise_share)


def _in_room(rng: np.random.Generator, dry: Samples) -> Samples:
    """Add the echoes of a room (noise that dies away, duller than the source) or of the open air (none)."""
    reverberation_s, wet = between(rng, 0.12, 0.9), rng.uniform(0, 0.5)
    if wet < 0.1:
        return dry
    count = sample_count(reverberation_s)
    tail = rng.standard_normal(count) * np.exp(-6.9 * seconds(count) / reverberation_s)
    dullness_hz = between(rng, 1800, 6500)
    tail = filtered(tail, lambda hz: band_gain(hz, 80, dullness_hz, 1))
    tail /= np.sqrt(np.sum(tail**2))
    delay = int(rng.uniform(0.002, 0.02) * SAMPLE_RATE_HZ)
    echoes = signal.fftconvolve(dry, tail)[: CLIP_SAMPLES - delay]
    return dry + wet * np.concatenate([np.zeros(delay), echoes])


def _background(rng: np.random.Generator) -> Samples:
    """Noise from nearly white to brown, sometimes with the hum of the mains in it; RMS 1."""
    noise = coloured_noise(rng, CLIP_SAMPLES, rng.uniform(0.2, 2.2))
    if rng.random() < 0.25:
        noise = noise + rng.uniform(0.2, 1.0) * np.sin(2 * np.pi * rng.choice([50, 60]) * seconds(CLIP_SAMPLES))
    return unit_rms(noise)
