"""GTZAN's layouts, on short recordings of the right names."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, ConfigError, DatasetError
from and_core.models.datasets.gtzan import GENRES, PLACES, Gtzan


def put(folder: Path, *clips: str, suffix: str = "wav") -> Path:
    """Write a short recording for each `genre.number`; all differ."""
    for clip in clips:
        genre, number = clip.split(".")
        path = folder / genre / f"{clip}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(300, 0.001 * int(number) + 0.01 * GENRES.index(genre)), 22_050)
    return folder


def test_the_ten_genres_are_classes_0_to_9_and_blues_is_spelt_right(tmp_path: Path):
    put(tmp_path / "genres", *(f"{genre}.00000" for genre in reversed(GENRES)))
    dataset = Gtzan(tmp_path)
    assert dataset.class_names == (
        "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock",
    )  # fmt: skip
    assert [dataset.clip(index).class_name for index in range(10)] == list(dataset.class_names)
    assert dataset.name == "GTZAN"


@pytest.mark.parametrize("place", PLACES)
def test_the_root_may_be_the_genres_folder_or_one_above_it(tmp_path: Path, place: str):
    put(tmp_path / place, "blues.00000", "rock.00031")
    dataset = Gtzan(tmp_path)
    assert [dataset.filename(index) for index in range(len(dataset))] == [
        "blues/blues.00000.wav",
        "rock/rock.00031.wav",
    ]
    assert dataset.fingerprint == Gtzan(tmp_path / place).fingerprint


def test_the_au_files_of_the_oldest_archive_are_read(tmp_path: Path):
    put(tmp_path / "genres", "metal.00007", suffix="au")
    (tmp_path / "genres/bextract_single.mf").write_text("a list of files that the archive holds too")
    clip = Gtzan(tmp_path).clip(0)
    assert (clip.filename, clip.class_name, clip.sample_rate_hz) == ("metal/metal.00007.au", "metal", 22_050)
    np.testing.assert_allclose(clip.waveform, 0.007 + 0.06, atol=1e-4)


def test_folds_are_blocks_of_20_numbers_and_no_source_is_claimed(tmp_path: Path):
    put(tmp_path, *(f"jazz.{number:05d}" for number in range(100)))
    clips = [Gtzan(tmp_path).clip(index) for index in range(100)]
    assert [clip.fold for clip in clips] == [1] * 20 + [2] * 20 + [3] * 20 + [4] * 20 + [5] * 20
    assert {clip.source_recording for clip in clips} == {None}


def test_the_broken_file_of_the_zip_costs_that_clip_alone(tmp_path: Path):
    put(tmp_path / "Data/genres_original", "jazz.00053", "jazz.00055")
    (tmp_path / "Data/genres_original/jazz/jazz.00054.wav").write_bytes(bytes(5_000))
    dataset = Gtzan(tmp_path)
    assert len(dataset) == 3
    with pytest.raises(ClipError, match=r"jazz\.00054\.wav cannot be read as audio"):
        dataset.clip(1)
    assert [dataset.clip(index).filename[-8:] for index in (0, 2)] == ["0053.wav", "0055.wav"]


def test_genres_that_are_not_there_are_no_classes(tmp_path: Path):
    put(tmp_path, "rock.00000", "pop.00000")
    assert Gtzan(tmp_path).class_names == ("pop", "rock")


@pytest.mark.parametrize("name", ["mine.wav", "rock.00000.wav", "blues.1.wav", "blues.00100.wav"])
def test_a_recording_that_is_no_clip_of_gtzan_is_not_silently_dropped(tmp_path: Path, name: str):
    put(tmp_path, "blues.00000")
    soundfile.write(tmp_path / "blues" / name, np.zeros(10), 8_000)
    with pytest.raises(DatasetError, match=f"{name} is not named as a clip of GTZAN.*audio_folder"):
        Gtzan(tmp_path)


def test_two_files_of_one_clip_are_refused(tmp_path: Path):
    put(tmp_path, "blues.00000")
    put(tmp_path, "blues.00000", suffix="au")
    with pytest.raises(DatasetError, match=r"blues\.00000\.wav is there beside blues/blues\.00000\.au"):
        Gtzan(tmp_path)


def test_a_folder_without_genres_says_where_it_looked(tmp_path: Path):
    (tmp_path / "blues").mkdir()
    with pytest.raises(DatasetError, match=r"holds no folders of GTZAN's genres.*dataset\.root.*genres_original"):
        Gtzan(tmp_path)
    with pytest.raises(DatasetError, match="nowhere is not a folder"):
        Gtzan(tmp_path / "nowhere")


def test_the_fingerprint_follows_content_and_settings(tmp_path: Path):
    put(tmp_path, "blues.00000", "rock.00000")
    before = Gtzan(tmp_path).fingerprint
    assert Gtzan(tmp_path, max_seconds=5).fingerprint != before
    (tmp_path / "blues/blues.00000.wav").write_bytes(b"other")
    assert Gtzan(tmp_path).fingerprint != before
    with pytest.raises(ConfigError, match=r"dataset\.max_seconds"):
        Gtzan(tmp_path, max_seconds=0)
