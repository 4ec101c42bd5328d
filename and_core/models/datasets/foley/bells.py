"""Church bells, ticking clocks and alarms: struck metal, and a buzzer that imitates it."""

import numpy as np

from and_core.models.datasets.foley.synthesis import (
    CLIP_SECONDS,
    Samples,
    Sound,
    add_at,
    attack_decay,
    band_noise,
    between,
    harmonic_tone,
    rate_of,
    regular_onsets,
    ringing,
    sample_count,
    silence,
    swell,
)

# Partials of a tuned minor-third bell, as ratios to its strike note: hum, prime, tierce, quint, nominal and above.
BELL_RATIOS = np.array([0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.3])
BELL_GAINS = np.array([0.45, 1.0, 0.6, 0.25, 0.7, 0.25, 0.25, 0.3, 0.2, 0.12])
BELL_DECAYS = np.array([1.0, 0.7, 0.55, 0.4, 0.4, 0.25, 0.22, 0.2, 0.13, 0.1])


def church_bells(rng: np.random.Generator) -> Sound:
    """One to three large bells in turn, each stroke ringing into the next."""
    pitch_hz = between(rng, 230, 750)
    longest_s = rng.uniform(4, 9)
    attack_s = between(rng, 0.002, 0.006)
    steps = [1.0, *rng.choice([1.125, 1.2, 1.335, 1.5], int(rng.integers(0, 3)), replace=False)]
    bells = [_bell(rng, pitch_hz * step, longest_s, attack_s) for step in steps]
    onsets = regular_onsets(rng, rng.uniform(0.5, 2.0), jitter=0.06)
    clip = silence()
    # Strokes from before the clip are still ringing when it begins.
    if rng.random() < 0.6:
        add_at(clip, bells[-1][sample_count(0.7) :], 0.0, 0.8)
    for turn, onset in enumerate(onsets):
        add_at(clip, bells[turn % len(bells)], onset, rng.uniform(0.75, 1))
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)


def _bell(rng: np.random.Generator, pitch_hz: float, longest_s: float, attack_s: float) -> Samples:
    mistuned = 1 + 0.008 * rng.standard_normal(BELL_RATIOS.size)
    mistuned[1] = 1.0
    gains = BELL_GAINS * rng.uniform(0.5, 1.5, BELL_GAINS.size)
    gains[1] = 1.3
    bell = ringing(pitch_hz * BELL_RATIOS * mistuned, longest_s * BELL_DECAYS, gains)
    rise = sample_count(attack_s)
    bell[:rise] *= np.linspace(0, 1, rise)
    clang = attack_decay(0.001, 0.06)
    add_at(bell, clang * band_noise(rng, clang.size, 1500, 6000), 0.0, rng.uniform(0.1, 0.5))
    return bell


def clock_tick(rng: np.random.Generator) -> Sound:
    """Tick and tock in turn, evenly, each a click with the clock's case ringing after it."""
    rate_hz = between(rng, 1.0, 5.0)
    attack_s = between(rng, 0.0005, 0.0015)
    onsets = regular_onsets(rng, rate_hz, jitter=0.005)
    tick = _tick(rng, attack_s)
    tock = _tick(rng, attack_s) if rng.random() < 0.6 else tick
    echo_s = rng.uniform(0.015, 0.07)
    clip = silence()
    for turn, onset in enumerate(onsets):
        sound = tock if turn % 2 else tick
        add_at(clip, sound, onset, rng.uniform(0.9, 1))
        add_at(clip, sound, onset + echo_s, 0.25)
    return Sound(clip, rate_of(onsets), attack_s)


def _tick(rng: np.random.Generator, attack_s: float) -> Samples:
    modes = np.array([between(rng, 350, 7000) for _ in range(6)])
    case = ringing(modes, between(rng, 0.2, 1.2) * rng.uniform(0.02, 0.07, 6), rng.uniform(0.3, 1, 6))
    click = attack_decay(attack_s, between(rng, 0.01, 0.06))
    add_at(
        case,
        click * band_noise(rng, click.size, between(rng, 200, 1500), between(rng, 2000, 7500)),
        0.0,
        rng.uniform(0.4, 1.2),
    )
    return case


def clock_alarm(rng: np.random.Generator) -> Sound:
    """An electronic alarm that beeps in groups, or a wound one whose hammer rattles between two bells."""
    return _rattling_alarm(rng) if rng.random() < 0.3 else _beeping_alarm(rng)


def _beeping_alarm(rng: np.random.Generator) -> Sound:
    pitch_hz = between(rng, 950, 3300)
    attack_s = between(rng, 0.003, 0.01)
    beep_s = rng.uniform(0.05, 0.12)
    brightness = rng.uniform(1.0, 3.0)
    # A piezo buzzer is driven by a square wave: odd harmonics only.
    envelope = swell(attack_s, beep_s, 0.01)
    tone = harmonic_tone(np.full(envelope.size, pitch_hz), lambda number: (number % 2) * number**-brightness)
    beep = envelope * tone
    group = int(rng.choice([1, 2, 3, 4]))
    spacing = beep_s * rng.uniform(1.6, 2.2)
    groups = regular_onsets(rng, 1 / (group * spacing + rng.uniform(0.15, 0.5)), jitter=0.0)
    onsets = (groups[:, None] + spacing * np.arange(group)).ravel()
    onsets = onsets[onsets < CLIP_SECONDS]
    clip = silence()
    for onset in onsets:
        add_at(clip, beep, onset)
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)


def _rattling_alarm(rng: np.random.Generator) -> Sound:
    pitch_hz = between(rng, 1300, 2600)
    attack_s = 0.001
    ratios = np.array([1.0, 2.1, 2.9, 1.57])
    bell = ringing(pitch_hz * ratios, rng.uniform(0.15, 0.5) * np.array([1, 0.6, 0.5, 0.7]), [1.2, 0.6, 0.4, 0.3])
    start_s = rng.uniform(0, 0.8)
    onsets = regular_onsets(rng, rng.uniform(14, 26), jitter=0.06, first_s=start_s)
    clip = silence()
    for onset in onsets:
        add_at(clip, bell, onset, rng.uniform(0.6, 1))
    return Sound(clip, rate_of(onsets), attack_s, pitch_hz)
