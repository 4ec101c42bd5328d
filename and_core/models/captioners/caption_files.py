"""Captions in a file that somebody else wrote: CSV, JSON or Parquet."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from and_core.errors import CaptionerError

FILENAME_COLUMNS = ("filename", "file_name", "slice_file_name", "file")
CAPTION_COLUMNS = ("caption", "description", "text")


def read_captions(
    path: Path, filename_column: str | None = None, caption_column: str | None = None
) -> dict[str, str | None]:
    """Filename -> caption, None where it is empty.

    Args:
        path: `.csv`, `.json` (an object {filename: caption or list of captions}, as the AND authors publish them, or a
            list of objects) or `.parquet`.
        filename_column: of a table; the first of `FILENAME_COLUMNS` that it has where None.
        caption_column: of a table; the first of `CAPTION_COLUMNS` that it has where None.

    Raises:
        CaptionerError: the file is absent, empty, damaged, has other columns, two captions for a filename, or one
            that is no text.
    """
    readers = {".csv": _csv_rows, ".json": _json_rows, ".parquet": _parquet_rows}
    if path.suffix.lower() not in readers:
        raise CaptionerError(f"{path} is not a .csv, .json or .parquet file.", "Save the captions as one of these.")
    if not path.is_file():
        raise CaptionerError(f"There is no file {path}.", "Set captioner.path to the file that holds the captions.")
    rows = readers[path.suffix.lower()](path)
    pairs = rows.items() if isinstance(rows, dict) else _pairs(rows, path, filename_column, caption_column)
    captions: dict[str, str | None] = {}
    for filename, caption in pairs:
        if filename in captions:
            raise CaptionerError(
                f"{path} has two captions for {filename}.",
                "Keep one, or write JSON with a list of them: they are read as one text.",
            )
        captions[filename] = _text(caption, filename, path)
    if not captions:
        raise CaptionerError(f"{path} holds no captions.", "Set captioner.path to a file that does.")
    return captions


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CaptionerError(
            f"{path} is not a CSV file in UTF-8: {error}.", "Save it again as CSV in UTF-8."
        ) from error


def _json_rows(path: Path) -> list[dict[str, Any]] | dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_no_name_twice)
    except ValueError as error:
        raise CaptionerError(f"{path} cannot be read as JSON: {error}.", "Save it again as JSON in UTF-8.") from error
    rows = content if isinstance(content, list) else []
    if not isinstance(content, dict | list) or not all(isinstance(row, dict) for row in rows):
        raise CaptionerError(
            f"{path} holds neither an object of captions nor a list of objects.",
            'Write {"filename": "caption", ...} or [{"filename": ..., "caption": ...}, ...].',
        )
    return content


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, where Python would keep the last of several entries of one name."""
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return content


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise CaptionerError(f"{path} cannot be read as Parquet: {error}.", "Save it again as Parquet.") from error
    return rows


def _pairs(
    rows: list[dict[str, Any]], path: Path, filename_column: str | None, caption_column: str | None
) -> Iterator[tuple[str, Any]]:
    """(filename, caption) of every row of a table."""
    if not rows:
        return
    filename = _column(rows[0], filename_column, FILENAME_COLUMNS, "filename_column", path)
    caption = _column(rows[0], caption_column, CAPTION_COLUMNS, "caption_column", path)
    for number, row in enumerate(rows, start=1):
        name = row.get(filename)
        if not isinstance(name, str) or not name.strip():
            raise CaptionerError(f"Row {number} of {path} has no {filename}.", "Name the file, or remove the row.")
        yield name.strip(), row.get(caption)


def _column(row: Mapping[str, Any], wanted: str | None, usual: Iterable[str], setting: str, path: Path) -> str:
    found = next((name for name in ([wanted] if wanted else usual) if name in row), None)
    if found is None:
        raise CaptionerError(
            f"{path} has no column {wanted or ' or '.join(usual)}; it has {', '.join(map(str, row))}.",
            f"Set captioner.{setting} to the one that is meant.",
        )
    return found


def _text(caption: Any, filename: str, path: Path) -> str | None:
    """One text, of a list its texts side by side; None where there is nothing in it."""
    texts = caption if isinstance(caption, list) else [caption]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise CaptionerError(
            f"The caption of {filename} in {path} is {caption!r}, which is no text.",
            "Write a text, or a list of texts.",
        )
    return " ".join(text.strip() for text in texts if text and text.strip()) or None
