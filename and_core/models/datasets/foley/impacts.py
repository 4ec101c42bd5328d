"""Footsteps, a knock at the door, breaking glass and typing: things that hit other things."""

import numpy as np

from and_core.models.datasets.foley.synthesis import (
    CLIP_SECONDS,
    Samples,
    Sound,
    add_at,
    attack_decay,
    band_noise,
    between,
    rate_of,
    regular_onsets,
    ringing,
    silence,
    unit_rms,
)


def footsteps(rng: np.random.Generator) -> Sound:
    """Heel and sole in turn, at a walking or running pace, on hard floor or on gravel."""
    attack_s = between(rng, 0.002, 0.008)
    onsets = regular_onsets(rng, between(rng, 1.3, 3.2), jitter=0.05)
    thump_hz, surface_hz = between(rng, 70, 220), between(rng, 700, 3500)
    grit = rng.uniform(0.1, 1.0)
    roll_s = rng.uniform(0.05, 0.13)
    clip = silence()
    for turn, onset in enumerate(onsets):
        side = 1.0 if turn % 2 else 0.92
        add_at(clip, _step(rng, thump_hz * side, surface_hz, grit, attack_s), onset, rng.uniform(0.7, 1))
        add_at(clip, _step(rng, 1.4 * thump_hz, 1.3 * surface_hz, 1.5 * grit, attack_s), onset + roll_s, 0.35)
    return Sound(clip, rate_of(onsets), attack_s)


def _step(rng: np.random.Generator, thump_hz: float, surface_hz: float, grit: float, attack_s: float) -> Samples:
    body = attack_decay(attack_s, rng.uniform(0.08, 0.16))
    thump = body * unit_rms(band_noise(rng, body.size, 0.5 * thump_hz, 2 * thump_hz))
    scrape = attack_decay(attack_s, rng.uniform(0.05, 0.2))
    add_at(thump, scrape * band_noise(rng, scrape.size, 0.5 * surface_hz, 2.2 * surface_hz), 0.0, grit)
    return thump


def door_wood_knock(rng: np.random.Generator) -> Sound:
    """Knuckles on a wooden door: a few quick knocks, a pause, a few more."""
    attack_s = between(rng, 0.001, 0.003)
    panel = np.sort([between(rng, 90, 260), between(rng, 220, 500), between(rng, 400, 900), between(rng, 800, 1800)])
    damping = rng.uniform(0.05, 0.16)
    onsets = _knock_onsets(rng)
    clip = silence()
    for onset in onsets:
        gains = np.array([1.0, 0.8, 0.5, 0.3]) * rng.uniform(0.6, 1.2, 4)
        knock = ringing(panel, damping * np.array([1.0, 0.8, 0.5, 0.35]), gains)
        tap = attack_decay(attack_s, 0.02)
        add_at(knock, tap * band_noise(rng, tap.size, 400, 3500), 0.0, 0.5)
        add_at(clip, knock, onset, rng.uniform(0.75, 1))
    return Sound(clip, rate_of(onsets), attack_s)


def _knock_onsets(rng: np.random.Generator) -> Samples:
    spacing, onset = rng.uniform(0.14, 0.32), rng.uniform(0.05, 1.0)
    onsets: list[float] = []
    while onset < CLIP_SECONDS - 0.15:
        for _ in range(int(rng.integers(2, 6))):
            onsets.append(onset)
            onset += spacing * rng.uniform(0.92, 1.08)
        onset += rng.uniform(0.5, 2.5)
    return np.array([onset for onset in onsets if onset < CLIP_SECONDS])


def glass_breaking(rng: np.random.Generator) -> Sound:
    """A crash, and splinters that ring high as they fall, thinning out."""
    attack_s = between(rng, 0.001, 0.004)
    start_s, spread_s = rng.uniform(0.05, 2.2), rng.uniform(0.2, 0.6)
    clip = silence()
    crash = attack_decay(attack_s, rng.uniform(0.2, 0.6))
    add_at(clip, crash * band_noise(rng, crash.size, between(rng, 900, 2200), 7800), start_s, rng.uniform(1, 2.2))
    splinters = start_s + np.sort(rng.exponential(spread_s, int(rng.integers(25, 70))))
    splinters = splinters[splinters < CLIP_SECONDS]
    for onset in splinters:
        gain = rng.exponential(0.5) * np.exp(-(onset - start_s) / (2 * spread_s))
        add_at(clip, _splinter(rng), onset, gain)
    return Sound(clip, (1 + splinters.size) / CLIP_SECONDS, attack_s)


def _splinter(rng: np.random.Generator) -> Samples:
    frequencies = rng.uniform(1800, 7500, 3)
    return ringing(frequencies, rng.uniform(0.03, 0.3, 3), rng.uniform(0.3, 1, 3))


def keyboard_typing(rng: np.random.Generator) -> Sound:
    """Keys pressed and let go in uneven bursts, each one a little different."""
    attack_s = between(rng, 0.0005, 0.002)
    onsets = regular_onsets(rng, between(rng, 4, 11), jitter=0.45)
    pauses = rng.uniform(0, CLIP_SECONDS, 2)
    onsets = onsets[np.abs(onsets[:, None] - pauses).min(axis=1) > rng.uniform(0, 0.35)]
    tray_hz, click_hz = between(rng, 180, 600), between(rng, 1500, 4000)
    clip = silence()
    for onset in np.sort(onsets):
        add_at(clip, _key(rng, tray_hz, click_hz, attack_s), onset, rng.uniform(0.4, 1))
        add_at(clip, _key(rng, 1.5 * tray_hz, 1.3 * click_hz, attack_s), onset + rng.uniform(0.05, 0.11), 0.3)
    return Sound(clip, rate_of(onsets), attack_s)


def _key(rng: np.random.Generator, tray_hz: float, click_hz: float, attack_s: float) -> Samples:
    modes = np.array([tray_hz, click_hz * rng.uniform(0.9, 1.1), 1.7 * click_hz])
    key = ringing(modes, [0.04, 0.02, 0.015], [0.5, 0.6, 0.4])
    click = attack_decay(attack_s, 0.015)
    add_at(key, click * band_noise(rng, click.size, 0.6 * click_hz, 7500), 0.0, rng.uniform(0.5, 1))
    return key
