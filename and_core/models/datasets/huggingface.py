"""Probing data sets in the format of Hugging Face `datasets`: saved by `save_to_disk`, or from the hub."""

import hashlib
import io
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from and_core.errors import ClipError
from and_core.models.datasets.audio_files import (
    DEFAULT_MAX_SECONDS,
    check_max_seconds,
    content_digest,
    decode_clip_audio,
    read_clip_audio,
)
from and_core.models.datasets.huggingface_splits import check_path, open_splits, pick_splits
from and_core.models.datasets.huggingface_table import Table, read_splits
from and_core.models.protocols import Clip


class HuggingFaceDataset:
    """The rows of one split, or of several, in their order.

    A hub name is looked up, and a folder opened, at first need. Columns that are not named are found: see
    `huggingface_columns`. Without a fold column, a clip's fold is the place of its split where several are joined
    (`split = "train+test"`: 1 and 2).
    """

    def __init__(
        self,
        path: str | Path,
        split: str | None = None,
        subset: str | None = None,
        audio_column: str | None = None,
        label_column: str | None = None,
        fold_column: str | None = None,
        filename_column: str | None = None,
        source_column: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        max_seconds: float = DEFAULT_MAX_SECONDS,
    ) -> None:
        """
        Args:
            path: a folder that `save_to_disk` wrote, or, as text, a name on the hub, e.g. `ashraq/esc50`, whose whole
                repository is then downloaded into the local cache.
            split: one or more split names, joined with `+`; may be left out where there is one only.
            subset: which of the configurations that a hub data set may have.
            audio_column: the recordings.
            label_column: the class: ClassLabel, text or whole numbers.
            fold_column: the cross-validation fold, whole numbers.
            filename_column: the clip's name; where names are not unique, the row's number goes before them.
            source_column: the recording the clip was cut from.
            revision: branch, tag or commit on the hub.
            local_files_only: never download: a hub name must be in the local cache.
            max_seconds: a longer clip is left out.

        Raises:
            DatasetError: there is no such folder, or `save_to_disk` did not write it; all else at first need.
            ConfigError: `max_seconds` is not above 0.
        """
        check_path(path)
        self.name = Path(path).name
        self.max_seconds = check_max_seconds(max_seconds)
        self._path, self._split, self._subset = path, split, subset
        self._revision, self._local_files_only = revision, local_files_only
        self._wanted = {
            "audio": audio_column,
            "label": label_column,
            "fold": fold_column,
            "filename": filename_column,
            "source": source_column,
        }

    @cached_property
    def _table(self) -> Table:
        splits = open_splits(self._path, self._subset, self._revision, self._local_files_only)
        return read_splits(pick_splits(splits, self._split), self._wanted)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._table.class_names

    @cached_property
    def fingerprint(self) -> str:
        """The names, classes, folds and audio files of all rows, wherever they come from; reads them all, once."""
        table = self._table
        total = hashlib.sha256(json.dumps(table.class_names).encode())
        for index in range(len(self)):
            said = (table.filenames[index], table.labels[index], table.folds[index], table.sources[index])
            total.update(f"{json.dumps(said)}\0{_digest(self._file(index))}\n".encode())
        return f"huggingface:{total.hexdigest()}:max_seconds={self.max_seconds:g}"

    def __len__(self) -> int:
        return len(self._table.filenames)

    def filename(self, index: int) -> str:
        """The clip's name in its column, else of its audio file, else `row`; without folders."""
        return self._table.filenames[index]

    def clip(self, index: int) -> Clip:
        """Read clip `index` at its own sampling rate, mixed to mono.

        Raises:
            ClipError: the row has no audio, or it is unreadable, empty, too long or holds samples that are no numbers.
        """
        table, file = self._table, self._file(index)
        where = f"{table.filenames[index]} (row {index} of {self.name})"
        if file.get("bytes"):
            waveform, sample_rate_hz = decode_clip_audio(io.BytesIO(file["bytes"]), where, self.max_seconds)
        elif file.get("path"):
            waveform, sample_rate_hz = read_clip_audio(Path(file["path"]), self.max_seconds)
        else:
            raise ClipError(f"{where} has no audio.", "Take the row out of the data set.")
        return Clip(
            table.filenames[index],
            waveform,
            sample_rate_hz,
            table.labels[index],
            table.folds[index],
            table.sources[index],
        )

    def _file(self, index: int) -> dict[str, Any]:
        return self._table.audio_file(index)


def _digest(file: dict[str, Any]) -> str:
    if file.get("bytes"):
        return hashlib.sha256(file["bytes"]).hexdigest()
    return content_digest(Path(file["path"])) if file.get("path") else "none"
