"""Folders of recordings, with classes and without."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, ConfigError, DatasetError
from and_core.models.datasets.audio_folder import AudioFolder


def put(root: Path, *names: str) -> None:
    """Write a short recording under each name."""
    for position, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(400, 0.1 * (position + 1)), 8_000)


def filenames(dataset: AudioFolder) -> list[str]:
    return [dataset.filename(index) for index in range(len(dataset))]


def test_each_folder_is_a_class_with_all_files_below_it(tmp_path: Path):
    put(tmp_path, "rain/b.wav", "dog/z.flac", "dog/old/a.ogg")
    dataset = AudioFolder(tmp_path)
    assert dataset.class_names == ("dog", "rain")
    assert filenames(dataset) == ["dog/old/a.ogg", "dog/z.flac", "rain/b.wav"]
    clip = dataset.clip(0)
    assert (clip.filename, clip.class_name, clip.fold, clip.sample_rate_hz) == ("dog/old/a.ogg", "dog", None, 8_000)


def test_a_flat_folder_has_no_classes(tmp_path: Path):
    put(tmp_path, "two.wav", "one.wav")
    dataset = AudioFolder(tmp_path)
    assert (dataset.class_names, filenames(dataset)) == ((), ["one.wav", "two.wav"])
    assert dataset.clip(0).class_name is None


def test_hidden_files_and_files_that_are_not_audio_are_passed_over(tmp_path: Path):
    put(tmp_path, "dog/a.WAV", "dog/.b.wav", ".trash/c.wav", "dog/.cache/d.wav")
    (tmp_path / "README.txt").write_text("about")
    (tmp_path / "dog/cover.png").write_bytes(b"png")
    (tmp_path / "empty").mkdir()
    dataset = AudioFolder(tmp_path)
    assert (dataset.class_names, filenames(dataset)) == (("dog",), ["dog/a.WAV"])


def test_a_corrupt_recording_is_kept_and_refused_when_read(tmp_path: Path):
    put(tmp_path, "a.wav")
    (tmp_path / "b.wav").write_text("not audio")
    dataset = AudioFolder(tmp_path)
    assert len(dataset) == 2
    with pytest.raises(ClipError, match=r"b\.wav cannot be read as audio"):
        dataset.clip(1)


def test_a_recording_deleted_meanwhile_is_a_clip_error(tmp_path: Path):
    put(tmp_path, "a.wav")
    dataset = AudioFolder(tmp_path)
    (tmp_path / "a.wav").unlink()
    with pytest.raises(ClipError, match=r"a\.wav is not there"):
        dataset.clip(0)


def test_a_folder_without_recordings_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(DatasetError, match=r"holds no audio files\. Put recordings"):
        AudioFolder(tmp_path)


def test_a_wrong_folder_says_which_setting_to_mend(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"nowhere is not a folder\. Set dataset\.root"):
        AudioFolder(tmp_path / "nowhere")


def test_loose_recordings_beside_classes_are_not_silently_dropped(tmp_path: Path):
    put(tmp_path, "stray.wav", "dog/a.wav")
    with pytest.raises(DatasetError, match=r"stray\.wav.*dog/"):
        AudioFolder(tmp_path)


def test_the_fingerprint_changes_with_content_and_not_otherwise(tmp_path: Path):
    root = tmp_path / "mine"
    put(root, "dog/a.wav", "rain/b.wav")
    before = AudioFolder(root).fingerprint
    (root / "README.txt").write_text("about")
    moved = root.rename(tmp_path / "yours")
    assert AudioFolder(moved).fingerprint == before
    assert AudioFolder(moved).name == "yours"
    assert AudioFolder(moved, max_seconds=1).fingerprint != before
    (moved / "rain/b.wav").rename(moved / "dog/b.wav")
    assert AudioFolder(moved).fingerprint != before


def test_a_longest_length_that_is_negative_is_a_wrong_setting(tmp_path: Path):
    put(tmp_path, "a.wav")
    with pytest.raises(ConfigError, match=r"dataset\.max_seconds"):
        AudioFolder(tmp_path, max_seconds=-1)
