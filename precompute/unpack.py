"""Unpacks archives from strangers: plain files and folders only, all of them inside the folder that was meant."""

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from and_core.errors import DatasetError
from precompute.fetch import Advance

UNIX_FILE_TYPE = 0o170000
PLAIN_TYPES = (0, 0o100000)
"""Of a zip's entry: not said, or a regular file."""
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError)


class Member(NamedTuple):
    """One entry of an archive that is not a folder."""

    name: str
    size: int
    is_plain: bool
    """A file with content of its own: not a link, a device or encrypted."""
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, folder: Path, largest_bytes: int, advance: Advance) -> None:
    """Write the files of a `.zip`, `.tar`, `.tar.gz` ... below `folder`, without their owners and permissions.

    Args:
        largest_bytes: what the files may have together.

    Raises:
        DatasetError: damaged; or it holds a link, a name that leads out of the folder, or more than `largest_bytes`.
    """
    written = 0
    try:
        for member in _members(archive):
            target = folder / _safe_name(member, archive)
            written += member.size
            if written > largest_bytes:
                raise _refused(archive, f"unpacks to more than {largest_bytes:,} bytes")
            target.parent.mkdir(parents=True, exist_ok=True)
            content = member.open()
            assert content is not None, "only links and folders have none"
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            advance("unpacking", written, None)
    except DAMAGED as error:
        raise DatasetError(f"{archive} is damaged: {error}.", "Delete it and run again.") from error
    except OSError as error:
        raise DatasetError(
            f"{archive} cannot be unpacked into {folder}: {error.strerror or error}.",
            "Free some space, then run again.",
        ) from error


def _members(archive: Path) -> Iterator[Member]:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir():
                    plain = (info.external_attr >> 16) & UNIX_FILE_TYPE in PLAIN_TYPES and not info.flag_bits & 1
                    yield Member(info.filename, info.file_size, plain, partial(opened.open, info))
        return
    with tarfile.open(archive) as packed:
        for entry in packed:
            if not entry.isdir():
                yield Member(entry.name, entry.size, entry.isreg(), partial(packed.extractfile, entry))


def _safe_name(member: Member, archive: Path) -> PurePosixPath:
    name = PurePosixPath(member.name)
    odd = any(character in member.name for character in "\\:\0")  # a folder or a drive on other systems
    if odd or name.is_absolute() or ".." in name.parts or not name.parts:
        raise _refused(archive, f"holds {member.name!r}, a name that leads elsewhere")
    if not member.is_plain:
        raise _refused(archive, f"holds {member.name!r}, which is not a plain file")
    return name


def _refused(archive: Path, why: str) -> DatasetError:
    return DatasetError(f"{archive} {why}, so it is not unpacked.", "Delete it; it is not the data set's own archive.")
