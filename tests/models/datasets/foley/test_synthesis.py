"""The building blocks do what their names say."""

import numpy as np
import pytest

from and_core.models.datasets.foley.synthesis import (
    CLIP_SAMPLES,
    SAMPLE_RATE_HZ,
    add_at,
    attack_decay,
    band_noise,
    between,
    coloured_noise,
    curve,
    filtered,
    harmonic_tone,
    rate_of,
    regular_onsets,
    ringing,
    scattered_onsets,
    swell,
    unit_rms,
    wandering,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def band_power(waveform: np.ndarray, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(waveform)) ** 2
    hz = np.fft.rfftfreq(waveform.size, 1 / SAMPLE_RATE_HZ)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum())


@pytest.mark.parametrize(("slope", "decibels"), [(0, 3.0), (1, 0.0), (2, -3.0)])
def test_coloured_noise_changes_by_its_slope_from_octave_to_octave(rng, slope: float, decibels: float):
    noise = coloured_noise(rng, CLIP_SAMPLES, slope)
    octaves = [band_power(noise, hz, 2 * hz) for hz in (500, 1000, 2000)]
    np.testing.assert_allclose(np.diff(10 * np.log10(octaves)), decibels, atol=0.8)
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1)


def test_band_noise_stays_in_its_band(rng):
    noise = band_noise(rng, CLIP_SAMPLES, 1000, 2000, order=4)
    assert band_power(noise, 900, 2200) > 0.8 * band_power(noise, 0, 8000)


def test_a_harmonic_tone_is_the_sum_of_its_sines():
    fundamental = np.full(1600, 200.0)
    phase = 2 * np.pi * 200 * np.arange(1, 1601) / SAMPLE_RATE_HZ
    expected = np.sin(phase) + 0.5 * np.sin(2 * phase) + np.sin(3 * phase) / 3
    np.testing.assert_allclose(harmonic_tone(fundamental, lambda number: 1 / number, most=3), expected, atol=1e-9)


def test_a_harmonic_tone_leaves_out_what_lies_above_the_nyquist_frequency():
    tone = harmonic_tone(np.full(1600, 5000.0), lambda number: np.ones_like(number))
    assert band_power(tone, 4900, 5100) > 0.999 * band_power(tone, 0, 8000)


def test_a_struck_body_falls_by_60_db_in_its_decay():
    body = ringing([1000.0], [0.5], [1.0])
    start, end = np.abs(body[:160]).max(), np.abs(body[-160:]).max()
    assert body.size == 8000
    assert 20 * np.log10(end / start) == pytest.approx(-60, abs=1.5)


def test_a_mode_above_the_nyquist_frequency_is_silent():
    assert not ringing([9000.0], [0.1], [1.0]).any()


def test_an_envelope_peaks_after_its_attack():
    envelope = attack_decay(0.05, 0.2)
    assert envelope[0] == 0
    assert envelope.argmax() == 800
    assert envelope[-1] == pytest.approx(0.001, rel=0.05)


def test_a_swell_begins_and_ends_in_silence_and_holds_between():
    envelope = swell(0.1, 0.2, 0.1)
    assert envelope[0] == envelope[-1].round(12) == 0
    assert (envelope[1600:4800] == 1).all()


def test_a_curve_passes_through_its_points():
    np.testing.assert_allclose(curve(5, (0, 1), (0.5, 3), (1, 1)), [1, 2, 3, 2, 1])


def test_a_wandering_curve_is_smooth_and_bounded(rng):
    walk = wandering(rng, CLIP_SAMPLES, 5)
    assert np.abs(walk).max() <= 1
    assert np.abs(np.diff(walk)).max() < 0.01
    assert np.ptp(walk) > 0.5


def test_regular_onsets_are_a_clock_without_jitter(rng):
    onsets = regular_onsets(rng, 2.0, jitter=0.0, first_s=0.25)
    np.testing.assert_allclose(onsets, [0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75])
    assert rate_of(onsets) == 2.0


def test_a_first_onset_is_not_shifted_out_of_the_clip():
    first = [regular_onsets(np.random.default_rng(seed), 0.3, jitter=0.2, first_s=0.0)[0] for seed in range(20)]
    assert min(first) == 0
    assert max(first) < 0.2 / 0.3


def test_scattered_onsets_come_at_their_rate_and_never_not_at_all(rng):
    counts = [scattered_onsets(rng, 10.0).size for _ in range(200)]
    assert np.mean(counts) == pytest.approx(40, abs=2)
    assert scattered_onsets(rng, 1e-9).size == 1


def test_an_event_is_cut_off_at_the_end_and_left_out_beyond_it():
    clip = np.zeros(CLIP_SAMPLES)
    add_at(clip, np.ones(100), 4.0 - 50 / SAMPLE_RATE_HZ, gain=2.0)
    add_at(clip, np.ones(100), 4.1)
    add_at(clip, np.ones(100), -0.1)
    assert clip.sum() == 100
    assert (clip[-50:] == 2).all()


def test_filtering_with_a_gain_of_one_changes_nothing(rng):
    waveform = rng.standard_normal(1000)
    np.testing.assert_allclose(filtered(waveform, np.ones_like), waveform, atol=1e-12)


def test_silence_has_no_level_to_correct():
    assert not unit_rms(np.zeros(8)).any()


def test_between_favours_neither_end(rng):
    draws = np.array([between(rng, 1, 100) for _ in range(2000)])
    assert draws.min() >= 1
    assert draws.max() <= 100
    assert np.mean(draws < 10) == pytest.approx(0.5, abs=0.05)
