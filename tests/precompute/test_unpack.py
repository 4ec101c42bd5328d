"""Archives from strangers, good and hostile."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from and_core.errors import DatasetError
from precompute.unpack import unpack

PLENTY = 10_000


def silent(what: str, done: int, total: int | None) -> None: ...


def zipped(path: Path, files: dict[str, bytes], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def tarred_special(path: Path, kind: bytes, target: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("set/special")
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


def everything_in(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to unpack to; what escapes it lands in `tmp_path`."""
    (tmp_path / "in/side").mkdir(parents=True)
    return tmp_path / "in/side"


MAKERS: list[Callable[..., Path]] = [zipped, tarred]
SUFFIXES = {zipped: ".zip", tarred: ".tar.gz"}


@pytest.fixture(params=MAKERS, ids=["zip", "tar"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    return lambda files: request.param(tmp_path / f"archive{SUFFIXES[request.param]}", files)


def test_files_are_written_where_they_belong(pack: Callable[..., Path], folder: Path):
    files = {"set/a.txt": b"one", "set/deep/er/b.txt": b"two", "./set/c d.txt": b""}
    counted: list[int] = []
    unpack(pack(files), folder, PLENTY, lambda what, done, total: counted.append(done))
    assert everything_in(folder) == {"set/a.txt": b"one", "set/deep/er/b.txt": b"two", "set/c d.txt": b""}
    assert counted == [3, 6, 6]


@pytest.mark.parametrize(
    "name", ["../escaped", "set/../../escaped", "/tmp/escaped-from-archive", "set\\..\\escaped", "C:escaped"]
)
def test_a_name_that_leads_elsewhere_is_refused(pack: Callable[..., Path], folder: Path, tmp_path: Path, name: str):
    archive = pack({"set/fine": b"fine", name: b"bad"})
    with pytest.raises(DatasetError, match="a name that leads elsewhere, so it is not unpacked"):
        unpack(archive, folder, PLENTY, silent)
    assert not [path for path in tmp_path.rglob("*") if "escaped" in path.name]
    assert not Path("/tmp/escaped-from-archive").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(folder: Path, tmp_path: Path, kind: bytes):
    archive = tarred_special(tmp_path / "archive.tar.gz", kind, "../../outside")
    with pytest.raises(DatasetError, match="'set/special', which is not a plain file"):
        unpack(archive, folder, PLENTY, silent)
    assert not list(folder.rglob("*"))


def test_a_link_in_a_zip_is_refused(folder: Path, tmp_path: Path):
    archive = zipped(tmp_path / "archive.zip", {"set/link": b"/etc/passwd"}, mode=0o120777)
    with pytest.raises(DatasetError, match="'set/link', which is not a plain file"):
        unpack(archive, folder, PLENTY, silent)


def test_an_archive_that_unpacks_to_more_than_it_should_is_refused(pack: Callable[..., Path], folder: Path):
    files = {f"set/{number}": bytes(4_000) for number in range(3)}
    with pytest.raises(DatasetError, match="unpacks to more than 10,000 bytes"):
        unpack(pack(files), folder, PLENTY, silent)
    assert sum(map(len, everything_in(folder).values())) <= PLENTY


def test_a_damaged_archive_says_so(pack: Callable[..., Path], folder: Path):
    archive = pack({"set/a": bytes(range(256)) * 30})
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"is damaged: .*Delete it and run again"):
        unpack(archive, folder, PLENTY, silent)
    archive.write_bytes(b"<html>Log in</html>" * 100)
    with pytest.raises(DatasetError, match="is damaged"):
        unpack(archive, folder, PLENTY, silent)


def test_content_that_was_changed_under_its_checksum_is_damaged(folder: Path, tmp_path: Path):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as stored:
        stored.writestr("set/a", b"original")
    archive.write_bytes(archive.read_bytes().replace(b"original", b"tampered"))
    with pytest.raises(DatasetError, match="is damaged: Bad CRC-32"):
        unpack(archive, folder, PLENTY, silent)


def test_a_folder_that_cannot_be_written_is_named(pack: Callable[..., Path], tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match=r"cannot be unpacked into .*file: Not a directory"):
        unpack(pack({"set/a": b"a"}), tmp_path / "file", PLENTY, silent)


def test_permissions_of_the_archive_are_not_taken_over(folder: Path, tmp_path: Path):
    with tarfile.open(tmp_path / "archive.tar", "w") as archive:
        info = tarfile.TarInfo("set/program")
        info.mode, info.size = 0o4777, 1
        archive.addfile(info, io.BytesIO(b"x"))
    unpack(tmp_path / "archive.tar", folder, PLENTY, silent)
    assert not (folder / "set/program").stat().st_mode & 0o7111
