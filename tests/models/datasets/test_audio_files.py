"""Real files of every awkward kind, written with soundfile."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, ConfigError
from and_core.models.datasets.audio_files import (
    audio_suffixes,
    check_max_seconds,
    check_waveform,
    content_fingerprint,
    read_clip_audio,
)


def tone(seconds: float = 0.25, sample_rate_hz: int = 16_000, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz)


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_a_lossless_file_is_read_sample_by_sample(tmp_path: Path, suffix: str):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(), 16_000)
    waveform, sample_rate_hz = read_clip_audio(path)
    assert sample_rate_hz == 16_000
    assert waveform.dtype == np.float32
    np.testing.assert_allclose(waveform, tone(), atol=1 / 32768)


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_a_compressed_file_keeps_its_pitch_and_about_its_length(tmp_path: Path, suffix: str):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(1.0), 16_000)
    waveform, sample_rate_hz = read_clip_audio(path)
    peak_hz = np.abs(np.fft.rfft(waveform)).argmax() * sample_rate_hz / waveform.size
    assert peak_hz == pytest.approx(440, abs=3)
    assert waveform.size == pytest.approx(16_000, rel=0.2)


def test_a_96_khz_stereo_file_is_mixed_down_and_keeps_its_rate(tmp_path: Path):
    left, right = tone(0.1, 96_000), tone(0.1, 96_000, hz=30_000.0)
    soundfile.write(tmp_path / "wide.wav", np.stack([left, right], axis=1), 96_000, subtype="FLOAT")
    waveform, sample_rate_hz = read_clip_audio(tmp_path / "wide.wav")
    assert sample_rate_hz == 96_000
    assert waveform.shape == (9_600,)
    np.testing.assert_allclose(waveform, (left + right) / 2, atol=1e-6)


def test_a_file_that_is_missing_says_so(tmp_path: Path):
    with pytest.raises(ClipError, match=r"gone\.wav is not there"):
        read_clip_audio(tmp_path / "gone.wav")


def test_a_folder_named_like_a_clip_is_not_a_clip(tmp_path: Path):
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(ClipError, match=r"folder\.wav is not there"):
        read_clip_audio(tmp_path / "folder.wav")


@pytest.mark.parametrize("content", [b"", b"These are notes, not audio.\n" * 40])
def test_a_file_that_is_not_audio_is_named_with_a_remedy(tmp_path: Path, content: bytes):
    path = tmp_path / "notes.wav"
    path.write_bytes(content)
    with pytest.raises(ClipError) as caught:
        read_clip_audio(path)
    assert "notes.wav cannot be read as audio" in caught.value.what
    assert caught.value.what.count("notes.wav") == 1
    assert "Convert it" in caught.value.remedy


def test_a_damaged_file_is_refused(tmp_path: Path):
    path = tmp_path / "torn.flac"
    rng = np.random.default_rng(0)
    soundfile.write(path, rng.uniform(-0.5, 0.5, 16_000), 16_000)
    intact = path.read_bytes()
    path.write_bytes(intact[:60] + bytes(len(intact) - 60))
    with pytest.raises(ClipError, match=r"torn\.flac"):
        read_clip_audio(path)


def test_a_clip_of_no_seconds_is_refused(tmp_path: Path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    with pytest.raises(ClipError, match=r"empty\.wav is 0 s long"):
        read_clip_audio(tmp_path / "empty.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_counted(tmp_path: Path, bad: float):
    samples = tone(0.1)
    samples[[3, 70]] = bad
    soundfile.write(tmp_path / "holes.wav", samples, 16_000, subtype="FLOAT")
    with pytest.raises(ClipError, match=r"2 samples of 1600 that are NaN or infinite"):
        read_clip_audio(tmp_path / "holes.wav")


def test_a_clip_that_is_too_long_names_its_length_and_the_setting(tmp_path: Path):
    soundfile.write(tmp_path / "long.wav", np.zeros(3 * 8_000), 8_000)
    with pytest.raises(ClipError, match=r"long\.wav is 3\.0 s long, and dataset\.max_seconds is 2\."):
        read_clip_audio(tmp_path / "long.wav", max_seconds=2.0)
    assert read_clip_audio(tmp_path / "long.wav", max_seconds=3.0)[0].size == 24_000


def test_the_length_is_checked_before_the_samples_are_read(tmp_path: Path):
    samples = np.full(16_000, np.nan)
    soundfile.write(tmp_path / "long.wav", samples, 8_000, subtype="FLOAT")
    with pytest.raises(ClipError, match="max_seconds"):
        read_clip_audio(tmp_path / "long.wav", max_seconds=1.0)


def test_a_good_waveform_passes_the_check():
    check_waveform(np.zeros(1, dtype=np.float32), "silence")


@pytest.mark.parametrize("max_seconds", [0, -1.0, float("nan")])
def test_a_longest_length_that_no_clip_has_is_refused(max_seconds: float):
    with pytest.raises(ConfigError, match=r"dataset\.max_seconds"):
        check_max_seconds(max_seconds)


def test_common_suffixes_are_audio_and_others_are_not():
    assert {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus"} <= audio_suffixes()
    assert audio_suffixes().isdisjoint({".raw", ".txt", ".csv", ".png", ""})


def test_a_fingerprint_follows_names_and_contents_and_nothing_else(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    before = content_fingerprint(tmp_path, ["a", "b"])
    assert len(before) == 64
    (tmp_path / "a").touch()
    assert content_fingerprint(tmp_path, ["b", "a"]) == before
    assert content_fingerprint(tmp_path, ["a"]) != before
    (tmp_path / "c").write_bytes(b"two")
    assert content_fingerprint(tmp_path, ["a", "c"]) != before
    (tmp_path / "b").write_bytes(b"twO")
    assert content_fingerprint(tmp_path, ["a", "b"]) != before
    (tmp_path / "b").unlink()
    assert content_fingerprint(tmp_path, ["a", "b"]) != before


def test_a_fingerprint_does_not_confuse_which_file_holds_what(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    before = content_fingerprint(tmp_path, ["a", "b"])
    (tmp_path / "a").write_bytes(b"two")
    (tmp_path / "b").write_bytes(b"one")
    assert content_fingerprint(tmp_path, ["a", "b"]) != before
