"""The files that the options of a BEATs network name."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from and_core.errors import NetworkError

FILE_IN_FOLDER = "beats.safetensors"


def checkpoint_file(path: Path) -> Path:
    """The file itself, or the one in a folder that `save_beats` made.

    Raises:
        NetworkError: it is not there.
    """
    file = path / FILE_IN_FOLDER if path.is_dir() else path
    if not file.is_file():
        raise NetworkError(
            f"The target network {str(file)!r} is not a file here.",
            f"Set its path to a BEATs checkpoint, or to a folder that holds {FILE_IN_FOLDER}.",
        )
    return file


def read_cfg(file: Path) -> dict[str, Any]:
    """The settings in a JSON file.

    Raises:
        NetworkError: it cannot be read, or holds something else.
    """
    try:
        cfg = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NetworkError(f"config = {str(file)!r} cannot be read as JSON: {error}.", "Set another file.") from error
    if not isinstance(cfg, dict):
        raise NetworkError(f"config = {str(file)!r} is not a JSON object.", "Write the settings as one.")
    return cfg


def read_class_names(names: Sequence[str] | str | Path | None) -> tuple[str, ...] | None:
    """Class names as given, or the lines of a text file that are not empty; None where None.

    Raises:
        NetworkError: the file cannot be read.
    """
    if names is None or not isinstance(names, str | Path):
        return None if names is None else tuple(names)
    file = Path(names).expanduser()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"class_names = {str(file)!r} cannot be read: {error}.", "Set a list, or a text file with one a line."
        ) from error
    return tuple(line.strip() for line in lines if line.strip())
