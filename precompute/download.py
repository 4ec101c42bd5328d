"""Gets well-known probing data sets into the layout that their kind reads: see `downloads.toml`."""

import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from and_core.errors import ConfigError, DatasetError, DownloadError
from and_core.models.registry import nearest
from precompute.fetch import Advance, digest, fetch
from precompute.unpack import unpack

CATALOGUE = Path(__file__).parent / "downloads.toml"


@dataclass(frozen=True)
class Source:
    """One table of `downloads.toml`, which says what its entries are."""

    kind: str
    title: str
    urls: tuple[str, ...]
    checksum: str
    archive: str
    archive_bytes: int
    unpacked_bytes: int
    inside: str
    folder: str
    marker: str
    licence: str


def source_of(kind: str) -> Source:
    """Where a data set comes from.

    Raises:
        ConfigError: it is not in the catalogue.
    """
    tables = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    if kind not in tables:
        raise ConfigError(f"There is no data set {kind!r} to download.", nearest(kind, list(tables)))
    table = tables[kind]
    return Source(kind=kind, **{**table, "urls": tuple(table["urls"])})


def is_here(source: Source, to: Path) -> bool:
    return (to / source.folder / source.marker).exists()


def download(source: Source, to: Path, advance: Advance, pause_s: float = 1.0) -> None:
    """Make `to / source.folder` hold the data set, unless it does; its archive is deleted when it is unpacked.

    Whatever breaks it off, the next call goes on: `<archive>.part` with the download, `<archive>` with the unpacking.
    A person without a network can put the archive there.

    Args:
        pause_s: before a second attempt to connect.

    Raises:
        DownloadError: no address serves the archive, or what is there is another file.
        DatasetError: it cannot be unpacked, or the disk takes no more.
    """
    archive, folder = to / source.archive, to / source.folder
    with locked(source, to):
        if is_here(source, to):
            return
        if folder.exists():
            raise DatasetError(
                f"{folder} is there, but without {source.marker}: it is not {source.title}, or not all of it.",
                "Move it away, or give another folder with --to.",
            )
        check_space(source, archive)
        if archive.exists():
            check(archive, str(archive), source.checksum, advance)
        else:
            fetch_from_any(source, archive, advance, pause_s)
        unpack_into_place(archive, folder, source, advance)
        archive.unlink()


@contextmanager
def locked(source: Source, to: Path) -> Iterator[None]:
    """Hold a data set's files in `to`: two processes would write over each other."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        with FileLock(to / f".{source.archive}.lock", timeout=0):
            yield
    except Timeout as error:
        raise DatasetError(f"Another process is getting {source.title} into {to}.", "Wait for it.") from error
    except OSError as error:
        raise DatasetError(f"{to} cannot be written: {error.strerror}.", "Give another folder with --to.") from error


def part_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.part")


def check_space(source: Source, archive: Path) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        DatasetError: there is no room for what is yet to be fetched and for all that it unpacks to.
    """
    here = sum(file.stat().st_size for file in (archive, part_of(archive)) if file.exists())
    needed = max(source.archive_bytes - here, 0) + source.unpacked_bytes
    free = shutil.disk_usage(archive.parent).free
    if free < needed:
        raise DatasetError(
            f"{archive.parent} has {free / 1e9:.1f} GB free, and {source.title} needs {needed / 1e9:.1f} GB.",
            "Free some space, or give another folder with --to.",
        )


def fetch_from_any(source: Source, archive: Path, advance: Advance, pause_s: float) -> None:
    """Fetch the archive from the first address that serves it."""
    part, failures = part_of(archive), []

    def count(what: str, done: int, total: int | None) -> None:
        advance(what, done, total or source.archive_bytes)  # GitHub does not say how much it will send

    for url in source.urls:
        try:
            fetch(url, part, count, pause_s)
        except DownloadError as error:
            failures.append(error.what)
            continue
        try:
            check(part, url, source.checksum, advance)
        except DownloadError as error:
            failures.append(error.what)
            part.unlink()
            continue
        part.replace(archive)
        return
    raise DownloadError(
        " ".join(failures),
        "Run the command again: it goes on where it stopped. "
        f"Or get the file from elsewhere, put it at {archive}, and run the command again.",
    )


def check(file: Path, where: str, checksum: str, advance: Advance) -> None:
    """Compare a file with `algorithm:hexadecimal digits`.

    Args:
        where: it came from, for the message.

    Raises:
        DownloadError: it is another file.
    """
    algorithm, _, expected = checksum.partition(":")
    found = digest(file, algorithm, advance)
    if found != expected:
        raise DownloadError(
            f"{where} is not the file it should be: its {algorithm} is {found}, and not {expected}.",
            "Delete it, then run the command again.",
        )


def unpack_into_place(archive: Path, folder: Path, source: Source, advance: Advance) -> None:
    """Unpack beside `folder` and rename at the end, so that `folder` is never there by half."""
    prefix = f".{folder.name}.unpacking-"
    for left_over in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder.parent) as temporary:
        unpack(archive, Path(temporary), source.unpacked_bytes, advance)
        unpacked = Path(temporary) / source.inside
        if not (unpacked / source.marker).exists():
            raise DatasetError(f"{archive} holds no {source.inside}/{source.marker}.", "Delete it, then run again.")
        unpacked.rename(folder)
