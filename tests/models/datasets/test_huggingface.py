"""Data sets saved by the real `datasets` library, read back from folders and from a hub cache."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import soundfile

from and_core.errors import ClipError, ConfigError, DatasetError
from and_core.models.datasets.audio_folder import AudioFolder
from and_core.models.datasets.huggingface import HuggingFaceDataset
from and_core.models.datasets.huggingface_table import read_splits
from and_core.models.registry import create

FILE = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
CLASSES = datasets.ClassLabel(names=["dog", "rain"])


@pytest.fixture(autouse=True)
def quiet() -> None:
    datasets.disable_progress_bars()


def recording(level: float, seconds: float = 0.05, name: str | None = "a.wav") -> dict[str, Any]:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full((round(seconds * 8_000), 2), level), 8_000, format="WAV")
    return {"bytes": buffer.getvalue(), "path": name}


def table(audio: str = "audio", features: dict[str, Any] | None = None, **columns: list[Any]) -> datasets.Dataset:
    """Three clips, with further columns."""
    rows = {audio: [recording(0.1 * row, name=f"clips/{row}.wav") for row in range(3)], **columns}
    made = datasets.Dataset.from_dict(rows)
    for name, feature in {audio: FILE, **(features or {})}.items():
        made = made.cast_column(name, feature)
    # Declared afterwards: encoding recordings would ask for torchcodec, declaring files to be some does not.
    return made.cast_column(audio, datasets.Audio())


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes a data set, or splits by name, with save_to_disk."""

    def write(rows: datasets.Dataset | dict[str, datasets.Dataset], name: str = "mine") -> Path:
        (datasets.DatasetDict(rows) if isinstance(rows, dict) else rows).save_to_disk(tmp_path / name)
        return tmp_path / name

    return write


def filenames(dataset: HuggingFaceDataset) -> list[str]:
    return [dataset.filename(index) for index in range(len(dataset))]


def test_a_saved_data_set_is_read_without_a_setting_but_its_path(save: Callable[..., Path]):
    rows = table(label=[1, 0, 1], fold=[1, 2, 1], features={"label": CLASSES})
    dataset = create("dataset", "huggingface", {"path": str(save(rows))}, "dataset")
    assert (dataset.name, len(dataset), dataset.class_names) == ("mine", 3, ("dog", "rain"))
    assert filenames(dataset) == ["0.wav", "1.wav", "2.wav"]
    clip = dataset.clip(2)
    assert (clip.filename, clip.class_name, clip.fold, clip.source_recording) == ("2.wav", "rain", 1, None)
    assert (clip.sample_rate_hz, clip.waveform.dtype, clip.waveform.shape) == (8_000, np.float32, (400,))
    np.testing.assert_allclose(clip.waveform, 0.2, atol=1e-4)


def test_nothing_is_opened_before_it_is_needed(save: Callable[..., Path]):
    folder = save(table())
    (folder / "data-00000-of-00001.arrow").write_bytes(b"damaged")
    dataset = HuggingFaceDataset(folder)
    with pytest.raises(DatasetError, match="cannot be opened"):
        len(dataset)


def test_columns_are_found_by_the_names_esc50_has_on_the_hub(save: Callable[..., Path]):
    rows = table(
        filename=["1-A.wav", "1-B.wav", "2-A.wav"],
        fold=[1, 1, 2],
        target=[4, 0, 4],
        category=["rain", "dog", "rain"],
        esc10=[True, True, False],
        src_file=[100, 100, 200],
    )
    dataset = HuggingFaceDataset(save(rows))
    clip = dataset.clip(1)
    assert dataset.class_names == ("dog", "rain")
    assert (clip.filename, clip.class_name, clip.fold, clip.source_recording) == ("1-B.wav", "dog", 1, "100")


def test_columns_that_are_named_win(save: Callable[..., Path]):
    rows = table(
        audio="sound",
        label=[0, 1, 0],
        fold=[1, 1, 1],
        kind=[30, 4, 30],
        part=["3", None, "5"],
        title=["x", "y", "z"],
        tape=["t1", None, "t2"],
        features={"label": CLASSES},
    )
    dataset = HuggingFaceDataset(
        save(rows),
        audio_column="sound",
        label_column="kind",
        fold_column="part",
        filename_column="title",
        source_column="tape",
    )
    assert dataset.class_names == ("4", "30"), "numbers are sorted as numbers"
    clips = [dataset.clip(index) for index in range(3)]
    assert [clip.class_name for clip in clips] == ["30", "4", "30"]
    assert [clip.fold for clip in clips] == [3, None, 5]
    assert [clip.source_recording for clip in clips] == ["t1", None, "t2"]
    assert [clip.filename for clip in clips] == ["x", "y", "z"]


def test_recordings_without_classes_are_a_data_set_too(save: Callable[..., Path]):
    dataset = HuggingFaceDataset(save(table(remark=["a", "b", "c"])))
    clip = dataset.clip(0)
    assert (dataset.class_names, clip.class_name, clip.fold) == ((), None, None)


def test_rows_without_a_class_have_none(save: Callable[..., Path]):
    labelled = HuggingFaceDataset(save(table(label=[-1, None, 1], features={"label": CLASSES}), "labelled"))
    assert [labelled.clip(index).class_name for index in range(3)] == [None, None, "rain"]
    worded = HuggingFaceDataset(save(table(category=["", None, "rain"]), "worded"))
    assert [worded.clip(index).class_name for index in range(3)] == [None, None, "rain"]
    assert worded.class_names == ("rain",)


def test_names_that_are_missing_or_not_unique_get_the_row_number(save: Callable[..., Path]):
    rows = table(file=["/tmp/x/one.wav", "/tmp/y/one.wav", None])
    assert filenames(HuggingFaceDataset(save(rows))) == ["000000-one.wav", "000001-one.wav", "000002-row"]


@pytest.mark.parametrize(
    ("columns", "features", "settings", "message"),
    [
        ({}, {}, {"label_column": "genre"}, "no column 'genre'.*dataset.label_column .*audio .Audio., text .string."),
        ({}, {}, {"audio_column": "text"}, "'text' holds no audio.*dataset.audio_column"),
        ({"second": [None] * 3}, {"second": datasets.Audio()}, {}, "2 of the columns hold audio.*dataset.audio_column"),
        (
            {"a": [0, 1, 0], "b": [0, 0, 1]},
            {"a": CLASSES, "b": CLASSES},
            {},
            r"2 columns may be the class \(a, b\).*dataset.label_column",
        ),
        ({"tags": [["x"], [], ["y"]]}, {}, {"label_column": "tags"}, "'tags' does not hold one class a clip"),
        ({"part": ["one", "two", "x"]}, {}, {"fold_column": "part"}, "'part' holds folds that are no whole numbers"),
    ],
)
def test_columns_that_are_not_clear_are_listed(
    save: Callable[..., Path], columns: dict[str, Any], features: dict[str, Any], settings: dict[str, str], message: str
):
    dataset = HuggingFaceDataset(save(table(text=["a", "b", "c"], features=features, **columns)), **settings)
    with pytest.raises(DatasetError, match=message):
        len(dataset)


def test_a_table_without_recordings_is_refused_with_its_columns(save: Callable[..., Path]):
    dataset = HuggingFaceDataset(save(datasets.Dataset.from_dict({"text": ["a"], "n": [1]})))
    with pytest.raises(DatasetError, match=r"None of the columns hold audio.*text \(string\), n \(int64\)"):
        len(dataset)


def test_files_and_bytes_that_were_not_declared_to_be_audio_are_audio(save: Callable[..., Path]):
    rows = datasets.Dataset.from_dict({"audio": [recording(0.3)]}).cast_column("audio", FILE)
    np.testing.assert_allclose(HuggingFaceDataset(save(rows)).clip(0).waveform, 0.3, atol=1e-4)


def test_recordings_that_are_files_elsewhere_are_read_from_there(save: Callable[..., Path], tmp_path: Path):
    (tmp_path / "there.wav").write_bytes(recording(0.4)["bytes"])
    files = [{"bytes": None, "path": str(tmp_path / name)} for name in ("there.wav", "gone.wav")]
    # Not declared to be Audio, because save_to_disk would take the files in.
    dataset = HuggingFaceDataset(save(datasets.Dataset.from_dict({"audio": files}).cast_column("audio", FILE)))
    before = dataset.fingerprint
    np.testing.assert_allclose(dataset.clip(0).waveform, 0.4, atol=1e-4)
    with pytest.raises(ClipError, match=r"gone\.wav is not there"):
        dataset.clip(1)
    (tmp_path / "there.wav").write_bytes(recording(0.5)["bytes"])
    assert HuggingFaceDataset(tmp_path / "mine").fingerprint != before


def test_clips_that_cannot_be_used_are_clip_errors_that_name_row_and_data_set(save: Callable[..., Path]):
    files = [{"bytes": b"text", "path": "a.wav"}, None, recording(0.1, seconds=2, name="long.wav")]
    rows = datasets.Dataset.from_dict({"audio": files}).cast_column("audio", FILE)
    dataset = HuggingFaceDataset(save(rows.cast_column("audio", datasets.Audio())), max_seconds=1)
    for index, message in enumerate(
        [
            r"000000-a\.wav \(row 0 of mine\) cannot be read as audio",
            r"000001-row \(row 1 of mine\) has no audio",
            r"000002-long\.wav \(row 2 of mine\) is 2\.0 s long, and dataset\.max_seconds is 1\.",
        ]
    ):
        with pytest.raises(ClipError, match=message):
            dataset.clip(index)
    assert dataset.fingerprint


def test_one_split_of_several_is_named(save: Callable[..., Path]):
    folder = save({"train": table(label=["a", "b", "a"]), "test": table(label=["c", "c", "c"])})
    assert HuggingFaceDataset(folder, split="test").class_names == ("c",)
    with pytest.raises(DatasetError, match=r"has 2 splits\. Set dataset\.split.*train, test"):
        len(HuggingFaceDataset(folder))
    with pytest.raises(DatasetError, match=r"has no split 'dev'.*train, test"):
        len(HuggingFaceDataset(folder, split="train+dev"))


def test_splits_that_are_joined_are_folds_where_there_are_none(save: Callable[..., Path]):
    splits = {"train": table(label=["a", "b", "a"]), "test": table(label=["b", "a", "b"]).select([0])}
    dataset = HuggingFaceDataset(save(splits), split="train+test")
    assert [dataset.clip(index).fold for index in range(4)] == [1, 1, 1, 2]
    assert [dataset.clip(index).class_name for index in range(4)] == ["a", "b", "a", "b"]
    assert dataset.filename(3) == "000003-0.wav"
    own = {"train": table(fold=[7, 8, 9]), "test": table(fold=[7, 7, 7])}
    assert HuggingFaceDataset(save(own, "own"), split="test+train").clip(3).fold == 7


def test_splits_that_do_not_fit_together_are_refused(save: Callable[..., Path]):
    folder = save({"train": table(label=["a", "b", "a"]), "test": table(label=[1, 2, 3])})
    with pytest.raises(DatasetError, match="train, test have not the same columns"):
        len(HuggingFaceDataset(folder, split="train+test"))


def test_a_data_set_without_rows_is_refused(save: Callable[..., Path]):
    with pytest.raises(DatasetError, match=r"has no rows in test\. Set dataset\.split"):
        read_splits({"test": table().select([])}, {})
    with pytest.raises(DatasetError, match="cannot be opened"):
        len(HuggingFaceDataset(save(table().select([]))))


def test_the_fingerprint_names_content_and_not_where_it_is(save: Callable[..., Path], tmp_path: Path):
    rows = table(label=[1, 0, 1], features={"label": CLASSES})
    before = HuggingFaceDataset(save(rows)).fingerprint
    shutil.move(tmp_path / "mine", tmp_path / "yours")
    assert HuggingFaceDataset(tmp_path / "yours").fingerprint == before
    assert HuggingFaceDataset(save(rows.rename_column("audio", "sound"), "renamed")).fingerprint == before
    assert HuggingFaceDataset(tmp_path / "yours", max_seconds=1).fingerprint != before
    changed = {
        "order": rows.select([1, 0, 2]),
        "class": table(label=[1, 1, 1], features={"label": CLASSES}),
        "fold": rows.add_column("fold", [1, 1, 1]),
        "names": table(label=[1, 0, 1], features={"label": datasets.ClassLabel(names=["cat", "rain"])}),
        "audio": datasets.concatenate_datasets([rows.select([0, 1]), rows.select([1])]),
    }
    fingerprints = {HuggingFaceDataset(save(other, name)).fingerprint for name, other in changed.items()}
    assert len(fingerprints | {before}) == 6


def test_clips_are_read_from_many_threads_at_once(save: Callable[..., Path]):
    rows = datasets.concatenate_datasets([table()] * 30)
    dataset = HuggingFaceDataset(save(rows))
    with ThreadPoolExecutor(8) as pool:
        levels = [round(float(clip.waveform[0]), 2) for clip in pool.map(dataset.clip, range(len(dataset)))]
    assert levels == [0.0, 0.1, 0.2] * 30


@pytest.mark.parametrize("path", ["no-such/folder/here", "./missing", "/missing"])
def test_a_folder_that_is_not_there_is_refused_at_once(path: str):
    with pytest.raises(DatasetError, match=r"is not a folder here\. Set dataset\.path"):
        HuggingFaceDataset(path)


def test_a_folder_that_save_to_disk_did_not_write_is_refused_at_once(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"save_to_disk did not write it\..*audio_folder"):
        HuggingFaceDataset(tmp_path)
    with pytest.raises(ConfigError, match=r"dataset\.max_seconds"):
        HuggingFaceDataset("someone/tiny", max_seconds=0)


@pytest.mark.parametrize(
    ("file", "content"),
    [("state.json", "{}"), ("state.json", "["), ("dataset_info.json", '{"features": {"a": {"_type": "No"}}}')],
)
def test_a_damaged_folder_is_a_dataset_error(save: Callable[..., Path], file: str, content: str):
    folder = save(table())
    (folder / file).write_text(content)
    with pytest.raises(DatasetError, match="cannot be opened"):
        len(HuggingFaceDataset(folder))


def test_the_real_esc10_is_the_same_clips_as_its_files(shared: Path, save: Callable[..., Path], tmp_path: Path):
    for folder, name in (("dog", "1-100032-A-0"), ("rain", "1-17367-A-10")):
        (tmp_path / "files" / folder).mkdir(parents=True)
        shutil.copy(shared / "esc10/audio" / f"{name}.ogg", tmp_path / "files" / folder)
    plain = AudioFolder(tmp_path / "files")
    files = [tmp_path / "files" / plain.filename(index) for index in range(2)]
    rows = datasets.Dataset.from_dict({"audio": [{"bytes": file.read_bytes(), "path": file.name} for file in files]})
    dataset = HuggingFaceDataset(save(rows.cast_column("audio", FILE).cast_column("audio", datasets.Audio())))
    for index in range(2):
        np.testing.assert_array_equal(dataset.clip(index).waveform, plain.clip(index).waveform)


# The hub. huggingface_hub reads where its cache is when it is imported, so each test has a process of its own.

READ = """
import json, sys
from and_core.errors import DatasetError
from and_core.models.datasets.huggingface import HuggingFaceDataset
dataset = HuggingFaceDataset("someone/tiny", **json.loads(sys.argv[1]))
try:
    said = [dataset.name, dataset.class_names, dataset.clip(1).class_name, dataset.fingerprint]
except DatasetError as error:
    said = [error.what, error.remedy]
sys.stdout.write(json.dumps(said))
assert "torch" not in sys.modules
"""
NOBODY = "http://127.0.0.1:9"


def read_from_hub(home: Path, **settings: Any) -> list[Any]:
    """The data set `someone/tiny` with the hub's cache at `home`, and the hub where nobody answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(home), "HF_ENDPOINT": NOBODY}
    command = [sys.executable, "-W", "error", "-c", READ, json.dumps(settings)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """A repository of the hub's cache at `tmp_path`: two revisions of `someone/tiny`, each in two Parquet files."""
    repository = tmp_path / "hub/datasets--someone--tiny"
    (repository / "refs").mkdir(parents=True)
    for revision, level in (("main", 0.1), ("old", 0.7)):
        commit = hashlib.sha1(revision.encode()).hexdigest()
        data = repository / "snapshots" / commit / "data"
        data.mkdir(parents=True)
        (repository / "refs" / revision).write_text(commit)
        for part in range(2):
            rows = datasets.Dataset.from_dict(
                {"audio": [recording(level + 0.1 * part, name=f"{part}.wav")], "genre": [part]}
            )
            rows = rows.cast_column("audio", FILE).cast_column("genre", CLASSES)
            rows.to_parquet(data / f"train-{part:05d}-of-00002.parquet")
        (data.parent / "README.md").write_text("# Tiny\n")
    return repository


@pytest.mark.slow
def test_a_hub_name_is_read_from_the_cache_and_is_the_same_data_as_on_disk(
    cached: Path, tmp_path: Path, save: Callable[..., Path]
):
    said = read_from_hub(tmp_path, local_files_only=True)
    assert said[:3] == ["tiny", ["dog", "rain"], "rain"]
    files = [recording(0.1, name="0.wav"), recording(0.2, name="1.wav")]
    rows = datasets.Dataset.from_dict({"audio": files, "genre": [0, 1]}).cast_column("genre", CLASSES)
    assert said[3] == HuggingFaceDataset(save(rows.cast_column("audio", FILE))).fingerprint
    # Without a network the revision that is asked for is the one that is read, and not the one last read.
    assert read_from_hub(tmp_path, revision="old")[3] != said[3] == read_from_hub(tmp_path, revision="main")[3]


@pytest.mark.slow
@pytest.mark.parametrize("local_files_only", [False, True])
def test_a_hub_name_that_cannot_be_had_says_how_to_get_it(tmp_path: Path, local_files_only: bool):
    what, remedy = read_from_hub(tmp_path, local_files_only=local_files_only)
    reason = "downloading is off" if local_files_only else "nor obtainable from the Hugging Face hub"
    assert "'someone/tiny' is neither a folder here nor" in what and reason in what
    assert remedy.endswith("hf download --repo-type dataset someone/tiny")


@pytest.mark.slow
def test_a_download_that_was_broken_off_is_not_taken_for_the_whole(cached: Path, tmp_path: Path):
    for shard in cached.glob("snapshots/*/data/train-00001-of-00002.parquet"):
        shard.unlink()
    what, _ = read_from_hub(tmp_path, local_files_only=True)
    assert "downloaded in part: of data/train-...-of-00002.parquet files are missing" in what


@pytest.mark.slow
def test_a_script_of_a_data_set_is_never_run(cached: Path, tmp_path: Path):
    for folder in cached.glob("snapshots/*"):
        (folder / "tiny.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    what, remedy = read_from_hub(tmp_path, local_files_only=True)
    assert "a script of its own, which is never run" in what and "refs/convert/parquet" in remedy
    assert not (tmp_path / "ran").exists()
