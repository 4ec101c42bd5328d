"""Dog, rooster, crickets and birds: throats and wings."""

import numpy as np

from and_core.models.datasets.foley.synthesis import (
    CLIP_SECONDS,
    SAMPLE_RATE_HZ,
    Samples,
    Sound,
    add_at,
    attack_decay,
    band_noise,
    between,
    curve,
    filtered,
    harmonic_tone,
    rate_of,
    regular_onsets,
    resonance_gain,
    sample_count,
    scattered_onsets,
    seconds,
    silence,
    swell,
    unit_rms,
    wandering,
)


def dog(rng: np.random.Generator) -> Sound:
    """Barks alone or in quick runs: a pitch that leaps up and falls, through a throat, with breath in it."""
    pitch_hz = between(rng, 220, 750)
    attack_s = between(rng, 0.012, 0.04)
    onsets = _bark_onsets(rng)
    clip = silence()
    for onset in onsets:
        add_at(clip, _bark(rng, pitch_hz * rng.uniform(0.95, 1.05), attack_s), onset, rng.uniform(0.6, 1))
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)


def _bark_onsets(rng: np.random.Generator) -> Samples:
    """One to seven barks, in runs with pauses between them."""
    spacing, onset = rng.uniform(0.28, 0.6), rng.uniform(0.05, 1.2)
    onsets: list[float] = []
    while onset < CLIP_SECONDS - 0.3 and len(onsets) < 7:
        onsets.append(onset)
        onset += spacing * rng.uniform(0.9, 1.1) + (rng.uniform(0.5, 2.0) if rng.random() < 0.4 else 0)
    return np.array(onsets)


def _bark(rng: np.random.Generator, pitch_hz: float, attack_s: float) -> Samples:
    envelope = attack_decay(attack_s, rng.uniform(0.18, 0.45))
    count = envelope.size
    glide = curve(count, (0, 0.75), (0.12, 1.06), (0.3, 1.0), (1, 0.62)) * pitch_hz
    rough = 1 + rng.uniform(0.02, 0.12) * wandering(rng, count, 250)
    voice = harmonic_tone(glide * rough, lambda number: number**-0.9)
    throat = [between(rng, 1.0, 2.0) * pitch_hz, between(rng, 1400, 2600)]
    breath = band_noise(rng, count, 400, 4000, order=1)
    source = unit_rms(voice) + rng.uniform(0.3, 1.1) * breath
    return envelope * unit_rms(filtered(source, lambda hz: resonance_gain(hz, throat, [600, 900], floor=0.08)))


def rooster(rng: np.random.Generator) -> Sound:
    """Cock-a-doodle-doo: a few short notes and a long one that rises, holds and sinks; clear or hoarse."""
    pitch_hz = between(rng, 430, 900)
    pace = rng.uniform(0.85, 1.25)
    attack_s = between(rng, 0.02, 0.06)
    hoarseness = between(rng, 0.08, 0.9)
    onsets, onset = [], rng.uniform(0.05, 1.2)
    clip = silence()
    notes = [(rng.uniform(0.1, 0.3), rng.uniform(0.7, 1.05), rng.uniform(0.4, 0.9)) for _ in range(rng.integers(1, 5))]
    for length_s, step, level in (*notes, (rng.uniform(0.7, 1.2), 1.0, 1.0)):
        note = _crow_note(rng, pitch_hz * step, length_s * pace, attack_s, hoarseness)
        add_at(clip, note, onset, level)
        onsets.append(onset)
        onset += note.size / SAMPLE_RATE_HZ + rng.uniform(0.02, 0.09)
    throat = [between(rng, 1100, 1700), between(rng, 2400, 3600)]
    voiced = filtered(clip, lambda hz: resonance_gain(hz, throat, [900, 1400], floor=0.15))
    return Sound(voiced, rate_of(np.array(onsets)), attack_s, pitch_hz)


def _crow_note(
    rng: np.random.Generator, pitch_hz: float, length_s: float, attack_s: float, hoarseness: float
) -> Samples:
    envelope = swell(attack_s, 0.55 * length_s, 0.45 * length_s)
    count = envelope.size
    glide = curve(count, (0, 0.82), (0.2, 1.03), (0.6, 1.0), (1, 0.78)) * pitch_hz
    voice = harmonic_tone(glide * (1 + 0.06 * hoarseness * wandering(rng, count, 120)), lambda number: number**-0.8)
    return envelope * (unit_rms(voice) + hoarseness * band_noise(rng, count, 800, 5000, order=1))


def crickets(rng: np.random.Generator) -> Sound:
    """Chirps of a few wing strokes each on one high note, one insect near and some far away."""
    pitch_hz = between(rng, 2600, 5600)
    rate_hz = between(rng, 1.3, 4.5)
    strokes_hz = rng.uniform(25, 55)
    strokes = int(rng.integers(3, 6)) if rng.random() < 0.75 else round(0.9 * strokes_hz / rate_hz)
    onsets = regular_onsets(rng, rate_hz, jitter=0.04)
    attack_s = rng.uniform(0.25, 0.5) / strokes_hz
    clip = silence()
    chirp = _chirp(rng, pitch_hz, strokes, strokes_hz, attack_s)
    for onset in onsets:
        add_at(clip, chirp, onset, rng.uniform(0.8, 1))
    for _ in range(int(rng.integers(0, 4))):
        other = _chirp(rng, pitch_hz * rng.uniform(0.85, 1.15), strokes, strokes_hz * rng.uniform(0.9, 1.1), attack_s)
        for onset in regular_onsets(rng, rate_hz * rng.uniform(0.8, 1.2), jitter=0.05):
            add_at(clip, other, onset, 0.18)
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)


def _chirp(rng: np.random.Generator, pitch_hz: float, strokes: int, strokes_hz: float, attack_s: float) -> Samples:
    count = sample_count(strokes / strokes_hz)
    phase = (seconds(count) * strokes_hz) % 1
    rise = attack_s * strokes_hz
    stroke = np.where(phase < rise, phase / rise, np.clip((0.95 - phase) / (0.95 - rise), 0, None)) ** 1.5
    growth = curve(count, (0, 0.5), (0.4, 1), (1, 0.9))
    tone = harmonic_tone(
        np.full(count, pitch_hz) * (1 + 0.004 * wandering(rng, count, 20)), lambda number: number**-4.0
    )
    return growth * stroke * tone


def chirping_birds(rng: np.random.Generator) -> Sound:
    """Phrases of short whistles that sweep up or down, each phrase one figure repeated."""
    pitch_hz = between(rng, 2200, 4800)
    attack_s = between(rng, 0.008, 0.03)
    onsets: list[float] = []
    clip = silence()
    start = rng.uniform(0, 0.5)
    while start < CLIP_SECONDS - 0.2:
        start = _phrase(rng, clip, onsets, start, pitch_hz, attack_s) + between(rng, 0.15, 0.9)
    for onset in scattered_onsets(rng, rng.uniform(0.3, 2)):
        add_at(clip, _whistle(rng, pitch_hz * rng.uniform(0.7, 1.4), 0.8, 1.2, 0.1, attack_s), onset, 0.12)
    return Sound(clip, len(onsets) / CLIP_SECONDS, attack_s, pitch_hz)


def _phrase(
    rng: np.random.Generator, clip: Samples, onsets: list[float], start: float, pitch_hz: float, attack_s: float
) -> float:
    """Add one phrase, note its onsets, and return when it ends."""
    length_s, spacing = rng.uniform(0.05, 0.16), rng.uniform(0.12, 0.26)
    bottom, top = rng.uniform(0.7, 0.95), rng.uniform(1.05, 1.4)
    first, last = (bottom, top) if rng.random() < 0.5 else (top, bottom)
    level = rng.uniform(0.5, 1)
    for _ in range(int(rng.integers(2, 8))):
        if start < CLIP_SECONDS:
            add_at(clip, _whistle(rng, pitch_hz, first, last, length_s, attack_s), start, level)
            onsets.append(start)
        start += spacing
    return start


def _whistle(
    rng: np.random.Generator, pitch_hz: float, first: float, last: float, length_s: float, attack_s: float
) -> Samples:
    envelope = swell(attack_s, 0.3 * length_s, 0.7 * length_s)
    bend = rng.uniform(0.3, 0.7)
    middle = 0.5 * (first + last) + rng.uniform(-0.08, 0.08)
    glide = curve(envelope.size, (0, first), (bend, middle), (1, last)) * pitch_hz
    return envelope * harmonic_tone(glide, lambda number: number**-3.5)
