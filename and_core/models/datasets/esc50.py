"""The ESC-50 layout: `audio/` and `meta/esc50.csv` (Piczak 2015, https://github.com/karolpiczak/ESC-50).

A subset in the same layout, such as ESC-10, or a data set of one's own is read by the same class.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from and_core.errors import DatasetError
from and_core.models.datasets.audio_files import (
    DEFAULT_MAX_SECONDS,
    check_max_seconds,
    content_fingerprint,
    read_clip_audio,
)
from and_core.models.protocols import Clip

TABLE = "meta/esc50.csv"
REQUIRED_COLUMNS = ("filename", "fold", "target", "category")
LAYOUT_REMEDY = f"Set dataset.root to the folder that holds audio/ and {TABLE}."


@dataclass(frozen=True)
class Row:
    """One line of `meta/esc50.csv`."""

    filename: str
    fold: int
    target: int
    category: str
    source_recording: str | None
    """`src_file`, the number of the Freesound recording the clip was cut from."""


class Esc50:
    """Clips listed in `meta/esc50.csv`, in its order; the data set is called as its folder.

    Args:
        root: the folder that holds `audio/` and `meta/esc50.csv`.
        max_seconds: a longer clip is left out.

    Raises:
        DatasetError: the folder is not in this layout, or its table cannot be used.
        ConfigError: `max_seconds` is not above 0.
    """

    def __init__(self, root: str | Path, max_seconds: float = DEFAULT_MAX_SECONDS) -> None:
        self.root = Path(root).expanduser()
        self.max_seconds = check_max_seconds(max_seconds)
        self.name = self.root.resolve().name
        self._rows = _read_table(self.root)
        self.class_names: tuple[str, ...] = _class_names(self._rows, self.root / TABLE)

    @cached_property
    def fingerprint(self) -> str:
        """The content of the table and of every file it lists, not the folder's name; reads them all, once."""
        names = [TABLE, *(f"audio/{row.filename}" for row in self._rows)]
        return f"esc50:{content_fingerprint(self.root, names)}:max_seconds={self.max_seconds:g}"

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
        waveform, sample_rate_hz = read_clip_audio(self.root / "audio" / row.filename, self.max_seconds)
        return Clip(row.filename, waveform, sample_rate_hz, row.category, row.fold, row.source_recording)


def _read_table(root: Path) -> list[Row]:
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder.", LAYOUT_REMEDY)
    if not (root / "audio").is_dir():
        raise DatasetError(f"{root} holds no folder audio/.", LAYOUT_REMEDY)
    path = root / TABLE
    if not path.is_file():
        raise DatasetError(f"{root} holds no {TABLE}.", f"{LAYOUT_REMEDY} A folder a class is kind = 'audio_folder'.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            _check_columns(table.fieldnames or (), path)
            rows = [_parse_row(cells, path, table.line_num) for cells in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a CSV file in UTF-8: {error}.", "Save it again as CSV in UTF-8.") from error
    _check_rows(rows, path)
    return rows


def _check_columns(columns: Sequence[str], path: Path) -> None:
    missing = [column for column in REQUIRED_COLUMNS if column not in columns]
    if missing:
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}.",
            f"Its first line must name the columns {', '.join(REQUIRED_COLUMNS)}, separated by commas.",
        )


def _parse_row(cells: dict[str, str | None], path: Path, line: int) -> Row:
    try:
        filename, category = (cells["filename"] or "").strip(), (cells["category"] or "").strip()
        if not filename or not category:
            raise ValueError("an empty filename or category")
        return Row(
            filename, int(cells["fold"] or ""), int(cells["target"] or ""), category, cells.get("src_file") or None
        )
    except ValueError as error:
        raise DatasetError(
            f"{path}, line {line}: {error}.",
            "Give every row a filename, a category, and whole numbers as fold and target.",
        ) from error


def _check_rows(rows: list[Row], path: Path) -> None:
    if not rows:
        raise DatasetError(f"{path} lists no clips.", "Add a row for every file in audio/.")
    seen: set[str] = set()
    for row in rows:
        if row.filename in seen:
            raise DatasetError(f"{path} lists {row.filename} twice.", "Keep one row for every file.")
        seen.add(row.filename)


def _class_names(rows: list[Row], path: Path) -> tuple[str, ...]:
    """Categories by target number; numbers may have gaps, as in ESC-10."""
    numbers: dict[str, int] = {}
    for row in rows:
        if numbers.setdefault(row.category, row.target) != row.target:
            raise DatasetError(
                f"{path} gives category {row.category} the targets {numbers[row.category]} and {row.target}.",
                "Give every category one target.",
            )
    return tuple(sorted(numbers, key=lambda category: (numbers[category], category)))
