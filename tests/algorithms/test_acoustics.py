"""Sounds with known answers: tones, noise, clicks, silence."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.acoustics import measure, mel_spectrogram_db
from and_core.algorithms.spectrum import FLOOR_DBFS

RATE = 44_100


def tone(frequency_hz: float, seconds: float = 2.0, amplitude: float = 0.5, rate: int = RATE) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds: float = 2.0, amplitude: float = 0.1) -> np.ndarray:
    return (amplitude * np.random.default_rng(3).standard_normal(round(seconds * RATE))).astype(np.float32)


def clicks(rate_hz: float, seconds: float = 5.0) -> np.ndarray:
    waveform = np.zeros(round(seconds * RATE), dtype=np.float32)
    burst = np.exp(-np.arange(882) / 150) * np.random.default_rng(5).standard_normal(882)
    for start in np.arange(0.1, seconds - 0.05, 1 / rate_hz):
        at = round(start * RATE)
        waveform[at : at + 882] += 0.3 * burst
    return waveform


def test_a_sine_of_20_dbfs_rms_measures_so_in_time_and_in_the_spectrum() -> None:
    found = measure(tone(1000, amplitude=0.1 * np.sqrt(2)), RATE)
    assert found["loudness_dbfs"] == pytest.approx(-20, abs=0.05)
    assert found["background_dbfs"] == pytest.approx(-20, abs=0.2)
    assert found["peak_dbfs"] == pytest.approx(-17, abs=0.05)


def test_mean_amplitude_is_the_mean_of_the_absolute_samples() -> None:
    assert measure(np.array([0.5, -0.25] * 2000, dtype=np.float32), RATE)["mean_amplitude"] == pytest.approx(0.375)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("frequency_hz", [110.0, 440.0, 1760.0])
def test_a_tone_keeps_its_pitch_and_median_frequency_at_any_sampling_rate(frequency_hz: float, rate: int) -> None:
    found = measure(tone(frequency_hz, rate=rate), rate)
    assert found["pitch_hz"] == pytest.approx(frequency_hz, rel=0.02)
    assert found["pitch_strength"] > 0.9
    assert found["median_frequency_hz"] == pytest.approx(frequency_hz, abs=22)


def test_the_pitch_of_a_rich_tone_is_its_fundamental_and_not_an_overtone() -> None:
    rich = sum(tone(220 * n, amplitude=0.2 / n) for n in range(1, 9))
    assert measure(rich, RATE)["pitch_hz"] == pytest.approx(220, rel=0.02)


def test_noise_has_no_pitch_and_is_flat_where_a_tone_is_not() -> None:
    hiss = measure(noise(), RATE)
    assert "pitch_hz" not in hiss
    assert hiss["noisiness"] == pytest.approx(0.56, abs=0.03)
    assert measure(tone(440), RATE)["noisiness"] < 0.001
    assert hiss["brightness_hz"] == pytest.approx(RATE / 4, rel=0.02)


@pytest.mark.parametrize("rate_hz", [1.0, 2.0, 4.0, 8.0])
def test_a_click_train_has_its_rate_and_is_regular(rate_hz: float) -> None:
    found = measure(clicks(rate_hz), RATE)
    assert found["event_rate_hz"] == pytest.approx(rate_hz, abs=0.25)
    assert found["repetition"] > 0.75
    assert found["attack_s"] < 0.02
    assert found["decay_s"] < 0.04


def test_clicks_at_random_moments_are_less_regular_than_a_train() -> None:
    irregular = np.zeros(5 * RATE, dtype=np.float32)
    for at in np.random.default_rng(8).uniform(0.1, 4.9, 20):
        irregular[round(at * RATE) : round(at * RATE) + 300] = 0.5
    assert measure(irregular, RATE)["repetition"] < 0.6 * measure(clicks(4.0), RATE)["repetition"]


def test_steady_noise_has_neither_events_nor_rhythm() -> None:
    found = measure(noise(5.0), RATE)
    assert found["event_rate_hz"] == 0
    assert found["repetition"] == 0


def test_a_crescendo_grows_and_played_backwards_it_shrinks_by_as_much() -> None:
    crescendo = noise(3.0) * np.linspace(0.01, 1, 3 * RATE, dtype=np.float32)
    change = measure(crescendo, RATE)["loudness_change_db"]
    assert change == pytest.approx(12.9, abs=1)  # mean squares of the thirds of a ramp: 19 to 1
    assert measure(crescendo[::-1].copy(), RATE)["loudness_change_db"] == pytest.approx(-change, abs=1e-3)


def test_a_tone_after_a_low_tone_brightens() -> None:
    found = measure(np.concatenate([tone(300), tone(3000)]), RATE)
    assert found["brightness_change_hz"] == pytest.approx(2700, rel=0.2)


def test_half_a_clip_of_silence_is_half_silent() -> None:
    half = np.concatenate([tone(500), np.zeros(2 * RATE, dtype=np.float32)])
    found = measure(half, RATE)
    assert found["silence_share"] == pytest.approx(0.5, abs=0.02)
    assert found["background_dbfs"] == FLOOR_DBFS


def test_a_slow_swell_has_a_longer_attack_and_a_struck_tone_a_longer_decay() -> None:
    ramp = np.linspace(0, 1, 2 * RATE, dtype=np.float32)
    assert measure(tone(440) * ramp, RATE)["attack_s"] == pytest.approx(1.6, abs=0.1)
    struck = tone(440) * np.exp(-np.arange(2 * RATE) / RATE / 0.2).astype(np.float32)
    assert measure(struck, RATE)["decay_s"] == pytest.approx(0.2 * np.log(10), abs=0.03)


def test_silence_is_measured_as_silence() -> None:
    found = measure(np.zeros(RATE, dtype=np.float32), RATE)
    assert found["loudness_dbfs"] == FLOOR_DBFS
    assert found["silence_share"] == 1
    assert "pitch_hz" not in found
    assert all(np.isfinite(value) for value in found.values())


@pytest.mark.parametrize("samples", [1, 2, 17, 800, 2205])
def test_a_very_short_clip_gets_finite_measures(samples: int) -> None:
    found = measure(tone(440)[:samples] + np.float32(0.1), RATE)
    assert all(np.isfinite(value) for value in found.values())
    assert np.isfinite(mel_spectrogram_db(tone(440)[:samples], RATE)).all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    seconds=st.floats(0.05, 1.0),
    gain_db=st.floats(-90, 20),
    rate=st.sampled_from([8_000, 16_000, 44_100]),
)
def test_any_clip_gets_finite_measures_and_shares_between_0_and_1(
    seed: int, seconds: float, gain_db: float, rate: int
) -> None:
    rng = np.random.default_rng(seed)
    waveform = rng.standard_normal(round(seconds * rate)).cumsum() * 10 ** (gain_db / 20)
    found = measure(waveform.astype(np.float32), rate)
    assert all(np.isfinite(value) for value in found.values())
    assert all(0 <= found[share] <= 1 for share in ("repetition", "silence_share", "noisiness", "pitch_strength"))
    assert 0 <= found["brightness_hz"] <= rate / 2


@pytest.mark.parametrize("bad", [np.zeros(0), np.zeros((2, 5)), np.array([0.0, np.nan]), np.array([np.inf, 0.0])])
def test_what_is_not_a_row_of_finite_samples_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="waveform"):
        measure(bad, RATE)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_the_mel_spectrogram_has_the_tone_in_the_right_row(rate: int) -> None:
    low, high = (mel_spectrogram_db(tone(f, rate=rate), rate).mean(axis=1).argmax() for f in (300, 3000))
    image = mel_spectrogram_db(tone(300, rate=rate), rate)
    assert image.shape[0] == 128
    assert image.dtype == np.float32
    assert np.ptp(image) <= 80.01
    assert low < high


@pytest.mark.slow
def test_real_clips_measure_as_their_classes_suggest(shared) -> None:
    def median(category_suffix: str, name: str) -> float:
        files = sorted((shared / "esc10" / "audio").glob(f"*{category_suffix}.ogg"))
        return float(np.median([measure(*soundfile.read(file, dtype="float32"))[name] for file in files]))

    assert median("-A-38", "repetition") > 0.6 > median("-A-10", "repetition")  # clock tick, rain
    assert median("-A-1", "pitch_strength") > 0.8 > median("-A-10", "pitch_strength")  # rooster, rain
    assert median("-A-40", "median_frequency_hz") < median("-A-1", "median_frequency_hz")  # helicopter, rooster
