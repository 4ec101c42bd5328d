"""The UrbanSound8K layout; what every table of clips has in common is tested with ESC-50's."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, DatasetError
from and_core.models.datasets.urbansound8k import UrbanSound8K

HEADER = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
ROWS = (
    "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n",
    "100263-2-0-117.wav,100263,58.5,62.5,1,5,2,children_playing\n",
    "100648-1-0-0.wav,100648,4.823402,5.471927,2,10,1,car_horn\n",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A subset: three clips, of two folds."""
    folder = tmp_path / "UrbanSound8K"
    (folder / "metadata").mkdir(parents=True)
    write_table(folder, HEADER, *ROWS)
    for position, row in enumerate(ROWS):
        cells = row.strip().split(",")
        path = folder / "audio" / f"fold{cells[5]}" / cells[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full((400, 2), 0.1 * (position + 1)), 96_000, subtype="PCM_24")
    return folder


def write_table(root: Path, *lines: str) -> None:
    (root / "metadata/UrbanSound8K.csv").write_text("".join(lines), encoding="utf-8")


def test_a_clip_carries_its_class_fold_and_freesound_recording(root: Path):
    clip = UrbanSound8K(root).clip(1)
    assert (clip.filename, clip.class_name, clip.fold) == ("100263-2-0-117.wav", "children_playing", 5)
    assert clip.source_recording == "100263"
    assert (clip.sample_rate_hz, clip.waveform.shape) == (96_000, (400,))
    np.testing.assert_allclose(clip.waveform, 0.2, atol=1e-4)


def test_classes_are_ordered_by_their_id_even_in_a_subset(root: Path):
    dataset = UrbanSound8K(root)
    assert dataset.class_names == ("car_horn", "children_playing", "dog_bark")
    assert (dataset.name, len(dataset)) == ("UrbanSound8K", 3)


def test_a_fold_that_was_left_out_costs_its_clips_alone(root: Path):
    (root / "audio/fold10/100648-1-0-0.wav").unlink()
    (root / "audio/fold10").rmdir()
    dataset = UrbanSound8K(root)
    with pytest.raises(ClipError, match=r"fold10/100648-1-0-0\.wav is not there"):
        dataset.clip(2)
    assert dataset.clip(0).class_name == "dog_bark"


def test_the_fingerprint_follows_the_recordings_in_their_folds(root: Path):
    before = UrbanSound8K(root).fingerprint
    assert before.startswith("urbansound8k:")
    assert UrbanSound8K(root.rename(root.with_name("elsewhere"))).fingerprint == before
    moved = root.with_name("elsewhere")
    soundfile.write(moved / "audio/fold10/100648-1-0-0.wav", np.zeros(400), 96_000)
    assert UrbanSound8K(moved).fingerprint != before


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER.replace("slice_file_name", "file"), ROWS[0]), "has no column slice_file_name.*fold, classID, class,"),
        ((HEADER, ROWS[0].replace(",5,3,", ",five,3,")), "line 2: .*'five'.*whole numbers as fold and classID"),
        ((HEADER, ROWS[0], ROWS[2].replace("1,car_horn", "1,dog_bark")), "class dog_bark the classIDs 3 and 1"),
        ((HEADER, ROWS[0].replace("dog_bark", "")), "an empty slice_file_name or class"),
    ],
)
def test_a_table_that_cannot_be_used_is_explained_in_its_own_words(root: Path, lines: tuple[str, ...], message: str):
    write_table(root, *lines)
    with pytest.raises(DatasetError, match=message):
        UrbanSound8K(root)


def test_a_folder_without_its_table_says_what_is_looked_for(root: Path):
    (root / "metadata/UrbanSound8K.csv").unlink()
    with pytest.raises(DatasetError, match=r"holds no metadata/UrbanSound8K\.csv\. Set dataset\.root"):
        UrbanSound8K(root)
