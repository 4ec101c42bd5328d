"""The rows of a Hugging Face data set: what is said of each clip in memory, the recordings where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from and_core.errors import DatasetError
from and_core.models.datasets.huggingface_columns import Columns, choose_columns, is_class_label

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True)
class Table:
    """All rows of the splits, column by column."""

    audio: datasets.Dataset
    """Of one column: recordings as bytes and names."""
    filenames: tuple[str, ...]
    class_names: tuple[str, ...]
    labels: tuple[str | None, ...]
    folds: tuple[int | None, ...]
    sources: tuple[str | None, ...]

    def audio_file(self, index: int) -> dict[str, Any]:
        """`{"bytes": content or None, "path": name or None}`, or nothing where the row has no recording."""
        (file,) = self.audio[index].values()
        return file or {}


def read_splits(splits: Mapping[str, datasets.Dataset], wanted: Mapping[str, str | None]) -> Table:
    """Everything but the audio, read into memory.

    Raises:
        DatasetError: the columns are not clear, the splits do not fit together, or there are no rows.
    """
    import datasets

    try:
        rows = datasets.concatenate_datasets(list(splits.values()))
    except ValueError as error:
        raise DatasetError(f"The splits {', '.join(splits)} have not the same columns: {error}.") from error
    if not len(rows):
        raise DatasetError(f"The data set has no rows in {', '.join(splits)}.", "Set dataset.split to another split.")
    columns = choose_columns(rows.features.to_dict(), wanted)
    audio = rows.select_columns([columns.audio]).cast_column(columns.audio, datasets.Audio(decode=False))
    class_names, labels = _classes(rows, columns.label)
    return Table(
        audio=audio,
        filenames=_filenames(_values(rows, columns.filename) if columns.filename else _audio_names(audio)),
        class_names=class_names,
        labels=labels,
        folds=_folds(rows, columns, splits),
        sources=tuple(None if value is None else str(value) for value in _values(rows, columns.source)),
    )


def _classes(rows: datasets.Dataset, column: str | None) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Names of all classes, and the one of each row: as a ClassLabel orders them, else sorted."""
    values = _values(rows, column)
    if column and is_class_label(rows.features.to_dict()[column]):
        names = tuple(rows.features[column].names)
        # -1 is how datasets says that there is no label.
        return names, tuple(names[value] if value in range(len(names)) else None for value in values)
    labels = tuple(None if value is None or value == "" else str(value) for value in values)
    ordered = sorted({value for value in values if value is not None and value != ""})
    return tuple(map(str, ordered)), labels


def _values(rows: datasets.Dataset, column: str | None) -> Sequence[Any]:
    return list(rows.select_columns([column])[:][column]) if column else [None] * len(rows)


def _audio_names(audio: datasets.Dataset) -> list[str | None]:
    """What the recordings are called, read without them."""
    (column,) = audio.with_format("arrow")[:].columns
    return [name for chunk in column.chunks for name in chunk.field("path").to_pylist()]


def _filenames(given: Sequence[Any]) -> tuple[str, ...]:
    """Names without folders; with the row's number before them unless all rows have one of their own."""
    names = [PurePosixPath(str(name).replace("\\", "/")).name if name else "" for name in given]
    if all(names) and len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"{index:06d}-{name or 'row'}" for index, name in enumerate(names))


def _folds(rows: datasets.Dataset, columns: Columns, splits: Mapping[str, datasets.Dataset]) -> tuple[int | None, ...]:
    if columns.fold is None and len(splits) > 1:
        return tuple(fold for fold, split in enumerate(splits.values(), start=1) for _ in range(len(split)))
    try:
        return tuple(None if value is None else int(value) for value in _values(rows, columns.fold))
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"The column {columns.fold!r} holds folds that are no whole numbers: {error}.",
            "Set dataset.fold_column to a column of whole numbers.",
        ) from error
