"""Stage `clips`: read every clip once; keep it as mono FLAC with a spectrogram and its measurements.

Later stages read clips from here, so they need neither the data set's files nor their formats. A clip that cannot be
used is listed with the reason and left out.
"""

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile
import soxr

from and_core.algorithms import acoustics
from and_core.errors import ClipError, DatasetError
from and_core.models.protocols import Clip, FloatArray
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.spectrogram import spectrogram_png

Row = dict[str, Any]
SAMPLE_RATES_HZ = range(1_000, 655_351)
"""Below, nothing can be heard or measured; above, FLAC cannot keep it."""


class Clips(Stage):
    name = "clips"
    per_network = False
    unit = "clips"
    shard_size = 64

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"dataset": run.fingerprints["dataset"], "acoustics": acoustics.VERSION}

    def items(self, job: Job) -> int:
        return len(job.run.dataset)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        for name in ("audio", "spectrograms"):
            (job.folder / name).mkdir(exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield lambda items: shard_tables(list(pool.map(lambda item: read_clip(job, item), items)))

    def finish(self, job: Job) -> Tables:
        skipped = job.table("skipped_clip").to_pylist()
        if len(skipped) == self.items(job):
            shown = "; ".join(f"{row['filename']}: {row['reason']}" for row in skipped[:3])
            raise DatasetError(
                f"None of the {len(skipped)} clips of {job.run.dataset.name} can be used ({shown}).",
                "Point dataset.root at readable audio.",
            )
        return {}


@dataclass(frozen=True)
class Reading:
    """What became of one clip: its rows, or the reason it was left out."""

    clip: Row | None
    measurements: list[Row]
    skipped: Row | None


def read_clip(job: Job, item: int) -> Reading:
    """Read, measure and keep clip `item` of the data set."""
    dataset = job.run.dataset
    try:
        clip = within_range(dataset.clip(item))
    except ClipError as error:
        return Reading(None, [], {"filename": dataset.filename(item), "reason": str(error)})
    flac = flac_bytes(clip)
    sha256 = hashlib.sha256(flac).hexdigest()
    audio, spectrogram = f"audio/{sha256[:16]}.flac", f"spectrograms/{sha256[:16]}.png"
    write_bytes(job.folder / audio, flac)
    write_bytes(job.folder / spectrogram, spectrogram_png(clip.waveform, clip.sample_rate_hz))
    measured = acoustics.measure(clip.waveform, clip.sample_rate_hz)
    row = {
        "item": item,
        "filename": clip.filename,
        "class_name": clip.class_name,
        "fold": clip.fold,
        "source_recording": clip.source_recording,
        "seconds": len(clip.waveform) / clip.sample_rate_hz,
        "sample_rate_hz": clip.sample_rate_hz,
        "sha256": sha256,
        "audio": audio,
        "spectrogram": spectrogram,
    }
    origins = {"measured": measured, "made": clip.parameters}
    measurements = [
        {"item": item, "origin": origin, "name": name, "value": float(value)}
        for origin, values in origins.items()
        for name, value in values.items()
    ]
    return Reading(row, measurements, None)


def within_range(clip: Clip) -> Clip:
    """The clip, turned down where samples exceed -1..1: what is kept, measured and played to networks is the same.

    Raises:
        ClipError: its sampling rate cannot be kept.
    """
    if clip.sample_rate_hz not in SAMPLE_RATES_HZ:
        raise ClipError(
            f"{clip.filename} has a sampling rate of {clip.sample_rate_hz} Hz.",
            f"Resample it to {SAMPLE_RATES_HZ.start} to {SAMPLE_RATES_HZ.stop - 1} Hz.",
        )
    peak = float(np.abs(clip.waveform).max())
    return replace(clip, waveform=clip.waveform / np.float32(peak)) if peak > 1 else clip


def flac_bytes(clip: Clip) -> bytes:
    """The clip as mono 16-bit FLAC, which every browser plays."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.waveform, clip.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def write_bytes(path: Path, content: bytes) -> None:
    # Clips with the same content share a file, and threads may write it at the same time.
    temporary = path.with_name(f"{path.name}.{threading.get_ident()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def shard_tables(readings: Sequence[Reading]) -> Tables:
    return {
        "clip": pa.Table.from_pylist([reading.clip for reading in readings if reading.clip]),
        "clip_measurement": pa.Table.from_pylist([row for reading in readings for row in reading.measurements]),
        "skipped_clip": pa.Table.from_pylist([reading.skipped for reading in readings if reading.skipped]),
    }


@dataclass(frozen=True)
class ClipArchive:
    """The clips that the stage kept. A clip's index here is its id in the store."""

    folder: Path
    rows: list[Row]
    measurements: dict[int, dict[str, float]]
    """By item of the data set."""

    @classmethod
    def of(cls, job: Job) -> "ClipArchive":
        measurements: dict[int, dict[str, float]] = {}
        for row in job.table("clip_measurement").to_pylist():
            if row["origin"] == "measured":
                measurements.setdefault(row["item"], {})[row["name"]] = row["value"]
        return cls(job.folder, job.table("clip").to_pylist(), measurements)

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int) -> Clip:
        row = self.rows[index]
        waveform, sample_rate_hz = soundfile.read(self.folder / row["audio"], dtype="float32")
        return Clip(
            filename=row["filename"],
            waveform=waveform,
            sample_rate_hz=sample_rate_hz,
            class_name=row["class_name"],
            fold=row["fold"],
            source_recording=row["source_recording"],
            measurements=self.measurements.get(row["item"], {}),
        )

    def waveform(self, index: int, sample_rate_hz: int) -> FloatArray:
        """Clip `index` at the rate a network takes."""
        clip = self.clip(index)
        waveform: FloatArray = soxr.resample(clip.waveform, clip.sample_rate_hz, sample_rate_hz)
        return waveform

    def waveforms(self, indices: Sequence[int], sample_rate_hz: int) -> list[FloatArray]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            read: Callable[[int], FloatArray] = lambda index: self.waveform(index, sample_rate_hz)  # noqa: E731
            return list(pool.map(read, indices))
