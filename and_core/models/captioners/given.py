"""Captions that are there already: written by people, or by a model somewhere else."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from and_core.errors import CaptionerError
from and_core.models.captioners.caption_files import read_captions
from and_core.models.captioners.repetition import without_repetition
from and_core.models.protocols import Answer, Clip


class GivenCaptioner:
    """Looks captions up by the clips' filenames.

    Where no name is the same because there are other folders before them (`blues/blues.00000.wav`, `blues.00000.wav`),
    names are compared by their last part, those whose last part tells them apart on both sides.
    """

    listens_only = False

    def __init__(
        self,
        path: str | Path,
        name: str | None = None,
        filename_column: str | None = None,
        caption_column: str | None = None,
        cut_repetitions: bool = True,
        filenames: list[str] | None = None,
    ) -> None:
        """
        Args:
            path: a `.csv`, `.json` or `.parquet` file; see `caption_files.read_captions`.
            name: who wrote them, e.g. `SALMONN`; the file's name without its suffix where None.
            filename_column: of a table; a usual name where None.
            caption_column: of a table; a usual name where None.
            cut_repetitions: cut captions of a model that got stuck, as the AND authors did; see `repetition`.
            filenames: of all clips of the data set. The pipeline gives them.

        Raises:
            CaptionerError: the file cannot be used, or has a caption for none of the clips.
        """
        self._path = Path(path).expanduser()
        self.name = name or self._path.stem
        self._columns, self._cut_repetitions = (filename_column, caption_column), cut_repetitions
        self._given = read_captions(self._path, filename_column, caption_column)
        self._known = filenames or []
        self._names = _matches(self._known, self._given)
        if self._known and not self._names:
            raise CaptionerError(
                f"{self._path} has a caption for none of the {len(self._known)} clips: it names "
                f"{next(iter(self._given))}, the clips are called like {self._known[0]}.",
                "Set captioner.path to the captions of this data set.",
            )

    @cached_property
    def fingerprint(self) -> str:
        """The file's content and how it is read, not its path."""
        with self._path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return f"given:1:{content}:{self._columns}:{self._cut_repetitions}"

    @property
    def provenance(self) -> str:
        missing = sum(self._given[self._names[name]] is None if name in self._names else 1 for name in self._known)
        others = len(self._given) - len(set(self._names.values()))
        said = f"{len(self._known) - missing} of {len(self._known)} clips have one"
        if others:
            said += f"; {others} more are for files that the data set does not have"
        return f"Captions given in {self._path.name}" + (f": {said}." if self._known else ".")

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        """One caption a clip, beside it the text as it is in the file; of no value where the file has none for it."""
        return [self._caption(clip.filename) for clip in clips]

    def _caption(self, filename: str) -> Answer[str]:
        given = self._given.get(self._names.get(filename, filename))
        if given is None or not self._cut_repetitions:
            return Answer(given, given)
        return Answer(without_repetition(given).strip() or None, given)


def _matches(filenames: Sequence[str], given: Iterable[str]) -> dict[str, str]:
    """Filename of a clip -> its name in the file; clips without a caption are left out."""
    exact = set(filenames) & set(given)
    if exact:
        return {filename: filename for filename in exact}
    theirs, ours = _by_last_part(given), _by_last_part(filenames)
    return {ours[last]: theirs[last] for last in ours.keys() & theirs.keys()}


def _by_last_part(paths: Iterable[str]) -> dict[str, str]:
    """Last part of a path -> the path, of those paths that share it with no other."""
    with_last: dict[str, list[str]] = {}
    for path in paths:
        with_last.setdefault(PurePosixPath(path).name, []).append(path)
    return {last: same[0] for last, same in with_last.items() if len(same) == 1}
