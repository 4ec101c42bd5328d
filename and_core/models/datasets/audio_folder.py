"""A folder of recordings: one folder a class, or all in one place without classes."""

from functools import cached_property
from pathlib import Path

from and_core.errors import DatasetError
from and_core.models.datasets.audio_files import (
    DEFAULT_MAX_SECONDS,
    audio_files_in,
    check_max_seconds,
    content_fingerprint,
    read_clip_audio,
)
from and_core.models.protocols import Clip


class AudioFolder:
    """Every audio file under `root`, sorted by its path; the data set is called as its folder.

    Where `root` holds audio files itself, they are the clips and have no class.
    Otherwise each folder in it is a class, named as the folder, with all audio files below it.
    Files whose suffix is not one of audio, and hidden files and folders, are passed over.

    Args:
        root: the folder.
        max_seconds: a longer clip is left out.

    Raises:
        DatasetError: there is no such folder, no audio file in it, or audio files both in it and in its folders.
        ConfigError: `max_seconds` is not above 0.
    """

    def __init__(self, root: str | Path, max_seconds: float = DEFAULT_MAX_SECONDS) -> None:
        self.root = Path(root).expanduser()
        self.max_seconds = check_max_seconds(max_seconds)
        self.name = self.root.resolve().name
        self._filenames, self.class_names = _list_clips(self.root)

    @cached_property
    def fingerprint(self) -> str:
        """The names and contents of all files, not the folder's name; reads them all, once."""
        return f"audio_folder:{content_fingerprint(self.root, self._filenames)}:max_seconds={self.max_seconds:g}"

    def __len__(self) -> int:
        return len(self._filenames)

    def filename(self, index: int) -> str:
        """The clip's path relative to `root`, e.g. `dog/one.wav`."""
        return self._filenames[index]

    def clip(self, index: int) -> Clip:
        """Read clip `index` at its own sampling rate, mixed to mono.

        Raises:
            ClipError: the file is absent, unreadable, empty, too long or holds samples that are no numbers.
        """
        filename = self._filenames[index]
        waveform, sample_rate_hz = read_clip_audio(self.root / filename, self.max_seconds)
        class_name = filename.split("/", 1)[0] if self.class_names else None
        return Clip(filename, waveform, sample_rate_hz, class_name)


def _list_clips(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths of the clips relative to `root`, with `/`, and the names of the classes."""
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder.", "Set dataset.root to the folder that holds the recordings.")
    flat = audio_files_in(root)
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    filled = {folder.name: files for folder in folders if (files := audio_files_in(folder, "**/*"))}
    if flat and filled:
        raise DatasetError(
            f"{root} holds audio files ({flat[0].name}) beside folders of audio files ({next(iter(filled))}/).",
            "Move the loose files into a folder of their class, or all files into one folder.",
        )
    if flat:
        return _relative(flat, root), ()
    if not filled:
        raise DatasetError(
            f"{root} holds no audio files.",
            "Put recordings (.wav, .flac, .ogg, .mp3 ...) into it, or into one folder a class.",
        )
    return _relative([path for files in filled.values() for path in files], root), tuple(filled)


def _relative(paths: list[Path], root: Path) -> tuple[str, ...]:
    return tuple(path.relative_to(root).as_posix() for path in paths)
