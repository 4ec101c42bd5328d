"""Audio files on disk: read one as a mono clip, list a folder's, and name the content of many by one hash."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from and_core.errors import ClipError, ConfigError
from and_core.models.protocols import FloatArray

DEFAULT_MAX_SECONDS = 60.0


def audio_suffixes() -> frozenset[str]:
    """Lower-case file suffixes, with their dot, that the installed libsndfile can read, and other common spellings.

    Headerless `raw` files are left out: nothing in them says how to read them.
    """
    known = {f".{name.lower()}" for name in soundfile.available_formats() if name != "RAW"}
    return frozenset(known | {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"})


def audio_files_in(folder: Path, pattern: str = "*") -> list[Path]:
    """Audio files by their suffix, sorted; hidden ones, and all in hidden folders below, are passed over."""
    suffixes = audio_suffixes()
    return sorted(
        path
        for path in folder.glob(pattern)
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def check_max_seconds(max_seconds: float) -> float:
    """`max_seconds` itself, where a clip can be that long.

    Raises:
        ConfigError: it is not a positive number.
    """
    if not max_seconds > 0:
        raise ConfigError(
            f"dataset.max_seconds = {max_seconds!r} leaves no clip.",
            f"Set it to a number of seconds above 0, e.g. {DEFAULT_MAX_SECONDS:g}.",
        )
    return float(max_seconds)


def check_waveform(waveform: FloatArray, where: str) -> None:
    """Refuse a waveform that no network can hear.

    Args:
        waveform: [T samples] or [T samples, channels].
        where: the clip's name, for the message.

    Raises:
        ClipError: it has no samples, or some that are NaN or infinite.
    """
    if waveform.size == 0:
        raise ClipError(f"{where} is 0 s long.", "Replace it with a recording, or delete it.")
    finite = np.isfinite(waveform)
    if not finite.all():
        bad = waveform.size - int(np.count_nonzero(finite))
        raise ClipError(
            f"{where} holds {bad} samples of {waveform.size} that are NaN or infinite.",
            "Export it again as 16-bit WAV or FLAC.",
        )


def read_clip_audio(path: Path, max_seconds: float = DEFAULT_MAX_SECONDS) -> tuple[FloatArray, int]:
    """Read an audio file of any kind that libsndfile knows, mixed to mono by the mean over its channels.

    The length is checked in the header, so that an hour of audio is refused without being read.

    Returns:
        waveform [T samples] float32, and the file's own sampling rate in Hz.

    Raises:
        ClipError: the file is missing, not audio, damaged, empty, too long, or holds samples that are no numbers.
    """
    if not path.is_file():
        raise ClipError(f"{path} is not there.", "Put the file back, or take its row out of the data set.")
    return decode_clip_audio(path, str(path), max_seconds)


def decode_clip_audio(
    source: Path | BinaryIO, where: str, max_seconds: float = DEFAULT_MAX_SECONDS
) -> tuple[FloatArray, int]:
    """As `read_clip_audio`, from a file or from an open one, e.g. bytes in memory.

    Args:
        where: the clip's name, for the message.
    """
    try:
        with soundfile.SoundFile(source) as file:
            _check_length(file.frames / file.samplerate, max_seconds, where)
            channels = file.read(dtype="float32", always_2d=True)
            sample_rate_hz = int(file.samplerate)
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise ClipError(
            f"{where} cannot be read as audio: {reason}.",
            "Convert it to WAV, FLAC or OGG, or take it out of the data set.",
        ) from error
    check_waveform(channels, where)
    return channels.mean(axis=1, dtype=np.float32), sample_rate_hz


def _check_length(seconds: float, max_seconds: float, where: str) -> None:
    if seconds > max_seconds:
        raise ClipError(
            f"{where} is {seconds:.1f} s long, and dataset.max_seconds is {max_seconds:g}.",
            "Cut it into shorter clips, or raise dataset.max_seconds.",
        )


def content_fingerprint(root: Path, names: Sequence[str]) -> str:
    """SHA-256 over the names and contents of files: changes when one is edited, renamed, added or removed.

    Args:
        names: paths relative to `root`, in any order. A file that cannot be opened counts as unreadable, not as an
            error: reading it as a clip says what is wrong with it.

    Returns:
        64 hexadecimal digits.
    """
    ordered = sorted(names)
    with ThreadPoolExecutor(max_workers=8) as readers:
        digests = readers.map(lambda name: content_digest(root / name), ordered)
        total = hashlib.sha256()
        for name, digest in zip(ordered, digests, strict=True):
            total.update(f"{name}\0{digest}\n".encode())
    return total.hexdigest()


def content_digest(path: Path) -> str:
    """SHA-256 (hex) of a file; `unreadable` where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"
