"""The ESC-50 layout, good and bad, on small folders and on the real ESC-10."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, ConfigError, DatasetError
from and_core.models.datasets.esc50 import Esc50

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = (
    "1-7-A-40.wav,1,40,helicopter,True,7,A\n",
    "2-9-B-0.flac,2,0,dog,True,9,B\n",
    "1-8-A-40.wav,1,40,helicopter,True,8,A\n",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three clips of two classes whose target numbers have a gap."""
    folder = tmp_path / "little"
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    for row in ROWS:
        soundfile.write(folder / "audio" / row.split(",")[0], np.linspace(-0.5, 0.5, 800), 8_000)
    write_table(folder, HEADER, *ROWS)
    return folder


def write_table(root: Path, *lines: str) -> None:
    (root / "meta/esc50.csv").write_text("".join(lines), encoding="utf-8")


def test_clips_come_in_the_order_of_the_table(root: Path):
    dataset = Esc50(root)
    assert [dataset.filename(index) for index in range(len(dataset))] == [
        "1-7-A-40.wav",
        "2-9-B-0.flac",
        "1-8-A-40.wav",
    ]
    assert dataset.name == "little"


def test_a_clip_carries_what_the_table_says_of_it(root: Path):
    clip = Esc50(root).clip(1)
    assert (clip.filename, clip.class_name, clip.fold, clip.source_recording) == ("2-9-B-0.flac", "dog", 2, "9")
    assert (clip.sample_rate_hz, clip.waveform.shape) == (8_000, (800,))


def test_classes_are_sorted_by_target_even_with_gaps(root: Path):
    assert Esc50(root).class_names == ("dog", "helicopter")


def test_a_table_without_source_recordings_is_enough(root: Path):
    write_table(root, "category,filename,target,fold\n", "dog,2-9-B-0.flac,0,2\n")
    clip = Esc50(root).clip(0)
    assert (clip.class_name, clip.fold, clip.source_recording) == ("dog", 2, None)


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(root: Path):
    (root / "meta/esc50.csv").write_text(HEADER + ROWS[0], encoding="utf-8-sig")
    assert len(Esc50(root)) == 1


def test_the_fingerprint_changes_with_content_and_not_otherwise(root: Path):
    before = Esc50(root).fingerprint
    moved = root.rename(root.with_name("elsewhere"))
    assert Esc50(moved).fingerprint == before
    assert Esc50(moved, max_seconds=5).fingerprint != before
    soundfile.write(moved / "audio/unlisted.wav", np.zeros(8), 8_000)
    assert Esc50(moved).fingerprint == before
    soundfile.write(moved / "audio/1-7-A-40.wav", np.zeros(800), 8_000)
    changed = Esc50(moved).fingerprint
    assert changed != before
    write_table(moved, HEADER, ROWS[0].replace(",1,40", ",3,40"), *ROWS[1:])
    assert Esc50(moved).fingerprint not in (before, changed)


def test_a_listed_file_that_is_absent_costs_that_clip_alone(root: Path):
    (root / "audio/1-7-A-40.wav").unlink()
    dataset = Esc50(root)
    assert dataset.fingerprint
    with pytest.raises(ClipError, match=r"1-7-A-40\.wav is not there"):
        dataset.clip(0)
    assert dataset.clip(1).class_name == "dog"


def test_a_clip_longer_than_the_setting_is_refused(root: Path):
    with pytest.raises(ClipError, match=r"dataset\.max_seconds is 0\.05"):
        Esc50(root, max_seconds=0.05).clip(0)


def test_a_wrong_folder_says_which_setting_to_mend(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"nowhere is not a folder\. Set dataset\.root"):
        Esc50(tmp_path / "nowhere")


def test_a_folder_without_audio_is_not_in_this_layout(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"holds no folder audio/\. Set dataset\.root"):
        Esc50(tmp_path)


def test_a_missing_table_points_at_the_other_kind_of_dataset(root: Path):
    (root / "meta/esc50.csv").unlink()
    with pytest.raises(DatasetError, match=r"holds no meta/esc50\.csv.*audio_folder"):
        Esc50(root)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "has no column filename, fold, target, category"),
        (("filename;fold;target;category\n", "a.wav;1;0;dog\n"), "has no column filename"),
        (("filename,fold,category\n", "a.wav,1,dog\n"), "has no column target"),
        ((HEADER,), "lists no clips"),
        ((HEADER, ROWS[0], "a.wav,one,0,dog,True,1,A\n"), "line 3: .*'one'"),
        ((HEADER, "a.wav,1\n"), "line 2"),
        ((HEADER, ",1,0,dog,True,1,A\n"), "line 2: an empty filename or category"),
        ((HEADER, ROWS[0], ROWS[0]), r"lists 1-7-A-40\.wav twice"),
        ((HEADER, ROWS[0], "a.wav,1,3,helicopter,True,1,A\n"), "category helicopter the targets 40 and 3"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(root: Path, lines: tuple[str, ...], message: str):
    write_table(root, *lines)
    with pytest.raises(DatasetError, match=message) as caught:
        Esc50(root)
    assert caught.value.remedy


def test_a_table_that_is_not_text_is_refused(root: Path):
    (root / "meta/esc50.csv").write_bytes(b"filename,fold,target,category\n\xff\xfe\xfa,1,2,3\n")
    with pytest.raises(DatasetError, match="not a CSV file in UTF-8"):
        Esc50(root)


def test_a_longest_length_of_zero_is_a_wrong_setting(root: Path):
    with pytest.raises(ConfigError, match=r"dataset\.max_seconds"):
        Esc50(root, max_seconds=0)


def test_the_real_esc10_has_32_clips_of_each_of_ten_classes(shared: Path):
    dataset = Esc50(shared / "esc10")
    clips = [dataset.clip(index) for index in range(0, len(dataset), 4)]
    assert (dataset.name, len(dataset), len(dataset.class_names)) == ("esc10", 320, 10)
    assert dataset.class_names[:3] == ("dog", "rooster", "rain")
    assert {clip.fold for clip in clips} == {1, 2, 3, 4}
    assert {clip.class_name for clip in clips} == set(dataset.class_names)
    assert all(3 < clip.waveform.size / clip.sample_rate_hz < 8 for clip in clips)
    assert all(clip.source_recording for clip in clips)
