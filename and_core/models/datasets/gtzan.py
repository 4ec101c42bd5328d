"""GTZAN, 1,000 clips of music of 30 s in ten genres (Tzanetakis and Cook 2002), as the original archive has it
(`genres/blues/blues.00000.wav`, also `.au`) or as the later zip does (`Data/genres_original/blues/blues.00000.wav`).
"""

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from and_core.errors import DatasetError
from and_core.models.datasets.audio_files import (
    DEFAULT_MAX_SECONDS,
    audio_files_in,
    check_max_seconds,
    content_fingerprint,
    read_clip_audio,
)
from and_core.models.protocols import Clip

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
PLACES = ("", "genres", "genres_original", "Data/genres_original")
"""Where the folders of the genres may be, relative to the root."""

FOLDS = 5
CLIPS_PER_FOLD = 20
"""Of each genre. GTZAN has no folds of its own. Clips of one artist, even of one record, mostly have neighbouring
numbers, a dozen or so at a time (Sturm 2013, https://arxiv.org/abs/1306.1461), so that folds dealt at random would
test a network on artists it has learnt. Blocks of 20 numbers have 4 borders a genre at which an artist can be cut."""


class Entry(NamedTuple):
    """One clip, unread."""

    genre: str
    number: int
    filename: str
    """Relative to the folder of genres."""


class Gtzan:
    """The clips of all genres that are there, by genre and number.

    Fold 1 holds numbers 0 to 19 of every genre, fold 5 numbers 80 to 99. A clip that cannot be read (`jazz.00054.wav`
    of the zip is one) costs that clip alone.

    Args:
        root: the folder that holds the genres' folders, or one above it.
        max_seconds: a longer clip is left out.

    Raises:
        DatasetError: the folder is not in this layout, or holds two files of one clip.
        ConfigError: `max_seconds` is not above 0.
    """

    name = "GTZAN"

    def __init__(self, root: str | Path, max_seconds: float = DEFAULT_MAX_SECONDS) -> None:
        self.max_seconds = check_max_seconds(max_seconds)
        self.folder = _folder_of_genres(Path(root).expanduser())
        self._clips = [clip for genre in GENRES for clip in _clips_of(genre, self.folder)]
        self.class_names = tuple(genre for genre in GENRES if any(clip.genre == genre for clip in self._clips))

    @cached_property
    def fingerprint(self) -> str:
        """The names and contents of all clips, the same for either layout; reads them all, once."""
        content = content_fingerprint(self.folder, [clip.filename for clip in self._clips])
        return f"gtzan:{content}:folds={FOLDS}:max_seconds={self.max_seconds:g}"

    def __len__(self) -> int:
        return len(self._clips)

    def filename(self, index: int) -> str:
        """The clip's path below the folder of genres, e.g. `blues/blues.00000.wav`."""
        return self._clips[index].filename

    def clip(self, index: int) -> Clip:
        """Read clip `index` at its own sampling rate, mixed to mono.

        Raises:
            ClipError: the file is absent, unreadable, empty, too long or holds samples that are no numbers.
        """
        genre, number, filename = self._clips[index]
        waveform, sample_rate_hz = read_clip_audio(self.folder / filename, self.max_seconds)
        return Clip(filename, waveform, sample_rate_hz, genre, fold=number // CLIPS_PER_FOLD + 1)


def _folder_of_genres(root: Path) -> Path:
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder.", "Set dataset.root to the folder that holds GTZAN's genres.")
    for place in PLACES:
        if any(audio_files_in(root / place / genre) for genre in GENRES):
            return root / place
    raise DatasetError(
        f"{root} holds no folders of GTZAN's genres with recordings in them.",
        f"Set dataset.root to the folder that holds {GENRES[0]}/, {GENRES[1]}/ and so on, or one above it: "
        f"{', '.join(place for place in PLACES if place)} are looked into.",
    )


def _clips_of(genre: str, folder: Path) -> list[Entry]:
    """Every clip of a genre, by number.

    Raises:
        DatasetError: a recording is not named as a clip of GTZAN, or two are the same clip.
    """
    clips: dict[int, str] = {}
    for path in audio_files_in(folder / genre):
        named = re.fullmatch(rf"{genre}\.(\d{{5}})", path.stem)
        number = int(named.group(1)) if named else -1
        if not 0 <= number < FOLDS * CLIPS_PER_FOLD:
            raise DatasetError(
                f"{path} is not named as a clip of GTZAN, {genre}.00000 to {genre}.00099.",
                "Take it out, or read the folder as kind = 'audio_folder'.",
            )
        if number in clips:
            raise DatasetError(f"{path} is there beside {clips[number]}.", "Keep one file of every clip.")
        clips[number] = f"{genre}/{path.name}"
    return [Entry(genre, number, clips[number]) for number in sorted(clips)]
