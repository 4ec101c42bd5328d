"""Downloads from a real server on this machine, which breaks off, ignores ranges, or serves the wrong thing."""

import hashlib
import io
import tarfile
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from filelock import FileLock

from and_core.errors import ConfigError, DatasetError, DownloadError
from and_core.models.registry import REGISTRY, create
from precompute import download as downloads
from precompute import fetch as fetching
from precompute.__main__ import main
from precompute.download import Source, download, is_here, source_of

NOBODY = "http://127.0.0.1:9/archive.zip"


@dataclass
class Behaviour:
    """What the server does, and what it was asked."""

    content: bytes = b""
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    """Of the next answers: bytes after which the connection breaks."""
    statuses: list[int] = field(default_factory=list)
    """Of the next answers: their status, without content."""
    says_length: bool = True
    starts_elsewhere: int = 0
    """Of the next answers to a range: how many begin at byte 1, whatever was asked for."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of every request."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        does, asked = self.behaviour, self.headers.get("Range")
        does.asked.append((self.path, asked))
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and does.ranges else 0
        if first and does.starts_elsewhere:
            does.starts_elsewhere, first = does.starts_elsewhere - 1, 1
        if self.path == "/moved.zip":
            self.answer(302, Location="/archive.zip")
        elif does.statuses:
            self.answer(does.statuses.pop(0))
        elif first and first >= len(does.content):
            self.answer(416, **{"Content-Range": f"bytes */{len(does.content)}"})
        else:
            self.serve_from(first)

    def serve_from(self, first: int) -> None:
        does, total = self.behaviour, len(self.behaviour.content)
        body = does.content[first:]
        headers = {"Content-Range": f"bytes {first}-{total - 1}/{total}"} if first else {}
        if does.says_length:
            self.answer(206 if first else 200, **headers, **{"Content-Length": str(len(body))})
        else:
            self.answer(206 if first else 200, **headers, **{"Transfer-Encoding": "chunked"})
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        self.wfile.write(body[: does.break_after.pop(0)] if does.break_after else body)

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        if not {"Content-Length", "Transfer-Encoding"} & set(headers):
            headers["Content-Length"] = "0"
        for name, value in (*headers.items(), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Behaviour, str]]:
    """How the server behaves, to be changed, and its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    behaviour = Behaviour()
    handler = type("ThisHandler", (Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield behaviour, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def archive() -> bytes:
    """A tiny ESC-50 as GitHub would pack it."""
    recording = io.BytesIO()
    soundfile.write(recording, np.random.default_rng(0).uniform(-0.5, 0.5, 200_000), 8_000, format="WAV")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("ESC-50-abc/meta/esc50.csv", "filename,fold,target,category\n1.wav,1,0,dog\n")
        files.writestr("ESC-50-abc/audio/1.wav", recording.getvalue())
    return packed.getvalue()


@pytest.fixture
def source(server: tuple[Behaviour, str], archive: bytes) -> Source:
    """Where the tiny ESC-50 is served, as `downloads.toml` would say it."""
    behaviour, address = server
    behaviour.content = archive
    return Source(
        kind="esc50",
        title="Tiny ESC-50",
        urls=(f"{address}/archive.zip",),
        checksum=f"sha256:{hashlib.sha256(archive).hexdigest()}",
        archive="tiny.zip",
        archive_bytes=len(archive),
        unpacked_bytes=1_000_000,
        inside="ESC-50-abc",
        folder="ESC-50",
        marker="meta/esc50.csv",
        licence="None.",
    )


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Counter:
    """Takes progress, and keeps it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, int, int | None]] = []

    def __call__(self, what: str, done: int, total: int | None) -> None:
        self.said.append((what, done, total))

    def of(self, what: str) -> list[int]:
        return [done for said, done, _ in self.said if said == what]


def get(source: Source, to: Path) -> Counter:
    counter = Counter()
    download(source, to, counter, pause_s=0.001)
    return counter


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def begun(source: Source, to: Path, content: bytes) -> None:
    """As if an earlier download had been killed."""
    to.mkdir()
    (to / f"{source.archive}.part").write_bytes(content)


def test_a_data_set_is_fetched_checked_and_unpacked_and_nothing_else_stays(source: Source, to: Path, archive: bytes):
    assert not is_here(source, to)
    counter = get(source, to)
    assert is_here(source, to)
    assert visible(to) == ["ESC-50"]
    dataset = create("dataset", "esc50", {"root": str(to / "ESC-50")}, "dataset")
    assert dataset.clip(0).waveform.shape == (200_000,)
    assert counter.said[0][0] == "downloading"
    for what in ("downloading", "checking"):
        assert [entry for entry in counter.said if entry[0] == what][-1] == (what, len(archive), len(archive))
    assert counter.of("unpacking")[-1] > 400_000


def test_a_tar_is_unpacked_as_a_zip_is(source: Source, to: Path, server: tuple[Behaviour, str]):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        files.addfile(tarfile.TarInfo("genres/blues/blues.00000.au"))
    server[0].content = packed.getvalue()
    checksum = f"sha256:{hashlib.sha256(packed.getvalue()).hexdigest()}"
    get(replace(source, archive="t.tar.gz", checksum=checksum, inside="genres", folder="GTZAN", marker="blues"), to)
    assert visible(to / "GTZAN/blues") == ["blues.00000.au"]


@pytest.mark.parametrize("checksum", ["md5", "sha256"])
def test_either_kind_of_checksum_is_verified(source: Source, to: Path, archive: bytes, checksum: str):
    get(replace(source, checksum=f"{checksum}:{hashlib.new(checksum, archive).hexdigest()}"), to)
    assert is_here(source, to)


def test_a_connection_that_breaks_is_gone_on_with_where_it_broke(
    source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes
):
    behaviour, _ = server
    piece = fetching.CHUNK_BYTES
    behaviour.break_after = [piece + 1_000, 2 * piece + 1_000]
    get(source, to)
    assert is_here(source, to)
    assert [asked for _, asked in behaviour.asked] == [None, f"bytes={piece}-", f"bytes={3 * piece}-"]


def test_an_answer_of_unknown_length_that_breaks_is_not_taken_for_the_whole(
    source: Source, to: Path, server: tuple[Behaviour, str]
):
    behaviour, _ = server
    behaviour.says_length, behaviour.break_after = False, [200_000]
    get(source, to)
    assert is_here(source, to)
    assert len(behaviour.asked) == 2


def test_a_download_that_was_killed_is_gone_on_with(
    source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes
):
    behaviour, _ = server
    begun(source, to, archive[:5_000])
    counter = get(source, to)
    assert behaviour.asked == [("/archive.zip", "bytes=5000-")]
    assert min(counter.of("downloading")) > 5_000
    assert is_here(source, to)


def test_a_download_that_was_killed_at_its_very_end_is_not_fetched_again(
    source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes
):
    begun(source, to, archive)
    assert get(source, to).of("downloading") == []
    assert is_here(source, to)


def test_a_server_that_ignores_ranges_is_asked_for_everything(
    source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes
):
    behaviour, _ = server
    behaviour.ranges = False
    behaviour.break_after = [fetching.CHUNK_BYTES]
    begun(source, to, archive[:5_000])
    get(source, to)
    assert [asked for _, asked in behaviour.asked] == ["bytes=5000-", f"bytes={fetching.CHUNK_BYTES}-"]
    assert is_here(source, to)


def test_a_server_that_goes_on_elsewhere_is_asked_for_everything(
    source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes
):
    behaviour, _ = server
    behaviour.starts_elsewhere = 1
    begun(source, to, archive[:5_000])
    get(source, to)
    assert [asked for _, asked in behaviour.asked] == ["bytes=5000-", None]
    assert is_here(source, to)


def test_more_than_the_server_has_is_thrown_away(source: Source, to: Path, archive: bytes):
    begun(source, to, archive + b"more")
    get(source, to)
    assert is_here(source, to)


def test_another_file_that_was_begun_with_is_found_out_by_the_checksum(source: Source, to: Path, archive: bytes):
    begun(source, to, bytes(5_000))
    with pytest.raises(DownloadError, match="is not the file it should be"):
        get(source, to)
    assert visible(to) == []
    get(source, to)
    assert is_here(source, to)


def test_a_file_with_another_checksum_is_never_unpacked(source: Source, to: Path, server: tuple[Behaviour, str]):
    behaviour, address = server
    behaviour.content = b"<html>Log in first</html>"
    with pytest.raises(DownloadError) as caught:
        get(source, to)
    found = hashlib.sha256(behaviour.content).hexdigest()
    expected = source.checksum.removeprefix("sha256:")
    assert caught.value.what == (
        f"{address}/archive.zip is not the file it should be: its sha256 is {found}, and not {expected}."
    )
    assert visible(to) == []


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(
    source: Source, to: Path, server: tuple[Behaviour, str]
):
    behaviour, _ = server
    behaviour.statuses = [503, 429]
    get(source, to)
    assert len(behaviour.asked) == 3
    behaviour.statuses, behaviour.asked = [404], []
    with pytest.raises(DownloadError, match=r"archive\.zip cannot be fetched: the server answers 404 Not Found\."):
        get(source, to.parent / "other")
    assert len(behaviour.asked) == 1


def test_a_server_that_stays_out_of_order_is_given_up(source: Source, to: Path, server: tuple[Behaviour, str]):
    behaviour, _ = server
    behaviour.statuses = [500] * 20
    with pytest.raises(DownloadError, match="the server answers 500"):
        get(source, to)
    assert len(behaviour.asked) == fetching.ATTEMPTS


def test_an_address_that_has_moved_is_followed(source: Source, to: Path, server: tuple[Behaviour, str], archive: bytes):
    behaviour, address = server
    begun(source, to, archive[:5_000])
    get(replace(source, urls=(f"{address}/moved.zip",)), to)
    assert behaviour.asked == [("/moved.zip", "bytes=5000-"), ("/archive.zip", "bytes=5000-")]
    assert is_here(source, to)


def test_without_a_connection_the_message_says_so_and_what_came_is_kept(source: Source, to: Path, archive: bytes):
    begun(source, to, archive[:5_000])
    with pytest.raises(DownloadError) as caught:
        get(replace(source, urls=(NOBODY,)), to)
    assert caught.value.what == f"{NOBODY} cannot be fetched: there is no connection."
    assert f"put it at {to / 'tiny.zip'}" in caught.value.remedy
    assert (to / "tiny.zip.part").read_bytes() == archive[:5_000]


def test_the_next_address_is_tried_where_one_serves_nothing(source: Source, to: Path):
    get(replace(source, urls=(NOBODY, *source.urls)), to)
    assert is_here(source, to)


def test_an_archive_that_a_person_put_there_needs_no_connection(source: Source, to: Path, archive: bytes):
    to.mkdir()
    (to / "tiny.zip").write_bytes(archive)
    get(replace(source, urls=(NOBODY,)), to)
    assert visible(to) == ["ESC-50"]


def test_a_wrong_archive_that_a_person_put_there_is_refused_and_left(source: Source, to: Path):
    to.mkdir()
    (to / "tiny.zip").write_bytes(b"another")
    with pytest.raises(DownloadError, match=r"tiny\.zip is not the file it should be.*Delete it"):
        get(source, to)
    assert (to / "tiny.zip").read_bytes() == b"another"


def test_an_unpacking_that_was_killed_leaves_nothing(source: Source, to: Path, archive: bytes):
    (to / ".ESC-50.unpacking-killed/ESC-50-abc/meta").mkdir(parents=True)
    (to / "tiny.zip").write_bytes(archive)
    assert not is_here(source, to)
    get(replace(source, urls=(NOBODY,)), to)
    assert visible(to) == ["ESC-50"]


def test_an_archive_that_cannot_be_unpacked_leaves_no_half_of_it(source: Source, to: Path):
    with pytest.raises(DatasetError, match="unpacks to more than 100,000 bytes"):
        get(replace(source, unpacked_bytes=100_000), to)
    assert visible(to) == ["tiny.zip"]


def test_an_archive_of_something_else_is_refused(source: Source, to: Path):
    with pytest.raises(DatasetError, match=r"holds no ESC-50-abc/meta/other\.csv"):
        get(replace(source, marker="meta/other.csv"), to)
    assert visible(to) == ["tiny.zip"]


def test_a_folder_that_is_something_else_is_left_alone(source: Source, to: Path, server: tuple[Behaviour, str]):
    (to / "ESC-50").mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"ESC-50 is there, but without meta/esc50\.csv.*--to"):
        get(source, to)
    assert server[0].asked == []


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    source: Source, to: Path, server: tuple[Behaviour, str]
):
    with pytest.raises(DatasetError, match=r"GB free, and Tiny ESC-50 needs 1000000000\.0 GB"):
        get(replace(source, unpacked_bytes=10**18), to)
    assert server[0].asked == []


def test_two_processes_do_not_write_over_each_other(source: Source, to: Path):
    to.mkdir()
    with FileLock(to / ".tiny.zip.lock"), pytest.raises(DatasetError, match="Another process is getting Tiny ESC-50"):
        get(source, to)


def test_a_folder_that_cannot_be_made_is_named(source: Source, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match=r"file/data cannot be written: Not a directory.*--to"):
        get(source, tmp_path / "file/data")


def test_every_row_of_the_catalogue_is_complete_and_read_by_its_kind():
    kinds = tomllib.loads(downloads.CATALOGUE.read_text(encoding="utf-8"))
    assert set(kinds) == {"esc50", "gtzan", "urbansound8k"}
    for kind in kinds:
        source = source_of(kind)
        algorithm, _, digits = source.checksum.partition(":")
        assert len(bytes.fromhex(digits)) == hashlib.new(algorithm).digest_size
        assert source.urls[0].startswith("https://")
        assert source.unpacked_bytes > source.archive_bytes > 1e8
        assert kind in REGISTRY["dataset"]


def test_an_unknown_data_set_is_no_guess():
    with pytest.raises(ConfigError, match=r"no data set 'esc5' to download\. Did you mean 'esc50'\?"):
        source_of("esc5")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs `and-precompute download`; gives its exit code and what it said."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stop:
            main(["download", *map(str, arguments)])
        return int(stop.value.code or 0), capsys.readouterr().err

    return run


@pytest.fixture
def catalogue(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of the tiny ESC-50 alone."""
    entries = {name: value for name, value in vars(source).items() if name not in ("kind", "urls")}
    lines = [f"{name} = {value if isinstance(value, int) else repr(value)}" for name, value in entries.items()]
    file = tmp_path / "downloads.toml"
    file.write_text("\n".join(["[esc50]", f"urls = {list(source.urls)}", *lines]))
    monkeypatch.setattr(downloads, "CATALOGUE", file)


def test_the_command_says_what_it_got_under_which_licence_and_how_to_use_it(
    command: Callable[..., tuple[int, str]], catalogue: None, to: Path, server: tuple[Behaviour, str]
):
    code, said = command("esc50", "--to", to)
    assert code == 0
    use = f"and-precompute run CONFIG --set dataset.kind=esc50 --set dataset.root={to / 'ESC-50'}"
    assert said.splitlines()[1:] == [f"Tiny ESC-50 is in {to / 'ESC-50'}.", "Licence: None.", f"Use it: {use}"]
    asked = len(server[0].asked)
    code, said = command("esc50", "--to", to)
    assert code == 0 and f"Tiny ESC-50 is in {to / 'ESC-50'} already." in said and use in said
    assert len(server[0].asked) == asked


def test_the_command_without_a_network_is_one_message(
    command: Callable[..., tuple[int, str]], to: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    code, said = command("esc50", "--to", to)
    assert code == 1
    assert "DownloadError" in said and "the proxy cannot be reached" in said and "Run the command again" in said
    assert "Traceback" not in said and len(said.splitlines()) == 3


def test_the_command_names_the_data_sets_there_are(command: Callable[..., tuple[int, str]], to: Path):
    code, said = command("audioset", "--to", to)
    assert code == 2 and "Choose one of: esc50, gtzan, urbansound8k." in said
