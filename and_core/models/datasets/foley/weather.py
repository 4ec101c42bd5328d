"""Rain, waves, wind, fire and dripping water: noise, and grains scattered in it."""

import numpy as np

from and_core.models.datasets.foley.synthesis import (
    CLIP_SAMPLES,
    SAMPLE_RATE_HZ,
    Samples,
    Sound,
    add_at,
    attack_decay,
    band_gain,
    band_noise,
    between,
    coloured_noise,
    rate_of,
    regular_onsets,
    sample_count,
    scattered_onsets,
    seconds,
    shaped_noise,
    silence,
    unit_rms,
    wandering,
)


def rain(rng: np.random.Generator) -> Sound:
    """An even hiss of drops too many to tell apart, with nearer drops pattering in it."""
    attack_s = between(rng, 0.0005, 0.002)
    slope, low_hz = rng.uniform(-0.1, 1.3), between(rng, 60, 900)
    hiss = shaped_noise(
        rng, CLIP_SAMPLES, lambda hz: np.maximum(hz, 20.0) ** (-slope / 2) * band_gain(hz, low_hz, 7500, 1)
    )
    onsets = scattered_onsets(rng, between(rng, 15, 120))
    patter = silence()
    drops = [attack_decay(attack_s, 0.02) * band_noise(rng, sample_count(attack_s) + 320, 900, 6500) for _ in range(8)]
    for onset in onsets:
        add_at(patter, drops[rng.integers(len(drops))], onset, rng.exponential())
    steady = 1 + 0.12 * wandering(rng, CLIP_SAMPLES, 0.7)
    return Sound(steady * (hiss + rng.uniform(0.2, 0.9) * unit_rms(patter)), rate_of(onsets), attack_s)


def sea_waves(rng: np.random.Generator) -> Sound:
    """Waves that rise, break into bright foam and run out, over the rumble of the sea."""
    attack_s = rng.uniform(0.5, 1.4)
    run_out_s = rng.uniform(1.5, 3.5)
    onsets = regular_onsets(rng, rng.uniform(0.28, 0.65), jitter=0.12, first_s=rng.uniform(0, 0.9))
    height = silence()
    wave = attack_decay(attack_s, run_out_s)
    for onset in onsets:
        add_at(height, wave, onset, rng.uniform(0.5, 1))
    rumble = coloured_noise(rng, CLIP_SAMPLES, rng.uniform(1.4, 2.0))
    body = band_noise(rng, CLIP_SAMPLES, 120, between(rng, 900, 1800), order=1)
    foam = band_noise(rng, CLIP_SAMPLES, 700, between(rng, 3000, 6500), order=1)
    sea = rng.uniform(0.1, 0.35) * rumble + (0.12 + height) * body + rng.uniform(0.2, 0.7) * height**2 * foam
    return Sound(sea, rate_of(onsets), attack_s)


def wind(rng: np.random.Generator) -> Sound:
    """Gusts: a rumble, and a howl whose pitch climbs as the gust grows."""
    attack_s = rng.uniform(0.4, 1.2)
    onsets = regular_onsets(rng, rng.uniform(0.3, 0.9), jitter=0.2, first_s=rng.uniform(0, 0.6))
    gust = silence()
    for onset in onsets:
        add_at(gust, attack_decay(attack_s, rng.uniform(1.5, 3.5)), onset, rng.uniform(0.5, 1))
    strength = 0.25 + gust + 0.08 * wandering(rng, CLIP_SAMPLES, 6)
    howl_hz = between(rng, 250, 800) * (0.7 + 0.45 * gust + 0.08 * wandering(rng, CLIP_SAMPLES, 3))
    howl = _howl(rng, howl_hz, between(rng, 25, 110))
    rumble = coloured_noise(rng, CLIP_SAMPLES, rng.uniform(1.7, 2.3))
    rush = band_noise(rng, CLIP_SAMPLES, 150, between(rng, 500, 1100), order=2)
    mix = rng.uniform(0.4, 1.2) * rumble + rng.uniform(0.3, 0.7) * rush + rng.uniform(0.5, 1.2) * howl
    return Sound(strength * mix, rate_of(onsets), attack_s)


def _howl(rng: np.random.Generator, centre_hz: Samples, width_hz: float) -> Samples:
    """Noise in a narrow band whose centre moves: slow complex noise carried by a gliding oscillation."""
    slow_real = shaped_noise(rng, CLIP_SAMPLES, lambda hz: np.exp(-((hz / width_hz) ** 2)))
    slow_imaginary = shaped_noise(rng, CLIP_SAMPLES, lambda hz: np.exp(-((hz / width_hz) ** 2)))
    carrier = np.exp(2j * np.pi * np.cumsum(centre_hz) / SAMPLE_RATE_HZ)
    return unit_rms(((slow_real + 1j * slow_imaginary) * carrier).real)


def crackling_fire(rng: np.random.Generator) -> Sound:
    """Snaps of every size at odd moments over the low flutter of flames."""
    attack_s = between(rng, 0.0005, 0.0015)
    onsets = scattered_onsets(rng, between(rng, 5, 35))
    snaps = silence()
    for onset in onsets:
        # Many small snaps and few large ones.
        add_at(snaps, _snap(rng, attack_s), onset, float(rng.lognormal(0, 1.1)))
    flutter = 1 + 0.5 * wandering(rng, CLIP_SAMPLES, 9)
    flames = band_noise(rng, CLIP_SAMPLES, 40, between(rng, 150, 500), order=1) * flutter
    hiss = band_noise(rng, CLIP_SAMPLES, 1500, 7000, order=1)
    fire = unit_rms(snaps) + rng.uniform(0.15, 0.7) * flames + between(rng, 0.01, 0.12) * hiss
    return Sound(fire, rate_of(onsets), attack_s)


def _snap(rng: np.random.Generator, attack_s: float) -> Samples:
    envelope = attack_decay(attack_s, between(rng, 0.004, 0.03))
    centre_hz = between(rng, 800, 6000)
    return envelope * band_noise(rng, envelope.size, 0.5 * centre_hz, min(7500, 2 * centre_hz))


def water_drops(rng: np.random.Generator) -> Sound:
    """Drops into water: each a bubble whose ring climbs as it closes."""
    pitch_hz = between(rng, 450, 2000)
    attack_s = between(rng, 0.002, 0.006)
    rate_hz = between(rng, 0.8, 6)
    onsets = regular_onsets(rng, rate_hz, jitter=rng.uniform(0.02, 0.4))
    clip = silence()
    for onset in onsets:
        add_at(clip, _bubble(rng, pitch_hz * between(rng, 0.85, 1.18), attack_s), onset, rng.uniform(0.4, 1))
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)


def _bubble(rng: np.random.Generator, pitch_hz: float, attack_s: float) -> Samples:
    envelope = attack_decay(attack_s, between(rng, 0.06, 0.22))
    time = seconds(envelope.size)
    climb = pitch_hz * (0.92 + rng.uniform(0.8, 3.0) * time)
    ring = np.sin(2 * np.pi * np.cumsum(np.minimum(climb, 7000)) / SAMPLE_RATE_HZ)
    splash = attack_decay(0.0005, 0.012)
    bubble = envelope * ring
    add_at(bubble, splash * band_noise(rng, splash.size, 1500, 7000), 0.0, rng.uniform(0.05, 0.25))
    return bubble
