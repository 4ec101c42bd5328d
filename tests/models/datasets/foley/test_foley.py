"""The demo's probing dataset: the same from the same seed, true to its parameters, and neither trivial nor hopeless."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from and_core.errors import ConfigError
from and_core.models.datasets.foley import Foley
from and_core.models.datasets.foley.dataset import SYNTHESIS_VERSION
from and_core.models.datasets.foley.recipes import RECIPES
from and_core.models.protocols import Clip, ProbingDataset

PARAMETERS = {"loudness_dbfs", "noise_share", "event_rate_hz", "attack_s"}
PITCHED = {
    "dog",
    "rooster",
    "church_bells",
    "clock_alarm",
    "siren",
    "engine",
    "chainsaw",
    "water_drops",
    "crickets",
    "chirping_birds",
}
RATE = 16_000
# Loudness in dBFS and spectral centroid in Hz of each class's clip 000 at seed 0, as of SYNTHESIS_VERSION 1.
KNOWN_VERSION = 1
KNOWN_SOUNDS = {
    "dog": (-27.3, 1081),
    "rooster": (-28.0, 1865),
    "rain": (-25.9, 3088),
    "sea_waves": (-23.2, 1782),
    "wind": (-24.5, 319),
    "crackling_fire": (-34.7, 2885),
    "church_bells": (-30.9, 439),
    "clock_tick": (-31.3, 2488),
    "clock_alarm": (-34.1, 2542),
    "siren": (-16.3, 1221),
    "engine": (-27.6, 158),
    "helicopter": (-20.6, 1016),
    "chainsaw": (-20.2, 1237),
    "footsteps": (-26.6, 1102),
    "door_wood_knock": (-27.4, 507),
    "glass_breaking": (-32.7, 4465),
    "water_drops": (-19.5, 1503),
    "crickets": (-32.2, 3475),
    "chirping_birds": (-13.8, 4324),
    "keyboard_typing": (-30.2, 2609),
}


@pytest.fixture(scope="module")
def dataset() -> Foley:
    return Foley(clips_per_class=10)


@pytest.fixture(scope="module")
def clips(dataset: Foley) -> list[Clip]:
    return [dataset.clip(index) for index in range(len(dataset))]


def of_class(clips: list[Clip], class_name: str) -> list[Clip]:
    return [clip for clip in clips if clip.class_name == class_name]


def spectrum(waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz and power, smoothed over 1.25 Hz."""
    power = np.abs(np.fft.rfft(waveform * np.hanning(waveform.size))) ** 2
    return np.fft.rfftfreq(waveform.size, 1 / RATE), np.convolve(power, np.ones(5), "same")


def peak_ratio(clip: Clip) -> float:
    """The strongest frequency within half an octave of the stated fundamental, as a ratio to it."""
    hz, power = spectrum(clip.waveform)
    fundamental = clip.parameters["fundamental_hz"]
    near = (hz > fundamental / np.sqrt(2)) & (hz < fundamental * np.sqrt(2))
    return float(hz[near][power[near].argmax()] / fundamental)


# Shape ----------------------------------------------------------------------------------------------------------------


def test_foley_is_a_probing_dataset_of_twenty_classes(dataset: Foley):
    as_protocol: ProbingDataset = dataset
    assert (as_protocol.name, len(as_protocol), len(set(as_protocol.class_names))) == ("foley", 200, 20)


def test_every_clip_is_four_seconds_at_16_khz_within_full_scale(clips: list[Clip]):
    for clip in clips:
        assert (clip.waveform.shape, clip.waveform.dtype, clip.sample_rate_hz) == ((64_000,), np.float32, 16_000)
        assert 0.001 < np.abs(clip.waveform).max() < 1
        assert np.isfinite(clip.waveform).all()


def test_names_are_unique_and_known_without_synthesis(dataset: Foley, clips: list[Clip]):
    assert [dataset.filename(index) for index in range(len(dataset))] == [clip.filename for clip in clips]
    assert len({clip.filename for clip in clips}) == len({clip.source_recording for clip in clips}) == len(clips)
    assert dataset.filename(7) == "dog-007.wav"


def test_every_class_is_dealt_evenly_to_the_folds(clips: list[Clip]):
    for class_name in RECIPES:
        folds = [clip.fold for clip in of_class(clips, class_name)]
        assert sorted(folds) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_three_folds_are_numbered_from_one_to_three():
    assert {Foley(clips_per_class=4, folds=3).clip(take).fold for take in range(4)} == {1, 2, 3}


def test_an_index_outside_the_dataset_is_refused(dataset: Foley):
    for index in (-1, 200):
        with pytest.raises(IndexError):
            dataset.clip(index)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clips_per_class": 0}, r"dataset\.clips_per_class = 0"),
        ({"clips_per_class": 2.5}, r"dataset\.clips_per_class = 2\.5"),
        ({"clips_per_class": True}, r"dataset\.clips_per_class = True"),
        ({"seed": -1}, r"dataset\.seed = -1"),
        ({"folds": 0}, r"dataset\.folds = 0"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_with_a_remedy(settings: dict, message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        Foley(**settings)
    assert "--set dataset." in caught.value.remedy


# Determinism ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("class_name", RECIPES)
def test_a_clip_is_the_same_whatever_was_asked_for_before_it(class_name: str, clips: list[Clip]):
    larger = Foley(clips_per_class=11)
    again = larger.clip(list(RECIPES).index(class_name) * 11 + 9)
    before = of_class(clips, class_name)[9]
    np.testing.assert_array_equal(again.waveform, before.waveform)
    assert again.parameters == before.parameters


def test_takes_and_seeds_make_different_clips(clips: list[Clip]):
    other = Foley(clips_per_class=1, seed=1)
    for index, class_name in enumerate(RECIPES):
        first, second = of_class(clips, class_name)[:2]
        assert not np.array_equal(first.waveform, second.waveform)
        assert not np.array_equal(first.waveform, other.clip(index).waveform)


def test_the_fingerprint_follows_every_setting():
    fingerprints = [
        Foley().fingerprint,
        Foley(clips_per_class=21).fingerprint,
        Foley(seed=1).fingerprint,
        Foley(folds=4).fingerprint,
    ]
    assert len(set(fingerprints)) == 4
    assert Foley().fingerprint == fingerprints[0]


def test_a_change_of_how_anything_sounds_raises_the_synthesis_version(clips: list[Clip]):
    """Where this fails, raise SYNTHESIS_VERSION and write the new version and figures into this file."""
    assert SYNTHESIS_VERSION == KNOWN_VERSION
    for class_name, (loudness_dbfs, centroid_hz) in KNOWN_SOUNDS.items():
        clip = of_class(clips, class_name)[0]
        power = np.abs(np.fft.rfft(clip.waveform)) ** 2
        hz = np.fft.rfftfreq(clip.waveform.size, 1 / RATE)
        assert clip.parameters["loudness_dbfs"] == pytest.approx(loudness_dbfs, abs=0.1), class_name
        assert (hz * power).sum() / power.sum() == pytest.approx(centroid_hz, rel=0.01), class_name
    assert set(KNOWN_SOUNDS) == set(RECIPES)


# Truth of the parameters ----------------------------------------------------------------------------------------------


def test_only_pitched_classes_state_a_fundamental(clips: list[Clip]):
    for clip in clips:
        expected = PARAMETERS | ({"fundamental_hz"} if clip.class_name in PITCHED else set())
        assert set(clip.parameters) == expected
        assert all(isinstance(value, float) for value in clip.parameters.values())


def test_the_stated_loudness_is_the_level_of_the_samples(clips: list[Clip]):
    for clip in clips:
        measured = 10 * np.log10(np.mean(clip.waveform.astype(np.float64) ** 2))
        assert measured == pytest.approx(clip.parameters["loudness_dbfs"], abs=0.01)


def test_the_stated_numbers_are_possible(clips: list[Clip]):
    for clip in clips:
        assert 0 < clip.parameters["noise_share"] <= 0.1
        assert 0.2 < clip.parameters["event_rate_hz"] < 300
        assert 0 < clip.parameters["attack_s"] < 2.5


@pytest.mark.parametrize(
    ("class_name", "tolerance"),
    [("clock_alarm", 0.01), ("crickets", 0.02), ("rooster", 0.04), ("dog", 0.15), ("water_drops", 0.25)],
)
def test_the_stated_fundamental_is_where_the_spectrum_peaks(clips: list[Clip], class_name: str, tolerance: float):
    for clip in of_class(clips, class_name):
        assert peak_ratio(clip) == pytest.approx(1, abs=tolerance), clip.filename


def test_a_bell_rings_at_its_stated_strike_note(clips: list[Clip]):
    for clip in of_class(clips, "church_bells"):
        hz, power = spectrum(clip.waveform)
        fundamental = clip.parameters["fundamental_hz"]
        at_note = power[np.abs(hz - fundamental) < 2].max()
        around = np.median(power[(np.abs(hz - fundamental) < 0.1 * fundamental)])
        assert at_note > 100 * around, clip.filename


def test_a_siren_sweeps_around_its_stated_middle(clips: list[Clip]):
    for clip in of_class(clips, "siren"):
        hz, power = spectrum(clip.waveform)
        fundamental = clip.parameters["fundamental_hz"]
        within = (hz > 0.6 * fundamental) & (hz < 1.4 * fundamental)
        below = hz < 0.5 * fundamental
        assert power[within].sum() > power[below & (hz > 300)].sum(), clip.filename


def framewise_pitch(clip: Clip, around_hz: float) -> np.ndarray:
    """The strongest repetition in each eighth of a second, within an octave and a half around a frequency."""
    frames = sliding_window_view(clip.waveform, 2048)[::2048] * np.hanning(2048)
    power = np.abs(np.fft.rfft(frames, 4096)) ** 2
    repeats = np.fft.irfft(power)[:, : 4096 // 2]
    shortest, longest = int(RATE / (1.6 * around_hz)), int(RATE * 1.6 / around_hz) + 1
    return RATE / (shortest + repeats[:, shortest:longest].argmax(axis=1))


@pytest.mark.parametrize("class_name", ["engine", "chainsaw"])
def test_a_motor_repeats_at_its_stated_fundamental(clips: list[Clip], class_name: str):
    ratios = []
    for clip in of_class(clips, class_name):
        fundamental = clip.parameters["fundamental_hz"]
        ratios.append(np.median(framewise_pitch(clip, fundamental)) / fundamental)
    np.testing.assert_allclose(ratios, 1, atol=0.25)
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.05


def test_ticks_and_rotor_beats_come_at_the_stated_rate():
    for class_name in ("clock_tick", "helicopter"):
        for seed in range(6):
            sound = RECIPES[class_name](np.random.default_rng(seed))
            loudness = sliding_window_view(sound.waveform**2, 160)[::80].mean(axis=1)
            repeats = signal.correlate(loudness - loudness.mean(), loudness - loudness.mean())[loudness.size - 1 :]
            lag = round(RATE / 80 / sound.event_rate_hz)
            slack = max(2, round(0.26 * lag))
            nearest = repeats[lag - slack : lag + slack + 1].max()
            assert nearest > 0.2 * repeats[0], (class_name, seed)


@pytest.mark.parametrize("class_name", ["dog", "water_drops"])
def test_an_event_is_at_its_loudest_after_the_stated_attack(class_name: str):
    for seed in range(8):
        sound = RECIPES[class_name](np.random.default_rng(seed))
        start = int(np.flatnonzero(sound.waveform)[0])
        envelope = sliding_window_view(np.abs(sound.waveform[start : start + 1600]), 48).max(axis=1)
        rise_s = int(np.argmax(envelope > 0.8 * envelope.max())) / RATE
        assert rise_s < sound.attack_s + 0.03, seed


# Hard enough, easy enough ---------------------------------------------------------------------------------------------


def mel_statistics(waveform: np.ndarray) -> np.ndarray:
    """Mean, spread and flicker over time of 16 log bands, relative to the loudest."""
    _, _, power = signal.spectrogram(waveform, RATE, nperseg=512, noverlap=256)
    edges = np.unique(np.geomspace(1, power.shape[0] - 1, 17).astype(int))
    bands = 10 * np.log10(np.add.reduceat(power[1:], edges[:-1] - 1, axis=0) + 1e-12)
    bands -= bands.max()
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1), np.abs(np.diff(bands, axis=1)).mean(axis=1)])


def nearest_centroid_accuracy(features: np.ndarray, clips: list[Clip]) -> float:
    """Share of clips nearest to the mean of their own class, over clips of the other folds."""
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    labels, folds = np.array([clip.class_name for clip in clips]), np.array([clip.fold for clip in clips])
    names = np.unique(labels)
    right = 0
    for fold in np.unique(folds):
        test = folds == fold
        means = np.array([features[~test & (labels == name)].mean(axis=0) for name in names])
        distances = ((features[test][:, None] - means) ** 2).sum(axis=2)
        right += int((names[distances.argmin(axis=1)] == labels[test]).sum())
    return right / len(clips)


def test_classes_can_be_told_apart_by_their_spectra_but_not_without_error(clips: list[Clip]):
    features = np.array([mel_statistics(clip.waveform) for clip in clips])
    assert 0.5 < nearest_centroid_accuracy(features, clips) < 0.95


def test_loudness_alone_does_not_give_the_class_away(clips: list[Clip]):
    loudness = np.array([[clip.parameters["loudness_dbfs"]] for clip in clips])
    assert nearest_centroid_accuracy(loudness, clips) < 0.2


def test_brightness_alone_does_not_give_the_class_away(clips: list[Clip]):
    brightness = []
    for clip in clips:
        hz, power = spectrum(clip.waveform)
        brightness.append([np.log((hz * power).sum() / power.sum())])
    assert nearest_centroid_accuracy(np.array(brightness), clips) < 0.4
