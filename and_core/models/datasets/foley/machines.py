"""Engine, helicopter, chainsaw and siren: pulses so fast that they become a tone."""

import numpy as np

from and_core.models.datasets.foley.synthesis import (
    CLIP_SAMPLES,
    CLIP_SECONDS,
    SAMPLE_RATE_HZ,
    Samples,
    Sound,
    band_gain,
    band_noise,
    between,
    coloured_noise,
    curve,
    filtered,
    harmonic_tone,
    resonance_gain,
    seconds,
    unit_rms,
    wandering,
)


def engine(rng: np.random.Generator) -> Sound:
    """An engine that idles: uneven firing strokes through an exhaust pipe, sometimes revved."""
    firing_hz = between(rng, 22, 75)
    speed = 1 + 0.03 * wandering(rng, CLIP_SAMPLES, 2)
    if rng.random() < 0.3:
        rise = rng.uniform(0.1, 0.6)
        speed = speed * curve(CLIP_SAMPLES, (0, 1), (rise, 1), (rise + 0.15, rng.uniform(1.3, 1.9)), (1, 1.05))
    sharpness = between(rng, 40, 400)
    strokes, count = _strokes(rng, firing_hz * speed, sharpness, unevenness=rng.uniform(0.1, 0.4))
    pipe = [between(rng, 60, 160), between(rng, 120, 350), between(rng, 300, 900), between(rng, 700, 2000)]
    tone = filtered(
        strokes, lambda hz: resonance_gain(hz, pipe, [90, 120, 250, 500], 0.08) * band_gain(hz, 25, 2000, 1)
    )
    clatter = band_noise(rng, CLIP_SAMPLES, 600, 5000, order=1) * (0.3 + strokes / strokes.max())
    mix = unit_rms(tone) + rng.uniform(0.05, 0.3) * unit_rms(clatter)
    mean_hz = count / CLIP_SECONDS
    return Sound(mix, mean_hz, _stroke_rise(sharpness) / mean_hz, firing_hz * float(np.median(speed)))


def chainsaw(rng: np.random.Generator) -> Sound:
    """A small two-stroke engine: a rasping tone full of harmonics that falls under load and screams without."""
    pitch_hz = between(rng, 85, 210)
    load = _throttle(rng)
    speed = pitch_hz * load * (1 + 0.02 * wandering(rng, CLIP_SAMPLES, 12))
    sharpness = between(rng, 80, 600)
    strokes, count = _strokes(rng, speed, sharpness, unevenness=rng.uniform(0.05, 0.25))
    body = [between(rng, 400, 900), between(rng, 1200, 2600), between(rng, 3000, 5500)]
    rasp = filtered(strokes, lambda hz: resonance_gain(hz, body, [400, 900, 1800], 0.25) * band_gain(hz, 40, 7000, 1))
    chain = band_noise(rng, CLIP_SAMPLES, 600, 6500, order=1) * (0.4 + strokes / strokes.max())
    mix = (unit_rms(rasp) + between(rng, 0.12, 0.7) * unit_rms(chain)) * load**1.5
    mean_hz = count / CLIP_SECONDS
    return Sound(mix, mean_hz, _stroke_rise(sharpness) / mean_hz, mean_hz)


def _throttle(rng: np.random.Generator) -> Samples:
    """[CLIP_SAMPLES] the speed as a share of the mean: nearly even, or blipped between idle and full."""
    depth = 0.05 if rng.random() < 0.4 else rng.uniform(0.2, 0.45)
    return 1 + depth * wandering(rng, CLIP_SAMPLES, between(rng, 0.5, 3))


def _strokes(rng: np.random.Generator, rate_hz: Samples, sharpness: float, unevenness: float) -> tuple[Samples, float]:
    """One puff for each cycle of a moving rate [T]; also how many there were. Every puff differs by `unevenness`."""
    cycles = np.cumsum(rate_hz) / SAMPLE_RATE_HZ
    strength = 1 + unevenness * rng.uniform(-1, 1, int(cycles[-1]) + 1)
    phase = cycles % 1
    puff = np.exp(-sharpness * (1 - np.cos(2 * np.pi * (phase - 0.5))) / 2)
    return puff * strength[cycles.astype(np.int64)], float(cycles[-1])


def _stroke_rise(sharpness: float) -> float:
    """The share of a cycle in which a puff grows from 1 % to its peak."""
    return float(np.arccos(max(-1.0, 1 - 2 * np.log(100) / sharpness)) / (2 * np.pi))


def helicopter(rng: np.random.Generator) -> Sound:
    """Rotor blades that thud many times a second, with rushing air and a turbine's whine behind them."""
    blades_hz = between(rng, 8, 22)
    attack_s = rng.uniform(0.15, 0.35) / blades_hz
    phase = (seconds(CLIP_SAMPLES) * blades_hz + 0.05 * wandering(rng, CLIP_SAMPLES, 1)) % 1
    rise = attack_s * blades_hz
    beat = np.where(phase < rise, phase / rise, np.exp(-(phase - rise) / rng.uniform(0.12, 0.3)))
    thud = band_noise(rng, CLIP_SAMPLES, 35, between(rng, 150, 600), order=1) * beat**1.5
    depth = rng.uniform(0.3, 1)
    chop = band_noise(rng, CLIP_SAMPLES, 200, between(rng, 900, 2500), order=1) * (1 - depth + depth * beat**1.5)
    air = coloured_noise(rng, CLIP_SAMPLES, 1.2)
    near = curve(CLIP_SAMPLES, (0, rng.uniform(0.5, 1)), (rng.uniform(0.3, 0.7), 1), (1, rng.uniform(0.5, 1)))
    mix = unit_rms(thud) + rng.uniform(0.4, 1.2) * unit_rms(chop) + rng.uniform(0.15, 0.5) * air
    return Sound(near * (mix + _whine(rng)), blades_hz, attack_s)


def _whine(rng: np.random.Generator) -> Samples:
    turbine_hz = between(rng, 600, 2500) * (1 + 0.01 * wandering(rng, CLIP_SAMPLES, 2))
    return rng.uniform(0, 0.12) * harmonic_tone(turbine_hz, lambda number: number**-1.5)


def siren(rng: np.random.Generator) -> Sound:
    """A horn whose pitch wails slowly, yelps quickly, or alternates between two notes."""
    low_hz = between(rng, 380, 800)
    high_hz = low_hz * rng.uniform(1.35, 2.2)
    style = rng.choice(["wail", "yelp", "two_tone"])
    rate_hz = {"wail": between(rng, 0.25, 0.6), "yelp": between(rng, 2, 4.5), "two_tone": between(rng, 0.7, 1.6)}[style]
    cycle = (seconds(CLIP_SAMPLES) * rate_hz + rng.uniform()) % 1
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * cycle)
    # A wail climbs through half its cycle, as does a yelp; a two-tone horn jumps.
    attack_s = 0.01 if style == "two_tone" else 0.5 / rate_hz
    height = np.clip(0.5 + (wave - 0.5) / (np.pi * rate_hz * attack_s), 0, 1) if style == "two_tone" else wave
    pitch = low_hz + (high_hz - low_hz) * height
    brightness = rng.uniform(0.9, 2.0)
    tone = harmonic_tone(pitch, lambda number: number**-brightness)
    mouth_hz = between(rng, 900, 2200)
    horn = filtered(tone, lambda hz: resonance_gain(hz, [mouth_hz], [1200], 0.3))
    # The horn is strongest at the top of its sweep, which is where an event is loudest.
    near = (0.6 + 0.4 * height) * (1 + 0.2 * wandering(rng, CLIP_SAMPLES, 0.5))
    return Sound(near * horn, rate_hz, attack_s, 0.5 * (low_hz + high_hz))
