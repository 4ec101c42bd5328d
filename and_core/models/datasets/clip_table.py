"""Data sets whose clips are the rows of a CSV table beside a folder `audio/`: one class for every such layout."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from and_core.errors import DatasetError
from and_core.models.datasets.audio_files import (
    DEFAULT_MAX_SECONDS,
    check_max_seconds,
    content_fingerprint,
    read_clip_audio,
)
from and_core.models.protocols import Clip


@dataclass(frozen=True)
class TableLayout:
    """Where the table is, and what its columns are called."""

    kind: str
    """As in the configuration."""
    table: str
    """The table's path relative to the data set's root."""
    audio: str
    """A clip's path relative to the root, from `{filename}` and `{fold}`."""
    filename: str
    fold: str
    target: str
    """The class's number; numbers may have gaps."""
    category: str
    """The class's name."""
    source_recording: str
    """The recording that a clip was cut from; the one column that a table may lack."""

    @property
    def required(self) -> tuple[str, ...]:
        return self.filename, self.fold, self.target, self.category

    @property
    def remedy(self) -> str:
        return f"Set dataset.root to the folder that holds audio/ and {self.table}."


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    filename: str
    fold: int
    target: int
    category: str
    source_recording: str | None


class TabledDataset:
    """Clips listed in a table, in its order; the data set is called as its folder.

    Args:
        root: the folder that holds `audio/` and the table.
        max_seconds: a longer clip is left out.

    Raises:
        DatasetError: the folder is not in this layout, or its table cannot be used.
        ConfigError: `max_seconds` is not above 0.
    """

    layout: ClassVar[TableLayout]

    def __init__(self, root: str | Path, max_seconds: float = DEFAULT_MAX_SECONDS) -> None:
        self.root = Path(root).expanduser()
        self.max_seconds = check_max_seconds(max_seconds)
        self.name = self.root.resolve().name
        self._rows = read_table(self.root, self.layout)
        self.class_names: tuple[str, ...] = class_names(self._rows, self.root, self.layout)

    @cached_property
    def fingerprint(self) -> str:
        """The content of the table and of every file it lists, not the folder's name; reads them all, once."""
        names = [self.layout.table, *map(self._audio, self._rows)]
        return f"{self.layout.kind}:{content_fingerprint(self.root, names)}:max_seconds={self.max_seconds:g}"

    def __len__(self) -> int:
        return len(self._rows)

    def filename(self, index: int) -> str:
        """The clip's name in the table, e.g. `1-100032-A-0.wav`."""
        return self._rows[index].filename

    def clip(self, index: int) -> Clip:
        """Read clip `index` at its own sampling rate, mixed to mono.

        Raises:
            ClipError: the file is absent, unreadable, empty, too long or holds samples that are no numbers.
        """
        row = self._rows[index]
        waveform, sample_rate_hz = read_clip_audio(self.root / self._audio(row), self.max_seconds)
        return Clip(row.filename, waveform, sample_rate_hz, row.category, row.fold, row.source_recording)

    def _audio(self, row: Row) -> str:
        return self.layout.audio.format(filename=row.filename, fold=row.fold)


def read_table(root: Path, layout: TableLayout) -> list[Row]:
    """The rows of the table of the data set at `root`, checked.

    Raises:
        DatasetError: see `TabledDataset`.
    """
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder.", layout.remedy)
    if not (root / "audio").is_dir():
        raise DatasetError(f"{root} holds no folder audio/.", layout.remedy)
    path = root / layout.table
    if not path.is_file():
        raise DatasetError(
            f"{root} holds no {layout.table}.", f"{layout.remedy} A folder a class is kind = 'audio_folder'."
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            _check_columns(table.fieldnames or (), path, layout)
            rows = [_parse_row(cells, path, table.line_num, layout) for cells in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a CSV file in UTF-8: {error}.", "Save it again as CSV in UTF-8.") from error
    _check_rows(rows, path)
    return rows


def _check_columns(columns: Sequence[str], path: Path, layout: TableLayout) -> None:
    missing = [column for column in layout.required if column not in columns]
    if missing:
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}.",
            f"Its first line must name the columns {', '.join(layout.required)}, separated by commas.",
        )


def _parse_row(cells: dict[str, str | None], path: Path, line: int, layout: TableLayout) -> Row:
    filename, category = ((cells[column] or "").strip() for column in (layout.filename, layout.category))
    try:
        if not filename or not category:
            raise ValueError(f"an empty {layout.filename} or {layout.category}")
        fold, target = (int(cells[column] or "") for column in (layout.fold, layout.target))
    except ValueError as error:
        raise DatasetError(
            f"{path}, line {line}: {error}.",
            f"Give every row a {layout.filename}, a {layout.category}, "
            f"and whole numbers as {layout.fold} and {layout.target}.",
        ) from error
    return Row(filename, fold, target, category, cells.get(layout.source_recording) or None)


def _check_rows(rows: list[Row], path: Path) -> None:
    if not rows:
        raise DatasetError(f"{path} lists no clips.", "Add a row for every file in audio/.")
    seen: set[str] = set()
    for row in rows:
        if row.filename in seen:
            raise DatasetError(f"{path} lists {row.filename} twice.", "Keep one row for every file.")
        seen.add(row.filename)


def class_names(rows: list[Row], root: Path, layout: TableLayout) -> tuple[str, ...]:
    """Categories by target number; numbers may have gaps, as in ESC-10.

    Raises:
        DatasetError: a category has two numbers.
    """
    numbers: dict[str, int] = {}
    for row in rows:
        if numbers.setdefault(row.category, row.target) != row.target:
            raise DatasetError(
                f"{root / layout.table} gives {layout.category} {row.category} the {layout.target}s "
                f"{numbers[row.category]} and {row.target}.",
                f"Give every {layout.category} one {layout.target}.",
            )
    return tuple(sorted(numbers, key=lambda category: (numbers[category], category)))
