"""Room, background and level are what the recording says they are."""

import numpy as np
import pytest

from and_core.models.datasets.foley.scene import LOUDNESS_DBFS, NOISE_SHARES, PEAK, record
from and_core.models.datasets.foley.synthesis import CLIP_SAMPLES, SAMPLE_RATE_HZ, Sound, seconds, silence


@pytest.fixture(scope="module")
def tone() -> Sound:
    return Sound(np.sin(2 * np.pi * 1000 * seconds(CLIP_SAMPLES)), event_rate_hz=0.25, attack_s=0.0)


@pytest.mark.parametrize("seed", range(8))
def test_the_noise_share_is_the_energy_that_is_not_the_sound(tone: Sound, seed: int):
    recording = record(np.random.default_rng(seed), tone)
    power = np.abs(np.fft.rfft(recording.waveform * np.hanning(CLIP_SAMPLES))) ** 2
    hz = np.fft.rfftfreq(CLIP_SAMPLES, 1 / SAMPLE_RATE_HZ)
    share = power[np.abs(hz - 1000) > 20].sum() / power.sum()
    # A tone that starts at once in a room spreads a little, which sets the floor of this measurement.
    assert share == pytest.approx(recording.noise_share, rel=0.3, abs=1e-4)


def test_levels_and_noise_vary_over_their_whole_range(tone: Sound):
    recordings = [record(np.random.default_rng(seed), tone) for seed in range(100)]
    loudness = np.array([recording.loudness_dbfs for recording in recordings])
    shares = np.array([recording.noise_share for recording in recordings])
    assert np.ptp(loudness) > 0.9 * (LOUDNESS_DBFS[1] - LOUDNESS_DBFS[0])
    assert shares.min() < 10 * NOISE_SHARES[0]
    assert shares.max() > NOISE_SHARES[1] / 2


def test_a_sound_with_a_high_peak_is_recorded_quieter_rather_than_clipped():
    click = silence()
    click[1000] = 1.0
    for seed in range(8):
        recording = record(np.random.default_rng(seed), Sound(click, 0.25, 0.0))
        assert np.abs(recording.waveform).max() <= PEAK * 1.0001
        assert recording.loudness_dbfs == pytest.approx(10 * np.log10(np.mean(recording.waveform**2)), abs=0.05)
